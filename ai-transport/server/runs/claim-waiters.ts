// Workers that wait for a run: their request is answered when there is one. A run that this node queues wakes the worker that has
// waited longest; what other nodes queue is looked for every second.
import type { App } from '@sockudo/server/plugins';
import type { ClaimQueue, ClaimWish, RunClaim } from './claim-queue.ts';

/** Requests that wait on this node; those beyond are answered at once. One app has at most as many of them as it leaves free. */
const MAX_WAITERS = 1024;
/** How often a waiting request looks whether the server wants to stop, and other nodes' runs are looked for. */
const SLICE_MS = 1000;

export interface ClaimWaitersParts {
  readonly queue: ClaimQueue;
  readonly isAlone: boolean;
  readonly now: () => number;
}

export class ClaimWaiters {
  readonly #parts: ClaimWaitersParts;
  readonly #waiters = new Set<Waiter>();
  /** How many of them are whose. */
  readonly #perApp = new Map<string, number>();
  #isClosed = false;

  constructor(parts: ClaimWaitersParts) {
    this.#parts = parts;
  }

  /** Answers with none after `waitMs`, or as soon as `isStopping`: then what it was woken for goes to the next one. */
  async claim(
    app: App,
    wish: ClaimWish,
    waitMs: number,
    isStopping: () => boolean,
  ): Promise<readonly RunClaim[]> {
    const { queue, now } = this.#parts;
    if (waitMs === 0 || !this.#hasRoom(app.id)) return (await queue.take(app, wish)).claims;
    const endsAtMs = now() + waitMs;
    const waiter = new Waiter(app.id, wish);
    this.#waiters.add(waiter);
    this.#perApp.set(app.id, (this.#perApp.get(app.id) ?? 0) + 1);
    let wokenFor: string | null = null;
    try {
      while (!this.#isClosed) {
        const { claims, busy } = await queue.take(app, wish);
        if (claims.length > 0 || now() >= endsAtMs) return claims;
        // Whoever lets more runs of a channel run at once may take what this one could not.
        if (wokenFor !== null) this.wake(app.id, wokenFor, wish.perChannel + 1);
        const nextAtMs = await queue.firstAtMs(app, wish.channelPrefix, busy);
        const untilMs = nextAtMs !== null && nextAtMs > now() ? Math.min(nextAtMs, endsAtMs) : endsAtMs;
        if (await this.#isStopped(waiter, untilMs, isStopping)) break;
        wokenFor = waiter.takeWake();
      }
      return [];
    } finally {
      this.#waiters.delete(waiter);
      this.#left(app.id);
      // It was woken once more while it took another run.
      const missed = waiter.takeWake();
      if (missed !== null) this.wake(app.id, missed);
    }
  }

  /** A run of this channel waits, or can be taken now. */
  wake(appId: string, channel: string, minPerChannel = 0): void {
    for (const waiter of this.#waiters) {
      if (waiter.wants(appId, channel, minPerChannel)) {
        waiter.wake(channel);
        return;
      }
    }
  }

  /** Answers everybody who waits. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.wake('');
  }

  /** An app has half of what the others leave: there is always room for one more app. */
  #hasRoom(appId: string): boolean {
    return (this.#perApp.get(appId) ?? 0) < MAX_WAITERS - this.#waiters.size;
  }

  #left(appId: string): void {
    const others = (this.#perApp.get(appId) ?? 0) - 1;
    if (others > 0) this.#perApp.set(appId, others);
    else this.#perApp.delete(appId);
  }

  /** Resolves when there may be a run, at the latest at `untilMs`; true: the server stops, or the worker is gone. */
  async #isStopped(waiter: Waiter, untilMs: number, isStopping: () => boolean): Promise<boolean> {
    while (!waiter.isWoken) {
      if (isStopping() || this.#isClosed) return true;
      const leftMs = untilMs - this.#parts.now();
      if (leftMs <= 0) return false;
      await waiter.sleep(Math.min(leftMs, SLICE_MS));
      if (!this.#parts.isAlone) return isStopping();
    }
    return this.#isClosed || isStopping();
  }
}

class Waiter {
  readonly #appId: string;
  readonly #wish: ClaimWish;
  /** Channel of the run that it was woken for; null: it was not. */
  #wokenFor: string | null = null;
  #rise: (() => void) | null = null;

  constructor(appId: string, wish: ClaimWish) {
    this.#appId = appId;
    this.#wish = wish;
  }

  get isWoken(): boolean {
    return this.#wokenFor !== null;
  }

  /** False also for one that is awake for another run. */
  wants(appId: string, channel: string, minPerChannel: number): boolean {
    const { channelPrefix, perChannel } = this.#wish;
    if (this.isWoken || appId !== this.#appId) return false;
    return perChannel >= minPerChannel && channel.startsWith(channelPrefix);
  }

  wake(channel: string): void {
    this.#wokenFor = channel;
    this.#rise?.();
  }

  /** What it was woken for since the last time. */
  takeWake(): string | null {
    const channel = this.#wokenFor;
    this.#wokenFor = null;
    return channel;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#rise = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
