// Runs the jobs of one queue in this process: claims as many as there are free places, renews their leases, turns outcomes
// into the ends of attempts. One timer for what is due next, one for the leases. Used by leased-work-queue.ts only.
import type { AttemptEnd, ClaimedJob, Lease, SharedJobStore } from './job-store.ts';
import type { JobHandler, JobOutcome, JobWorker } from './work-queue.ts';

/** Times and limits of a worker. */
export interface WorkerTiming {
  /** How long a claim holds without being renewed. Default 30000. */
  readonly leaseMs: number;
  /** Pause between renewals; well below `leaseMs`. Default 10000. */
  readonly renewMs: number;
  /** Longest pause between looks at the store, and the pause after it failed. Default 500. */
  readonly pollMs: number;
  /** Faults after which a job is given up. Default 5. */
  readonly maxFaults: number;
  /** Pause after the first fault; it doubles. Default 1000. */
  readonly faultBackoffMs: number;
  /** Default 60000. */
  readonly maxFaultBackoffMs: number;
}

export interface WorkerDeps {
  readonly store: SharedJobStore;
  /** Resolves without effect once the store is closed. */
  readonly settle: (lease: Lease, end: AttemptEnd) => Promise<void>;
  /** Jobs of this queue are on their way into the store. */
  readonly isAdding: () => boolean;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly timing: WorkerTiming;
  readonly queue: string;
  readonly handler: JobHandler;
  readonly concurrency: number;
}

/** How long an aborted handler is given to answer before its job is left to the lease. */
const ABORT_GRACE_MS = 1_000;

interface Running {
  readonly job: ClaimedJob;
  readonly abort: AbortController;
  isLost: boolean;
}

