// The WorkQueue port in this process's memory: gone with the process. Bounded by jobs and bytes; only the newest dead letters
// of a queue are kept.
import type { AttemptEnd, Claim, ClaimedJob, JobDraft, JobStore, Lease } from '../ports/job-store.ts';
import { createLeasedWorkQueue, type LeasedWorkQueueOptions } from '../ports/leased-work-queue.ts';
import { type DeadLetter, type JobCounts, QueueFull, type WorkQueue } from '../ports/work-queue.ts';
import { DueList } from './due-list.ts';

export interface MemoryJobStoreOptions {
  /** Most jobs over all queues, dead letters not counted; default 100,000. */
  readonly maxJobs?: number;
  /** Most characters of payload over all queues; default 128 Mi. */
  readonly maxPayloadChars?: number;
  /** Most dead letters of a queue; default 10,000. Their payloads take a quarter of `maxPayloadChars` at most. */
  readonly maxDeadLetters?: number;
}

/** For development and tests; what is queued at the end of the process is lost. */
export function createMemoryWorkQueue(
  options: MemoryJobStoreOptions & LeasedWorkQueueOptions = {},
): WorkQueue {
  return createLeasedWorkQueue(createMemoryJobStore(options), options);
}

export function createMemoryJobStore(options: MemoryJobStoreOptions = {}): JobStore {
  return new MemoryJobStore(options);
}

interface StoredJob extends JobDraft {
  readonly id: string;
  dueAtMs: number;
  attempt: number;
  faults: number;
  firstAttemptAtMs: number;
  /** Null: waiting. */
  lease: string | null;
}

interface Queue {
  /** Waiting jobs by due time, claimed ones by the end of their lease. */
  readonly due: DueList<StoredJob>;
  /** Oldest first. */
  readonly dead: DeadLetter[];
  deadChars: number;
  running: number;
}

class MemoryJobStore implements JobStore {
  readonly durability = 'memory';
  readonly #maxJobs: number;
  readonly #maxPayloadChars: number;
  readonly #maxDeadLetters: number;
  readonly #jobs = new Map<string, StoredJob>();
  /** One for each queue name of the code. */
  readonly #queues = new Map<string, Queue>();
  #payloadChars = 0;
  #lastId = 0;

  constructor(options: MemoryJobStoreOptions) {
    this.#maxJobs = options.maxJobs ?? 100_000;
    this.#maxPayloadChars = options.maxPayloadChars ?? 128 * 1024 * 1024;
    this.#maxDeadLetters = options.maxDeadLetters ?? 10_000;
  }

  async add(jobs: readonly JobDraft[]): Promise<void> {
    const chars = jobs.reduce((sum, { payload }) => sum + payload.length, 0);
    if (this.#jobs.size + jobs.length > this.#maxJobs || this.#payloadChars + chars > this.#maxPayloadChars) {
      throw new QueueFull('the queue is full');
    }
    for (const draft of jobs) this.#insert(draft);
  }

  async claim(claim: Claim): Promise<ClaimedJob[]> {
    const queue = this.#queue(claim.queue);
    return queue.due.takeDue(claim.nowMs, claim.limit).map((job) => {
      if (job.lease === null) queue.running += 1;
      else job.faults += 1;
      job.attempt += 1;
      if (job.firstAttemptAtMs === 0) job.firstAttemptAtMs = claim.nowMs;
      const lease = this.#newId();
      job.lease = lease;
      this.#reschedule(job, claim.untilMs);
      const { id, payload, attempt, faults, enqueuedAtMs, firstAttemptAtMs } = job;
      return { id, lease, payload, attempt, faults, enqueuedAtMs, firstAttemptAtMs };
    });
  }

  async settle({ id, lease }: Lease, end: AttemptEnd): Promise<void> {
    const job = this.#jobs.get(id);
    if (job === undefined || job.lease !== lease) return;
    const queue = this.#queue(job.queue);
    queue.due.remove(job.dueAtMs, job);
    queue.running -= 1;
    job.lease = null;
    if (end.kind === 'retry' || end.kind === 'release') {
      if (end.kind === 'release') takeBackAttempt(job);
      else if (end.isFault) job.faults += 1;
      this.#reschedule(job, end.dueAtMs);
      return;
    }
    this.#jobs.delete(id);
    this.#payloadChars -= job.payload.length;
    if (end.kind === 'dead') this.#bury(queue, job, end);
  }

  async renew(leases: readonly Lease[], untilMs: number): Promise<string[]> {
    const lost: string[] = [];
    for (const { id, lease } of leases) {
      const job = this.#jobs.get(id);
      if (job === undefined || job.lease !== lease) {
        lost.push(lease);
        continue;
      }
      this.#queue(job.queue).due.remove(job.dueAtMs, job);
      this.#reschedule(job, untilMs);
    }
    return lost;
  }

  nextDueAtMs(queue: string): number | null {
    return this.#queue(queue).due.nextDueAtMs();
  }

  deadLetters(queue: string, page: { readonly limit: number; readonly before?: string }): DeadLetter[] {
    const { dead } = this.#queue(queue);
    const end = page.before === undefined ? dead.length : dead.findIndex(({ id }) => id === page.before);
    return dead.slice(Math.max(0, end - page.limit), Math.max(0, end)).reverse();
  }

  counts(queue: string): JobCounts {
    const { due, running, dead } = this.#queue(queue);
    return { waiting: due.size - running, running, dead: dead.length };
  }

  async close(): Promise<void> {
    this.#jobs.clear();
    this.#queues.clear();
  }

  #insert(draft: JobDraft): void {
    const id = this.#newId();
    const job = { ...draft, id, attempt: 0, faults: 0, firstAttemptAtMs: 0, lease: null };
    this.#jobs.set(id, job);
    this.#payloadChars += draft.payload.length;
    this.#queue(draft.queue).due.add(draft.dueAtMs, job);
  }

  #reschedule(job: StoredJob, dueAtMs: number): void {
    job.dueAtMs = dueAtMs;
    this.#queue(job.queue).due.add(dueAtMs, job);
  }

  #bury(queue: Queue, job: StoredJob, end: { readonly reason: string; readonly diedAtMs: number }): void {
    const { id, payload, attempt, enqueuedAtMs } = job;
    queue.dead.push({
      id,
      payload,
      attempts: attempt,
      enqueuedAtMs,
      reason: end.reason,
      diedAtMs: end.diedAtMs,
    });
    queue.deadChars += payload.length;
    while (queue.dead.length > this.#maxDeadLetters || queue.deadChars > this.#maxPayloadChars / 4) {
      queue.deadChars -= queue.dead.shift()?.payload.length ?? 0;
    }
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = { due: new DueList(), dead: [], deadChars: 0, running: 0 };
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #newId(): string {
    this.#lastId += 1;
    return String(this.#lastId);
  }
}

/** The next attempt is the first again, and the clock of a handler's patience starts with it. */
function takeBackAttempt(job: StoredJob): void {
  job.attempt -= 1;
  if (job.attempt === 0) job.firstAttemptAtMs = 0;
}
