// Collects events for a few milliseconds, so that a burst becomes a few requests, and hands them to the queue in batches of one
// app. Taking an event is synchronous and cheap; all work happens later. Bounded: beyond it new events are dropped and counted.
import type { EventBatch } from './delivery-job.ts';
import type { WebhookEvent } from './webhook-event.ts';
import type { WebhookApp } from './webhook-filter.ts';

export interface EventBatcherOptions {
  /** Events wait this long for company; 0: until the end of this turn of the event loop. */
  readonly durationMs: number;
  /** Most events of a batch. */
  readonly maxEvents: number;
  /** Most events that wait for the queue, in all. */
  readonly maxPendingEvents: number;
  /** Most characters of client data that wait. */
  readonly maxPendingChars: number;
  /** Stores the batches; tried again with the same ones when it rejects. */
  readonly store: (batches: readonly EventBatch[]) => Promise<void>;
  /** Events of an app found no room. */
  readonly onDrop: (app: WebhookApp, events: number) => void;
  /** The queue refused, and will be asked again. */
  readonly onStoreError: (error: unknown) => void;
}

interface OpenBatch {
  readonly app: WebhookApp;
  readonly timeMs: number;
  readonly events: WebhookEvent[];
  chars: number;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** Batches of one call of `store`. */
const MAX_STORED_TOGETHER = 100;

export class EventBatcher {
  readonly #options: EventBatcherOptions;
  /** Still filling, by app. */
  readonly #open = new Map<string, OpenBatch>();
  /** Closed, in the order in which they are to be stored. */
  readonly #ready: OpenBatch[] = [];
  #pendingEvents = 0;
  #pendingChars = 0;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #storing: Promise<void> | null = null;
  /** Ends the pause between two tries of the queue. */
  #endPause: (() => void) | null = null;
  #isGivingUp = false;

  constructor(options: EventBatcherOptions) {
    this.#options = options;
  }

  /** Never throws and never waits. */
  add(app: WebhookApp, event: WebhookEvent): void {
    const chars = event.name === 'client_event' ? (event.data?.length ?? 0) : 0;
    const { maxPendingEvents, maxPendingChars, maxEvents } = this.#options;
    const isFull = this.#pendingEvents >= maxPendingEvents || this.#pendingChars + chars > maxPendingChars;
    if (isFull || this.#isGivingUp) {
      this.#options.onDrop(app, 1);
      return;
    }
    this.#pendingEvents += 1;
    this.#pendingChars += chars;
    const batch = this.#batchFor(app);
    batch.events.push(event);
    batch.chars += chars;
    if (batch.events.length >= maxEvents) this.#finish(batch);
    else if (this.#timer === null) this.#startTimer();
  }

  /** Stores what was taken, for as long as the queue is given; what is left then is dropped, as are events added later. */
  close(timeoutMs: number): Promise<void> {
    this.#closeAll();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(deadline);
        this.#giveUp();
        resolve();
      };
      const deadline = setTimeout(finish, timeoutMs);
      void this.#pump().then(finish);
    });
  }

  #batchFor(app: WebhookApp): OpenBatch {
    const open = this.#open.get(app.id);
    // A changed record has other keys or endpoints: its events are not those of the old one.
    if (open !== undefined && open.app === app) return open;
    if (open !== undefined) this.#finish(open);
    const batch = { app, timeMs: Date.now(), events: [], chars: 0 };
    this.#open.set(app.id, batch);
    return batch;
  }

  #finish(batch: OpenBatch): void {
    this.#open.delete(batch.app.id);
    this.#ready.push(batch);
    // Signing and storing are not the publisher's to wait for.
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null;
      void this.#pump();
    });
  }

  #startTimer(): void {
    this.#timer = setTimeout(() => this.#closeAll(), this.#options.durationMs).unref();
  }

  #closeAll(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const batch of [...this.#open.values()]) this.#finish(batch);
  }

  /** One at a time, so that the batches of an app reach the queue in order. */
  #pump(): Promise<void> {
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = null;
    });
    return this.#storing;
  }

  async #storeAll(): Promise<void> {
    let pauseMs = FIRST_RETRY_MS;
    while (this.#ready.length > 0 && !this.#isGivingUp) {
      const batches = this.#ready.slice(0, MAX_STORED_TOGETHER);
      try {
        await this.#options.store(batches);
      } catch (error) {
        this.#options.onStoreError(error);
        await this.#pause(pauseMs);
        pauseMs = Math.min(MAX_RETRY_MS, pauseMs * 2);
        continue;
      }
      pauseMs = FIRST_RETRY_MS;
      this.#ready.splice(0, batches.length);
      for (const { events, chars } of batches) {
        this.#pendingEvents -= events.length;
        this.#pendingChars -= chars;
      }
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#isGivingUp) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #giveUp(): void {
    this.#isGivingUp = true;
    for (const { app, events } of this.#ready.splice(0)) this.#options.onDrop(app, events.length);
    this.#endPause?.();
  }
}
