/**
 * Listens to the channels of the runs that this process works on, so that a cancel arrives at once and not with the next heartbeat: one
 * request for each channel, however many runs it has, for as long as it has any. Must not know: what the events mean.
 */
import type { Sockudo } from 'sockudo';
import { backoffMs, sleep } from './backoff.ts';
import { statusOf } from './errors.ts';
import { HEARD_EVENTS, tell } from './news.ts';
import type { Run } from './run.ts';

/** Channels listened to at once; runs of further ones hear of a cancel with the next heartbeat. */
const CHANNELS_MAX = 256;

interface Watch {
  /** With what each asks of the server when something may have been missed. */
  readonly runs: Map<Run, () => void>;
  readonly ended: AbortController;
  isLive: boolean;
}

export class Watches {
  readonly #sockudo: Sockudo;
  readonly #watches = new Map<string, Watch>();

  constructor(sockudo: Sockudo) {
    this.#sockudo = sockudo;
  }

  /** @param refresh called whenever events may have been missed; must not throw */
  add(run: Run, refresh: () => void): void {
    const { channel } = run;
    let watch = this.#watches.get(channel);
    if (watch === undefined) {
      if (this.#watches.size >= CHANNELS_MAX) {
        refresh();
        return;
      }
      watch = { runs: new Map(), ended: new AbortController(), isLive: false };
      this.#watches.set(channel, watch);
      void this.#follow(channel, watch);
    }
    watch.runs.set(run, refresh);
    if (watch.isLive) refresh();
  }

  remove(run: Run): void {
    const watch = this.#watches.get(run.channel);
    if (watch === undefined || !watch.runs.delete(run) || watch.runs.size > 0) return;
    this.#watches.delete(run.channel);
    watch.ended.abort();
  }

  /** Comes back for as long as there is somebody to tell. Never rejects. */
  async #follow(channel: string, watch: Watch): Promise<void> {
    const { signal } = watch.ended;
    let lastEventId: string | undefined;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const filter = { events: HEARD_EVENTS };
        for await (const event of this.#sockudo.channelEvents(channel, { lastEventId, filter, signal })) {
          if (event.id.includes(':')) lastEventId = event.id;
          if (event.event === 'sockudo_internal:subscription_succeeded') {
            failures = 0;
            watch.isLive = true;
            for (const refresh of watch.runs.values()) refresh();
          } else tell(event.data, [...watch.runs.keys()]);
        }
      } catch (error) {
        // A place that the server cannot go on from.
        if (statusOf(error) === 400) lastEventId = undefined;
      }
      watch.isLive = false;
      await sleep(backoffMs(Math.max(failures, 1), 200, 10_000), signal);
    }
  }
}
