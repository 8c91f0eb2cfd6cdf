// Events that are only true if they are still true a little later: a vacated channel may be occupied again by a page reload.
// One timer for all of them. Bounded: beyond it the oldest is decided early, since an event may be early but not lost.
import { DueList } from '../memory/due-list.ts';
import type { WebhookEvent } from './webhook-event.ts';
import type { WebhookApp } from './webhook-filter.ts';

/** Asks again at the end of the delay. */
export type StillTrue = () => boolean | Promise<boolean>;

export interface DelayedEventsOptions {
  readonly emit: (app: WebhookApp, event: WebhookEvent) => void;
  /** The question failed for good, and the event is not sent. */
  readonly onError: (app: WebhookApp, error: unknown) => void;
  /** Most events that wait. */
  readonly maxPending: number;
}

interface Delayed {
  readonly app: WebhookApp;
  readonly event: WebhookEvent;
  readonly delayMs: number;
  readonly stillTrue: StillTrue;
  failures: number;
}

/** A question that fails is asked once more after the same delay: the answer may be in a store that is just away. */
const MAX_FAILURES = 2;
/** Questions under way at once. */
const ASKED_TOGETHER = 100;

export class DelayedEvents {
  readonly #options: DelayedEventsOptions;
  readonly #waiting = new DueList<Delayed>();
  #timer: NodeJS.Timeout | null = null;
  /** Decisions follow each other, so that events leave in the order they became due. */
  #deciding: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: DelayedEventsOptions) {
    this.#options = options;
  }

  add(app: WebhookApp, event: WebhookEvent, delayMs: number, stillTrue: StillTrue): void {
    this.#wait({ app, event, delayMs, stillTrue, failures: 0 });
    if (this.#waiting.size > this.#options.maxPending) {
      this.#decide(this.#waiting.takeDue(Number.POSITIVE_INFINITY, 1));
    }
  }

  /** Decides everything now. Events added later are decided at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#decide(this.#waiting.takeDue(Number.POSITIVE_INFINITY));
    await this.#deciding;
  }

  #wait(delayed: Delayed): void {
    if (this.#isClosed) {
      this.#decide([delayed]);
      return;
    }
    this.#waiting.add(performance.now() + delayed.delayMs, delayed);
    this.#arm();
  }

  /** For whatever is due first; a timer that is too early finds nothing and is set again. */
  #arm(): void {
    const nextMs = this.#waiting.nextDueAtMs();
    if (nextMs === null || this.#timer !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#decide(this.#waiting.takeDue(performance.now()));
        this.#arm();
      },
      Math.max(1, nextMs - performance.now()),
    ).unref();
  }

  #decide(due: readonly Delayed[]): void {
    if (due.length > 0) this.#deciding = this.#deciding.then(() => this.#decideAll(due));
  }

  async #decideAll(due: readonly Delayed[]): Promise<void> {
    for (let start = 0; start < due.length; start += ASKED_TOGETHER) {
      const asked = due.slice(start, start + ASKED_TOGETHER);
      const answers = await Promise.all(asked.map((delayed) => this.#ask(delayed)));
      for (const [index, { app, event }] of asked.entries()) {
        if (answers[index] === true) this.#options.emit(app, event);
      }
    }
  }

  async #ask(delayed: Delayed): Promise<boolean> {
    try {
      return await delayed.stillTrue();
    } catch (error) {
      delayed.failures += 1;
      if (delayed.failures < MAX_FAILURES && !this.#isClosed) this.#wait(delayed);
      else this.#options.onError(delayed.app, error);
      return false;
    }
  }
}
