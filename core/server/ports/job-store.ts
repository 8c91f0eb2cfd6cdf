// What a driver built on leased-work-queue.ts implements: storage of jobs with leases, every method one atomic step. Time is handed
// in, so that an embedded store has no clock and no timers; the suite job-store.contract.ts runs against every such store.
import type { DeadLetter, JobCounts } from './work-queue.ts';

/** A job as it is stored. */
export interface JobDraft {
  readonly queue: string;
  readonly payload: string;
  readonly enqueuedAtMs: number;
  readonly dueAtMs: number;
}

/** Proof of a claim: names one job in one attempt. */
export interface Lease {
  readonly id: string;
  readonly lease: string;
}

/** A job whose lease the caller now holds. */
export interface ClaimedJob extends Lease {
  readonly payload: string;
  /** From 1, this attempt included. */
  readonly attempt: number;
  /** Earlier attempts that ended in a fault, leases that ran out included. */
  readonly faults: number;
  readonly enqueuedAtMs: number;
  readonly firstAttemptAtMs: number;
}

/** What is asked for by a worker. */
export interface Claim {
  readonly queue: string;
  /** Most jobs, at least 1. */
  readonly limit: number;
  readonly nowMs: number;
  /** When the leases run out. */
  readonly untilMs: number;
}

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly dueAtMs: number; readonly isFault: boolean }
  /** The attempt is not counted. */
  | { readonly kind: 'release'; readonly dueAtMs: number }
  | { readonly kind: 'dead'; readonly reason: string; readonly diedAtMs: number };

/**
 * Writes resolve when they are kept as `durability` says; one that rejects has changed nothing. Reads see all resolved writes.
 * Other processes may write to the same store.
 */
export interface SharedJobStore {
  readonly durability: 'memory' | 'process' | 'synced';
  /** All or none. Rejects with `QueueFull` when they don't fit. */
  add(jobs: readonly JobDraft[]): Promise<void>;
  /** Takes due jobs, the longest due first, and those whose lease ran out; they are the caller's until `untilMs`. */
  claim(claim: Claim): Promise<readonly ClaimedJob[]>;
  /** Does nothing when the lease is no longer the job's: somebody else has it then, or it is gone. */
  settle(lease: Lease, end: AttemptEnd): Promise<void>;
  /** Prolongs leases; answers those that are lost. */
  renew(leases: readonly Lease[], untilMs: number): Promise<readonly string[]>;
  /** When to look again: the next job is due, or the next lease runs out, or others may have added one. Null: the queue is empty. */
  nextDueAtMs(queue: string): number | null;
  deadLetters(
    queue: string,
    page: { readonly limit: number; readonly before?: string },
  ): readonly DeadLetter[] | Promise<readonly DeadLetter[]>;
  counts(queue: string): JobCounts | Promise<JobCounts>;
  /** Called once, after everything else has ended. */
  close(): Promise<void>;
}

/** A store of this process alone. */
export interface JobStore extends SharedJobStore {
  deadLetters(
    queue: string,
    page: { readonly limit: number; readonly before?: string },
  ): readonly DeadLetter[];
  counts(queue: string): JobCounts;
}
