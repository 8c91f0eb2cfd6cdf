// What every WorkQueue must do, seen from outside: jobs in, handler called, outcomes kept. Drivers call this from a test file.
// Waits for events only; the few delays are as short as they can be and nothing asserts how long they took.
import { afterEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from './channel-log.ts';
import type { Job, JobOutcome, WorkQueue } from './work-queue.ts';

export interface OpenWorkQueue {
  /** A fresh queue whose pauses after faults are at most some milliseconds, with five faults allowed. */
  open(): WorkQueue | Promise<WorkQueue>;
  /** Closes this queue and opens it anew as after a restart; absent where nothing survives. */
  reopen?(queue: WorkQueue): Promise<WorkQueue>;
}

const IDLE_MS = 10_000;
const DONE: JobOutcome = { kind: 'done' };

/** A handler that notes what it is given. */
function collect(): { seen: Job[]; payloads: () => string[]; handler: (job: Job) => Promise<JobOutcome> } {
  const seen: Job[] = [];
  return {
    seen,
    payloads: () => seen.map(({ payload }) => payload),
    handler: async (job) => {
      seen.push(job);
      return DONE;
    },
  };
}

export function describeWorkQueue(name: string, driver: OpenWorkQueue): void {
  describe(`WorkQueue: ${name}`, () => {
    const opened = new Set<WorkQueue>();
    afterEach(async () => {
      for (const queue of opened) await queue.close();
      opened.clear();
    });

    async function start(): Promise<WorkQueue> {
      const queue = await driver.open();
      opened.add(queue);
      return queue;
    }

    const jobs = (...payloads: string[]) => payloads.map((payload) => ({ queue: 'q', payload }));

    it('runs each job once, in order, whether added before or after the worker', async () => {
      const queue = await start();
      const { payloads, handler } = collect();
      await queue.add(jobs('a', 'b'));
      const worker = queue.process('q', handler, { concurrency: 1 });
      await Promise.all([queue.add(jobs('c')), queue.add(jobs('d', 'e'))]);
      expect(await worker.idle(IDLE_MS)).toBe(true);
      expect(payloads()).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    });

    it('runs as many at a time as it may, and not one more', async () => {
      const queue = await start();
      let running = 0;
      let most = 0;
      const gate = Promise.withResolvers<void>();
      const handler = async () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 3) gate.resolve();
        await gate.promise;
        running -= 1;
        return DONE;
      };
      const worker = queue.process('q', handler, { concurrency: 3 });
      await queue.add(jobs(...Array.from({ length: 10 }, (_, index) => String(index))));
      expect(await worker.idle(IDLE_MS)).toBe(true);
      expect(most).toBe(3);
    });

    it('repeats a job for as long as the handler asks', async () => {
      const queue = await start();
      const finished = Promise.withResolvers<Job>();
      const handler = async (job: Job): Promise<JobOutcome> => {
        if (job.attempt < 8) return { kind: 'retry', delayMs: 1, reason: 'not yet' };
        finished.resolve(job);
        return DONE;
      };
      const worker = queue.process('q', handler, { concurrency: 1 });
      await queue.add(jobs('a'));
      const last = await finished.promise;
      expect(last.firstAttemptAtMs).toBeGreaterThanOrEqual(last.enqueuedAtMs);
      expect(await worker.idle(IDLE_MS)).toBe(true);
      expect((await queue.counts('q')).dead).toBe(0);
    });

    it('keeps what the handler gave up as a dead letter', async () => {
      const queue = await start();
      const worker = queue.process('q', async () => ({ kind: 'dead', reason: 'HTTP 410' }), {
        concurrency: 1,
      });
      await queue.add(jobs('{"a":1}'));
      expect(await worker.idle(IDLE_MS)).toBe(true);
      const letters = await queue.deadLetters('q', { limit: 10 });
      expect(letters).toMatchObject([{ payload: '{"a":1}', attempts: 1, reason: 'HTTP 410' }]);
    });

    it('gives up a job whose handler never answers', async () => {
      const queue = await start();
      let calls = 0;
      const last = Promise.withResolvers<void>();
      const handler = async (): Promise<JobOutcome> => {
        calls += 1;
        if (calls === 5) last.resolve();
        throw new Error('a bug');
      };
      const worker = queue.process('q', handler, { concurrency: 1 });
      await queue.add(jobs('a'));
      await last.promise;
      expect(await worker.idle(IDLE_MS)).toBe(true);
      const letters = await queue.deadLetters('q', { limit: 10 });
      expect(letters).toMatchObject([{ attempts: 5, reason: 'failed without an answer 5 times' }]);
      expect(calls).toBe(5);
    });

    it('gives running jobs back when the worker closes, as if never begun', async () => {
      const queue = await start();
      const begun = Promise.withResolvers<void>();
      const handler = async ({ signal }: Job): Promise<JobOutcome> => {
        begun.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return { kind: 'release' };
      };
      const worker = queue.process('q', handler, { concurrency: 1 });
      await queue.add(jobs('a', 'b'));
      await begun.promise;
      expect(await worker.idle(0)).toBe(false);
      await worker.close(0);
      expect(await queue.counts('q')).toEqual({ waiting: 2, running: 0, dead: 0 });

      const { seen, payloads, handler: note } = collect();
      const next = queue.process('q', note, { concurrency: 1 });
      expect(await next.idle(IDLE_MS)).toBe(true);
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
      expect(payloads().sort()).toEqual(['a', 'b']);
    });

    it('lets running jobs end when the worker closes with time to spare', async () => {
      const queue = await start();
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const handler = async () => {
        begun.resolve();
        await gate.promise;
        return DONE;
      };
      const worker = queue.process('q', handler, { concurrency: 1 });
      await queue.add(jobs('a'));
      await begun.promise;
      const closing = worker.close(IDLE_MS);
      gate.resolve();
      await closing;
      expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    });

    it('has one worker a queue', async () => {
      const queue = await start();
      queue.process('q', async () => DONE, { concurrency: 1 });
      expect(() => queue.process('q', async () => DONE, { concurrency: 1 })).toThrow('already has a worker');
    });

    it('rejects after it is closed, and closes twice', async () => {
      const queue = await start();
      await Promise.all([queue.close(), queue.close()]);
      await expect(queue.add(jobs('a'))).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(queue.counts('q')).rejects.toBeInstanceOf(StoreUnavailable);
    });

    const { reopen } = driver;
    if (reopen === undefined) return;

    it('finds every job again after a restart', async () => {
      const before = await start();
      await before.add([...jobs('a', 'b'), { queue: 'q', payload: 'later', delayMs: 3_600_000 }]);
      opened.delete(before);
      const after = await reopen(before);
      opened.add(after);
      const { payloads, handler } = collect();
      const worker = after.process('q', handler, { concurrency: 1 });
      expect(await worker.idle(IDLE_MS)).toBe(true);
      expect(payloads()).toEqual(['a', 'b']);
      expect((await after.counts('q')).waiting).toBe(1);
    });
  });
}
