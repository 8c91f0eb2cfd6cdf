// A job as pg-boss keeps it. An attempt that ends in a pause is a new job of pg-boss with the old one's counts, because pg-boss
// would decide about pauses and ends by itself; so what belongs to the job through all of its attempts is in its data.
import type { ClaimedJob, JobDraft } from '@sockudo/server/ports';
import { fromStored, toStored } from './stored-text.ts';

/** Members are never renamed: they are read by whatever version runs next. */
export interface JobEnvelope {
  readonly id: string;
  readonly payload: string;
  readonly enqueuedAtMs: number;
  readonly dueAtMs: number;
  /** 0: there was none. */
  readonly firstAttemptAtMs: number;
  /** Attempts and faults of the jobs of pg-boss that this one was before. */
  readonly attempts: number;
  readonly faults: number;
  /** Order of those that one node added, for jobs that are fetched together. */
  readonly place: number;
}

/** What of a fetched job tells about the attempt. */
export interface FetchedJob {
  readonly id: string;
  readonly data: JobEnvelope;
  /** How often this job of pg-boss was taken before, each time by a worker that vanished. */
  readonly retryCount: number;
}

export function envelopeOf(draft: JobDraft, id: string, place: number): JobEnvelope {
  const { payload, enqueuedAtMs, dueAtMs } = draft;
  const text = toStored(payload.toWellFormed());
  return { id, payload: text, enqueuedAtMs, dueAtMs, firstAttemptAtMs: 0, attempts: 0, faults: 0, place };
}

/** Those of one fetch, the longest due first. */
export function inOrder<Job extends FetchedJob>(jobs: readonly Job[]): Job[] {
  return [...jobs].sort(
    ({ data: one }, { data: other }) => one.dueAtMs - other.dueAtMs || one.place - other.place,
  );
}

export function claimedJobOf({ id, data, retryCount }: FetchedJob, nowMs: number): ClaimedJob {
  return {
    id: data.id,
    lease: `${id}:${retryCount}`,
    payload: fromStored(data.payload),
    attempt: data.attempts + retryCount + 1,
    faults: data.faults + retryCount,
    enqueuedAtMs: data.enqueuedAtMs,
    firstAttemptAtMs: data.firstAttemptAtMs === 0 ? nowMs : data.firstAttemptAtMs,
  };
}

/** The same job after an attempt that is to be followed by another one. */
export function nextEnvelope(
  job: ClaimedJob,
  { data }: FetchedJob,
  end: { readonly dueAtMs: number; readonly isCounted: boolean; readonly isFault: boolean },
): JobEnvelope {
  const attempts = end.isCounted ? job.attempt : job.attempt - 1;
  return {
    ...data,
    dueAtMs: end.dueAtMs,
    firstAttemptAtMs: attempts === 0 ? 0 : job.firstAttemptAtMs,
    attempts,
    faults: end.isFault ? job.faults + 1 : job.faults,
  };
}
