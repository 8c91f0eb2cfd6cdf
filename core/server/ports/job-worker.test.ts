import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryJobStore } from '../memory/work-queue.ts';
import { StoreUnavailable } from './channel-log.ts';
import type { JobStore } from './job-store.ts';
import { createLeasedWorkQueue } from './leased-work-queue.ts';
import type { Job, JobOutcome } from './work-queue.ts';

const DONE: JobOutcome = { kind: 'done' };
const job = { queue: 'q', payload: 'a' };

/** Time stands still but for `vi.advanceTimersByTimeAsync`. */
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

describe('leases', () => {
  it('are renewed for as long as the handler works', async () => {
    const queue = createLeasedWorkQueue(createMemoryJobStore(), { leaseMs: 300, renewMs: 100 });
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const handler = async () => {
      calls += 1;
      await gate.promise;
      return DONE;
    };
    queue.process('q', handler, { concurrency: 2 });
    await queue.add([job]);
    await vi.advanceTimersByTimeAsync(5_000);
    gate.resolve();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls).toBe(1);
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    await queue.close();
  });

  it('that are lost abort the handler, whose answer no longer counts', async () => {
    const store = createMemoryJobStore();
    // As after a pause of the process that outlasted the lease: the store knows better than the worker.
    const forgetful: JobStore = {
      ...bound(store),
      renew: async (leases) => leases.map(({ lease }) => lease),
    };
    const queue = createLeasedWorkQueue(forgetful, { leaseMs: 300, renewMs: 100 });
    const attempts: number[] = [];
    const handler = async ({ attempt, signal }: Job): Promise<JobOutcome> => {
      attempts.push(attempt);
      if (attempt === 1) await untilAborted(signal);
      return attempt === 1 ? { kind: 'dead', reason: 'from a lost attempt' } : DONE;
    };
    queue.process('q', handler, { concurrency: 1 });
    await queue.add([job]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts).toEqual([1, 2]);
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    await queue.close();
  });
});

describe('a store that fails', () => {
  it('is asked again, and no end of an attempt is forgotten', async () => {
    const store = createMemoryJobStore();
    let failures = 0;
    /** The first to come, until there were so many failures in all. */
    const failUntil = (count: number) => {
      if (failures >= count) return;
      failures += 1;
      throw new Error('disk');
    };
    const flaky: JobStore = {
      ...bound(store),
      claim: async (claim) => {
        failUntil(1);
        return store.claim(claim);
      },
      settle: async (lease, end) => {
        failUntil(3);
        return store.settle(lease, end);
      },
    };
    const errors: unknown[] = [];
    const queue = createLeasedWorkQueue(flaky, { onError: (error) => errors.push(error) });
    let calls = 0;
    const handler = async () => {
      calls += 1;
      return DONE;
    };
    queue.process('q', handler, { concurrency: 1 });
    await queue.add([job]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls).toBe(1);
    expect(errors).toHaveLength(3);
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    await queue.close();
  });

  it('rejects additions with the error of the port', async () => {
    const broken: JobStore = {
      ...bound(createMemoryJobStore()),
      add: async () => {
        throw new Error('disk');
      },
    };
    const queue = createLeasedWorkQueue(broken);
    await expect(queue.add([job])).rejects.toBeInstanceOf(StoreUnavailable);
    await queue.close();
  });
});

describe('closing', () => {
  it('leaves a handler that does not listen to the lease', async () => {
    const queue = createLeasedWorkQueue(createMemoryJobStore());
    const gate = Promise.withResolvers<void>();
    const worker = queue.process('q', () => gate.promise.then(() => DONE), { concurrency: 1 });
    await queue.add([job]);
    await vi.advanceTimersByTimeAsync(10);
    const closing = worker.close(100);
    await vi.advanceTimersByTimeAsync(2_000);
    await closing;
    expect((await queue.counts('q')).running).toBe(1);
    await queue.close();
    gate.resolve();
    await vi.advanceTimersByTimeAsync(1);
  });
});

/** The methods as own properties, so that a test can replace one. */
function bound(store: JobStore): JobStore {
  return {
    durability: store.durability,
    add: (jobs) => store.add(jobs),
    claim: (claim) => store.claim(claim),
    settle: (lease, end) => store.settle(lease, end),
    renew: (leases, untilMs) => store.renew(leases, untilMs),
    nextDueAtMs: (queue) => store.nextDueAtMs(queue),
    deadLetters: (queue, page) => store.deadLetters(queue, page),
    counts: (queue) => store.counts(queue),
    close: () => store.close(),
  };
}
