// Whether workers claim the runs of a channel. Where none do, agents start and end runs by themselves, as with Sockudo, and expect the
// server to publish nothing of its own. Where several nodes serve the channel, workers may ask any of them: each node notes in the cache
// that they share who asks it.
import type { Cache } from '@sockudo/server/ports';

/** A worker that is alive asks more often than this. */
const REMEMBERED_MS = 60_000;
/** How often it is noted in the cache at most, for each place. */
const NOTED_EVERY_MS = 20_000;
const MAX_PLACES = 10_000;
/** Longer ones are the beginning of no channel's name. */
const MAX_PREFIX_LENGTH = 1024;

/** What workers ask for; `prefix` is what the names of the channels begin with. */
interface Place {
  readonly appId: string;
  readonly prefix: string;
  readonly atMs: number;
  readonly notedAtMs: number;
}

export class WorkersSeen {
  readonly #now: () => number;
  readonly #shared: Cache | null;
  /** When workers asked this node last. Those who asked last come last. */
  readonly #places = new Map<string, Place>();

  /** @param shared what the nodes share; null: there is one node */
  constructor(now: () => number, shared: Cache | null) {
    this.#now = now;
    this.#shared = shared;
  }

  /** A worker asked for runs of these channels. Never throws. */
  saw(appId: string, prefix: string): void {
    if (prefix.length > MAX_PREFIX_LENGTH) return;
    const key = keyOf(appId, prefix);
    const nowMs = this.#now();
    let notedAtMs = this.#places.get(key)?.notedAtMs ?? Number.NEGATIVE_INFINITY;
    if (this.#shared !== null && notedAtMs + NOTED_EVERY_MS <= nowMs) {
      notedAtMs = nowMs;
      // Noted again when a worker asks the next time after a while, should the cache be away.
      this.#shared.set(key, '', REMEMBERED_MS).catch(() => {});
    }
    this.#places.delete(key);
    this.#places.set(key, { appId, prefix, atMs: nowMs, notedAtMs });
    for (const [oldest, { atMs }] of this.#places) {
      if (this.#places.size <= MAX_PLACES && atMs + REMEMBERED_MS > nowMs) return;
      this.#places.delete(oldest);
    }
  }

  /** Rejects where this node knows of no worker and the cache cannot be asked. */
  async serve(appId: string, channel: string): Promise<boolean> {
    for (const place of this.#places.values()) {
      const isRecent = place.atMs + REMEMBERED_MS > this.#now();
      if (isRecent && place.appId === appId && channel.startsWith(place.prefix)) return true;
    }
    return this.#serveElsewhere(appId, channel);
  }

  /** All at once: it is one round trip. It is asked only when somebody cancels a run that no worker ever took. */
  async #serveElsewhere(appId: string, channel: string): Promise<boolean> {
    const shared = this.#shared;
    if (shared === null) return false;
    const lengths = Array.from(
      { length: Math.min(channel.length, MAX_PREFIX_LENGTH) },
      (_, index) => index + 1,
    );
    const found = await Promise.all(
      lengths.map((length) => shared.get(keyOf(appId, channel.slice(0, length)))),
    );
    return found.some((noted) => noted !== null);
  }
}

const keyOf = (appId: string, prefix: string): string => `ai-workers:${appId}:${prefix}`;
