// Keeps the runs of a channel bounded: beyond the newest thousand, those that nobody works on are forgotten.
import type { App } from '@sockudo/server/plugins';
import type { ChannelRecord } from '@sockudo/server/ports';
import { keyOf, type RunLog } from './run-log.ts';
import { RUN_KIND } from './stored-run.ts';

/** Runs kept for each channel, besides those that run. */
export const RUNS_MAX = 1000;
/** New runs of a channel before it is looked at. */
const LOOK_EVERY = 64;
/** Removed at one look; the rest by the next. */
const PAGE = 256;
/** Channels whose new runs are counted; the longest unused is forgotten first, and counted anew. */
const CHANNELS_MAX = 10_000;

export class BoundRuns {
  readonly #runs: RunLog;
  /** New runs since the last look. A channel that is new here is looked at first: nobody knows what was counted before. */
  readonly #opened = new Map<string, number>();

  constructor(runs: RunLog) {
    this.#runs = runs;
  }

  /** A run was added to the channel. Rejects when the store failed. */
  async opened(app: App, channel: string): Promise<void> {
    const place = `${app.id}\n${channel}`;
    const count = (this.#opened.get(place) ?? LOOK_EVERY - 1) + 1;
    this.#opened.delete(place);
    this.#opened.set(place, count % LOOK_EVERY);
    const oldest = this.#opened.size > CHANNELS_MAX ? this.#opened.keys().next().value : undefined;
    if (oldest !== undefined) this.#opened.delete(oldest);
    if (count >= LOOK_EVERY) await this.#look(app, channel);
  }

  async #look(app: App, channel: string): Promise<void> {
    const log = this.#runs.of(app);
    const key = keyOf(app, channel);
    const [newest] = (await log.records(key, RUN_KIND, { limit: 1 })).records;
    if (newest === undefined || newest.ordinal <= RUNS_MAX) return;
    const { records } = await log.records(key, RUN_KIND, {
      before: newest.ordinal - RUNS_MAX + 1,
      limit: PAGE,
    });
    const apply = (current: ChannelRecord | null) => (current?.state === 'running' ? 'keep' : null);
    for (const { id } of records) await log.change(key, { kind: RUN_KIND, id, apply });
  }
}
