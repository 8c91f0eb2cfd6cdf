// Gathers the targets of a batch that are to be sent to again, and makes few jobs of them: those that wait about as long go
// together.
import type { NewJob } from '@sockudo/server/ports';
import type { RetryCounts, TargetRef } from '../contracts.ts';
import { type BatchJob, batchJobOf, compactRef } from './jobs.ts';

/** Pauses of one kind that are kept apart at most; the others join the longest. */
const MAX_PAUSES = 8;

interface Group {
  readonly refs: TargetRef[];
  pauseMs: number;
}

export class Retries {
  readonly #job: BatchJob;
  readonly #firstAttemptAtMs: number;
  /** By whether an attempt was made, and by pause in whole seconds. */
  readonly #attempted = new Map<number, Group>();
  readonly #deferred = new Map<number, Group>();

  constructor(job: BatchJob, firstAttemptAtMs: number) {
    this.#job = job;
    this.#firstAttemptAtMs = firstAttemptAtMs;
  }

  /** An attempt failed: the next one comes after the pause. */
  again(ref: TargetRef, pauseMs: number): void {
    put(this.#attempted, ref, pauseMs);
  }

  /** No attempt was made. */
  later(ref: TargetRef, pauseMs: number): void {
    put(this.#deferred, ref, pauseMs);
  }

  jobs(): NewJob[] {
    const { attempt, firstAttemptAtMs } = this.#job;
    const next = { attempt: attempt + 1, firstAttemptAtMs: this.#firstAttemptAtMs };
    return [
      ...[...this.#attempted.values()].map((group) => this.#jobOf(group, next)),
      ...[...this.#deferred.values()].map((group) => this.#jobOf(group, { attempt, firstAttemptAtMs })),
    ];
  }

  /** Of those after an attempt; null: there are none. */
  counts(nowMs: number): RetryCounts | null {
    const groups = [...this.#attempted.values()];
    if (groups.length === 0) return null;
    return {
      scheduled: groups.reduce((sum, { refs }) => sum + refs.length, 0),
      nextAttemptAtMs: nowMs + Math.min(...groups.map(({ pauseMs }) => pauseMs)),
    };
  }

  #jobOf({ refs, pauseMs }: Group, next: Pick<BatchJob, 'attempt' | 'firstAttemptAtMs'>): NewJob {
    return batchJobOf({ ...this.#job, ...next, targets: refs.map(compactRef) }, pauseMs);
  }
}

function put(groups: Map<number, Group>, ref: TargetRef, pauseMs: number): void {
  const seconds = Math.ceil(pauseMs / 1000);
  const group = groups.get(seconds) ?? (groups.size < MAX_PAUSES ? null : longest(groups));
  if (group === null) {
    groups.set(seconds, { refs: [ref], pauseMs });
    return;
  }
  group.refs.push(ref);
  // Nobody is asked again sooner than it wants.
  group.pauseMs = Math.max(group.pauseMs, pauseMs);
}

function longest(groups: ReadonlyMap<number, Group>): Group | null {
  return groups.get(Math.max(...groups.keys())) ?? null;
}
