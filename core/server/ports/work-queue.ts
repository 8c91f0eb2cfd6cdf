// Jobs that must be done although nobody waits for them: webhooks, push deliveries, agent runs. A driver owns storage and
// leases; it knows nothing of what a job means. The suite work-queue.contract.ts runs against every driver.
//
// Invariants
//   Q1  When `add` resolves, all its jobs are kept as `durability` says; when it rejects, none is.
//   Q2  A job is run at least once, and again after its worker died or lost its lease. Handlers must be idempotent.
//   Q3  Two workers never hold one job at the same time while its holder is able to renew the lease.
//   Q4  A job leaves the queue only by `done`, or as a dead letter.
//   Q5  Due jobs start in the order they became due, those of one `add` in its order. Nothing is promised about how they end.

/** A job to be added. */
export interface NewJob {
  /** Name of the queue, a literal of the code. */
  readonly queue: string;
  /** JSON text, stored as given. The handler parses it: it may have been written by an earlier version. */
  readonly payload: string;
  /** Not run before this much time has passed; default 0. */
  readonly delayMs?: number;
}

/** A job in the hands of a handler. */
export interface Job {
  readonly id: string;
  readonly payload: string;
  /** From 1. Attempts that ended in `release` do not count. */
  readonly attempt: number;
  readonly enqueuedAtMs: number;
  readonly firstAttemptAtMs: number;
  /** Aborted when the worker is closing or the lease is lost: stop soon and answer `release`. */
  readonly signal: AbortSignal;
}

/** What became of an attempt. `reason` is shown to operators: no secrets in it. */
export type JobOutcome =
  | { readonly kind: 'done' }
  /** Again, after the delay. How often is the handler's decision: it must end some time. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string }
  /** Given back as if never begun. */
  | { readonly kind: 'release' }
  /** Given up: becomes a dead letter. */
  | { readonly kind: 'dead'; readonly reason: string };

/**
 * Runs one job. A rejection counts as a fault, as the death of the worker does: repeated with backoff, and a dead letter after
 * the driver's limit of faults.
 */
export type JobHandler = (job: Job) => Promise<JobOutcome>;

/** The handler's side of one queue in this process. */
export interface JobWorker {
  /** True as soon as no job is running or due; false when that did not happen in time. */
  idle(timeoutMs: number): Promise<boolean>;
  /** Starts no more jobs, waits for the running ones, then aborts and releases what is left. Idempotent. */
  close(timeoutMs: number): Promise<void>;
}

/** A job that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly payload: string;
  readonly attempts: number;
  readonly reason: string;
  readonly enqueuedAtMs: number;
  readonly diedAtMs: number;
}

/** Jobs of one queue. */
export interface JobCounts {
  /** Due or delayed, and not in the hands of a worker. */
  readonly waiting: number;
  readonly running: number;
  /** Dead letters still kept. */
  readonly dead: number;
}

export interface WorkQueue {
  /** memory: gone with the process; process: survives kill -9, a loss of power may take the newest; synced: survives both. */
  readonly durability: 'memory' | 'process' | 'synced';
  /** All of them or none. Rejects with `QueueFull`, or with `StoreUnavailable` when the store failed. */
  add(jobs: readonly NewJob[]): Promise<void>;
  /** Runs the jobs of one queue, at most `concurrency` at a time in this process. One worker a queue and process. */
  process(queue: string, handler: JobHandler, options: { readonly concurrency: number }): JobWorker;
  /** Newest first, at most `limit`; `before` is the id of the last one seen. */
  deadLetters(
    queue: string,
    page: { readonly limit: number; readonly before?: string },
  ): Promise<readonly DeadLetter[]>;
  counts(queue: string): Promise<JobCounts>;
  /** Closes the workers, keeps what was accepted, closes the store. Later calls reject. */
  close(): Promise<void>;
}

/** The queue holds as many jobs or bytes as it may. Nothing was added; later it may work. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}
