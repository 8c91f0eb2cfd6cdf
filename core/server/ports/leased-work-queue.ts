// The WorkQueue port on top of a store of jobs: what every driver shares. Owns the workers and the store, and sees to it
// that nothing reaches the store after it is closed. Knows no storage.
import { StoreUnavailable } from './channel-log.ts';
import type { AttemptEnd, Lease, SharedJobStore } from './job-store.ts';
import { LocalJobWorker, type WorkerTiming } from './job-worker.ts';
import { type JobHandler, type JobWorker, type NewJob, QueueFull, type WorkQueue } from './work-queue.ts';

/** Settings of the queue, named after `queue.reliability` of the configuration. */
export interface LeasedWorkQueueOptions extends Partial<WorkerTiming> {
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
  /** Hears of failures of the store and of handlers that rejected. Must not throw. */
  readonly onError?: (error: unknown) => void;
}

const DEFAULT_TIMING: WorkerTiming = {
  leaseMs: 30_000,
  renewMs: 10_000,
  pollMs: 500,
  maxFaults: 5,
  faultBackoffMs: 1_000,
  maxFaultBackoffMs: 60_000,
};

/** For workers whose owner did not close them first. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Owns the store: closing the queue closes it. */
export function createLeasedWorkQueue(
  store: SharedJobStore,
  options: LeasedWorkQueueOptions = {},
): WorkQueue {
  return new LeasedWorkQueue(store, options);
}

class LeasedWorkQueue implements WorkQueue {
  readonly durability: WorkQueue['durability'];
  readonly #store: SharedJobStore;
  readonly #timing: WorkerTiming;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #workers = new Map<string, LocalJobWorker>();
  /** Writes on their way; each has a caller that waits for it, or a job that holds its place. */
  readonly #writes = new Set<Promise<void>>();
  /** Additions on their way, by queue. */
  readonly #adding = new Map<string, number>();
  #closing: Promise<void> | null = null;
  #isStoreClosed = false;

  constructor(store: SharedJobStore, options: LeasedWorkQueueOptions) {
    const { now, onError, ...timing } = options;
    this.durability = store.durability;
    this.#store = store;
    this.#timing = { ...DEFAULT_TIMING, ...timing };
    this.#now = now ?? Date.now;
    this.#onError = onError ?? (() => {});
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    if (this.#closing !== null) throw new StoreUnavailable('the queue is closed');
    if (jobs.length === 0) return;
    const nowMs = this.#now();
    const drafts = jobs.map(({ queue, payload, delayMs }) => {
      return { queue, payload, enqueuedAtMs: nowMs, dueAtMs: nowMs + (delayMs ?? 0) };
    });
    const queues = new Set(jobs.map(({ queue }) => queue));
    for (const queue of queues) this.#adding.set(queue, (this.#adding.get(queue) ?? 0) + 1);
    try {
      await this.#write(this.#store.add(drafts));
    } catch (error) {
      if (error instanceof QueueFull || error instanceof StoreUnavailable) throw error;
      throw new StoreUnavailable('the queue could not be written', { cause: error });
    } finally {
      for (const queue of queues) {
        const left = (this.#adding.get(queue) ?? 1) - 1;
        if (left > 0) this.#adding.set(queue, left);
        else this.#adding.delete(queue);
        this.#workers.get(queue)?.wake();
      }
    }
  }

  process(queue: string, handler: JobHandler, { concurrency }: { readonly concurrency: number }): JobWorker {
    if (this.#closing !== null) throw new StoreUnavailable('the queue is closed');
    if (this.#workers.has(queue)) throw new Error(`queue '${queue}' already has a worker in this process`);
    const worker = new LocalJobWorker({
      store: this.#store,
      settle: (lease, end) => this.#settle(lease, end),
      isAdding: () => this.#adding.has(queue),
      now: this.#now,
      onError: this.#onError,
      timing: this.#timing,
      queue,
      handler,
      concurrency,
    });
    this.#workers.set(queue, worker);
    return {
      idle: (timeoutMs) => worker.idle(timeoutMs),
      close: async (timeoutMs) => {
        await worker.close(timeoutMs);
        if (this.#workers.get(queue) === worker) this.#workers.delete(queue);
      },
    };
  }

  async deadLetters(queue: string, page: { readonly limit: number; readonly before?: string }) {
    return this.#read(() => this.#store.deadLetters(queue, page));
  }

  async counts(queue: string) {
    return this.#read(() => this.#store.counts(queue));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(CLOSE_TIMEOUT_MS)));
    this.#isStoreClosed = true;
    await Promise.allSettled(this.#writes);
    await this.#store.close();
  }

  async #read<T>(read: () => T | Promise<T>): Promise<T> {
    if (this.#isStoreClosed) throw new StoreUnavailable('the queue is closed');
    try {
      return await read();
    } catch (error) {
      throw new StoreUnavailable('the queue could not be read', { cause: error });
    }
  }

  /** A handler that outlived its worker finds the store closed; its job runs again when the lease has run out. */
  #settle(lease: Lease, end: AttemptEnd): Promise<void> {
    if (this.#isStoreClosed) return Promise.resolve();
    return this.#write(this.#store.settle(lease, end));
  }

  #write(write: Promise<void>): Promise<void> {
    this.#writes.add(write);
    return write.finally(() => this.#writes.delete(write));
  }
}
