// Whether workers claim the runs of a channel. Where none do, agents start and end runs by themselves, as with Sockudo, and expect the
// server to publish nothing of its own.

/** A worker that is alive asks more often than this. */
const REMEMBERED_MS = 60_000;
const MAX_PLACES = 10_000;

export class WorkersSeen {
  readonly #now: () => number;
  /** When workers asked last, by app and by what the channels' names begin with. Those who asked last come last. */
  readonly #places = new Map<
    string,
    { readonly appId: string; readonly prefix: string; readonly atMs: number }
  >();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A worker asked for runs of these channels. */
  saw(appId: string, prefix: string): void {
    const place = `${appId} ${prefix}`;
    this.#places.delete(place);
    this.#places.set(place, { appId, prefix, atMs: this.#now() });
    for (const [oldest, { atMs }] of this.#places) {
      if (this.#places.size <= MAX_PLACES && atMs + REMEMBERED_MS > this.#now()) return;
      this.#places.delete(oldest);
    }
  }

  serve(appId: string, channel: string): boolean {
    for (const place of this.#places.values()) {
      const isRecent = place.atMs + REMEMBERED_MS > this.#now();
      if (isRecent && place.appId === appId && channel.startsWith(place.prefix)) return true;
    }
    return false;
  }
}