export class LocalJobWorker implements JobWorker {
  readonly #deps: WorkerDeps;
  /** By lease: a job whose lease was lost may come back while its old attempt is still winding up. */
  readonly #running = new Map<string, Running>();
  readonly #renewals: NodeJS.Timeout;
  /** Called after every change; each removes itself. Bounded by who waits. */
  readonly #watchers = new Set<() => void>();
  #wakeUp: NodeJS.Immediate | null = null;
  #nextLook: NodeJS.Timeout | null = null;
  #isLooking = false;
  #closing: Promise<void> | null = null;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#renewals = setInterval(() => void this.#renew(), deps.timing.renewMs).unref();
    this.wake();
  }

  /** Looks at the store at the end of this turn of the event loop. */
  wake(): void {
    if (this.#closing === null && this.#wakeUp === null) {
      this.#wakeUp = setImmediate(() => {
        this.#wakeUp = null;
        void this.#look();
      });
    }
    this.#notify();
  }

  idle(timeoutMs: number): Promise<boolean> {
    return this.#waitFor(() => this.#isIdle(), timeoutMs);
  }

  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    if (this.#wakeUp !== null) clearImmediate(this.#wakeUp);
    if (this.#nextLook !== null) clearTimeout(this.#nextLook);
    const hasStopped = () => this.#running.size === 0 && !this.#isLooking;
    if (!(await this.#waitFor(hasStopped, timeoutMs))) {
      for (const { abort } of this.#running.values()) abort.abort(new Error('the worker is closing'));
      await this.#waitFor(hasStopped, ABORT_GRACE_MS);
    }
    clearInterval(this.#renewals);
  }

  async #look(): Promise<void> {
    // The look under way wakes the worker again when it has found something.
    if (this.#isLooking || this.#closing !== null) return;
    this.#isLooking = true;
    const { store, queue, concurrency, now, onError, timing } = this.#deps;
    let pauseMs = timing.pollMs;
    try {
      const limit = concurrency - this.#running.size;
      if (limit > 0 && this.#isDue()) {
        const nowMs = now();
        const claimed = await store.claim({ queue, limit, nowMs, untilMs: nowMs + timing.leaseMs });
        for (const job of claimed) void this.#run(job);
      }
      const nextMs = store.nextDueAtMs(queue);
      if (nextMs !== null) pauseMs = Math.min(Math.max(nextMs - now(), 1), pauseMs);
    } catch (error) {
      // A store that fails is asked again after a whole pause, however much is due.
      onError(error);
    }
    this.#isLooking = false;
    this.#lookAgainIn(pauseMs);
    this.#notify();
  }

  #lookAgainIn(pauseMs: number): void {
    if (this.#nextLook !== null) clearTimeout(this.#nextLook);
    // With every place taken, the end of a job is the next reason to look.
    const isFull = this.#running.size >= this.#deps.concurrency;
    const isOver = isFull || this.#closing !== null;
    this.#nextLook = isOver ? null : setTimeout(() => void this.#look(), pauseMs).unref();
  }

  async #run(job: ClaimedJob): Promise<void> {
    const running: Running = { job, abort: new AbortController(), isLost: false };
    this.#running.set(job.lease, running);
    const end = await this.#attempt(job, running.abort.signal);
    await this.#store(running, end);
    this.#running.delete(job.lease);
    this.wake();
  }

  async #attempt(job: ClaimedJob, signal: AbortSignal): Promise<AttemptEnd> {
    const { timing, handler, onError } = this.#deps;
    if (this.#closing !== null) return this.#endOf({ kind: 'release' });
    // Claimed after its last worker vanished once too often: perhaps it is this job that kills them.
    if (job.faults >= timing.maxFaults) return this.#endOf({ kind: 'dead', reason: faultReason(job.faults) });
    try {
      const { payload, id, attempt, enqueuedAtMs, firstAttemptAtMs } = job;
      return this.#endOf(await handler({ id, payload, attempt, enqueuedAtMs, firstAttemptAtMs, signal }));
    } catch (error) {
      onError(error);
      const faults = job.faults + 1;
      if (faults >= timing.maxFaults) return this.#endOf({ kind: 'dead', reason: faultReason(faults) });
      const pauseMs = Math.min(timing.maxFaultBackoffMs, timing.faultBackoffMs * 2 ** job.faults);
      return { kind: 'retry', dueAtMs: this.#deps.now() + pauseMs, isFault: true };
    }
  }

  #endOf(outcome: JobOutcome): AttemptEnd {
    const nowMs = this.#deps.now();
    switch (outcome.kind) {
      case 'done':
        return outcome;
      case 'retry':
        return { kind: 'retry', dueAtMs: nowMs + Math.max(0, outcome.delayMs), isFault: false };
      case 'release':
        return { kind: 'release', dueAtMs: nowMs };
      case 'dead':
        return { kind: 'dead', reason: outcome.reason, diedAtMs: nowMs };
    }
  }

  /**
   * While the store fails the job keeps its place and its lease, so there are never more than `concurrency` that wait; it is
   * bounded by the end of the worker. Without the lease the job is somebody else's, and what this attempt came to is void.
   */
  async #store(running: Running, end: AttemptEnd): Promise<void> {
    while (!running.isLost) {
      try {
        await this.#deps.settle(running.job, end);
        return;
      } catch (error) {
        this.#deps.onError(error);
        if (this.#closing !== null) return;
        await new Promise((resolve) => setTimeout(resolve, this.#deps.timing.pollMs).unref());
      }
    }
  }

  async #renew(): Promise<void> {
    const held = [...this.#running.values()].filter(({ isLost }) => !isLost);
    if (held.length === 0) return;
    const { store, now, onError, timing } = this.#deps;
    try {
      const leases = held.map(({ job: { id, lease } }) => ({ id, lease }));
      const lost = new Set(await store.renew(leases, now() + timing.leaseMs));
      for (const running of held) {
        // One that was settled meanwhile is no longer running and counts as lost: nobody listens to its signal.
        if (!lost.has(running.job.lease)) continue;
        running.isLost = true;
        running.abort.abort(new Error('the lease was lost'));
      }
    } catch (error) {
      // The next renewal comes before the leases run out.
      onError(error);
    }
  }

  #isDue(): boolean {
    const nextMs = this.#deps.store.nextDueAtMs(this.#deps.queue);
    return nextMs !== null && nextMs <= this.#deps.now();
  }

  #isIdle(): boolean {
    try {
      return this.#running.size === 0 && !this.#isLooking && !this.#deps.isAdding() && !this.#isDue();
    } catch {
      // A store that can't be read does not show that it is empty; the caller's time-out ends the wait.
      return false;
    }
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (isMet: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(isMet);
      };
      const watcher = () => {
        if (condition()) finish(true);
      };
      const timer = setTimeout(() => finish(condition()), timeoutMs);
      this.#watchers.add(watcher);
    });
  }
}

function faultReason(faults: number): string {
  return `failed without an answer ${faults} times`;
}
