// What every JobStore must do, told in steps with times of their own: no clock, no waiting. Drivers call this from a test file.
import { afterEach, describe, expect, it } from 'vitest';
import type { JobStore } from './job-store.ts';
import { QueueFull } from './work-queue.ts';

/** Small limits, so that they can be reached: 10 jobs, 1000 characters of ASCII payload, 3 dead letters. */
export type OpenJobStore = () => JobStore | Promise<JobStore>;

export const CONTRACT_LIMITS = { jobs: 10, payload: 1000, deadLetters: 3 } as const;

export function describeJobStore(name: string, open: OpenJobStore): void {
  describe(`JobStore: ${name}`, () => {
    const opened: JobStore[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    async function start(): Promise<JobStore> {
      const store = await open();
      opened.push(store);
      return store;
    }

    function draft(payload: string, dueAtMs = 100, queue = 'q') {
      return { queue, payload, enqueuedAtMs: 50, dueAtMs };
    }

    async function claimed(store: JobStore, nowMs: number, limit = 10, queue = 'q') {
      return store.claim({ queue, limit, nowMs, untilMs: nowMs + 30 });
    }

    async function one(store: JobStore, nowMs: number) {
      const [job] = await claimed(store, nowMs, 1);
      if (job === undefined) throw new Error('nothing was due');
      return job;
    }

    it('gives due jobs in the order they became due, those of one time as added', async () => {
      const store = await start();
      await store.add([draft('b', 110), draft('a1'), draft('a2'), draft('later', 500)]);
      await store.add([draft('a3')]);
      expect((await claimed(store, 120, 3)).map(({ payload }) => payload)).toEqual(['a1', 'a2', 'a3']);
      expect((await claimed(store, 120)).map(({ payload }) => payload)).toEqual(['b']);
      expect(await claimed(store, 120)).toEqual([]);
    });

    it('keeps queues apart', async () => {
      const store = await start();
      await store.add([draft('mine'), draft('other', 100, 'p')]);
      expect(await claimed(store, 100, 10, 'nobody')).toEqual([]);
      expect((await claimed(store, 100)).map(({ payload }) => payload)).toEqual(['mine']);
      expect(store.counts('p')).toEqual({ waiting: 1, running: 0, dead: 0 });
    });

    it('tells when the next job is due or a lease runs out', async () => {
      const store = await start();
      expect(store.nextDueAtMs('q')).toBe(null);
      await store.add([draft('a', 200)]);
      expect(store.nextDueAtMs('q')).toBe(200);
      const job = await one(store, 210);
      expect(store.nextDueAtMs('q')).toBe(240);
      await store.settle(job, { kind: 'done' });
      expect(store.nextDueAtMs('q')).toBe(null);
    });

    it('hands out texts of any content unchanged', async () => {
      const store = await start();
      const payload = JSON.stringify({ text: 'ü 🦀 "\\\n', n: 1 });
      await store.add([draft(payload)]);
      const job = await one(store, 150);
      expect(job).toMatchObject({ payload, attempt: 1, faults: 0, enqueuedAtMs: 50, firstAttemptAtMs: 150 });
    });

    it('forgets a job that is done', async () => {
      const store = await start();
      await store.add([draft('a')]);
      await store.settle(await one(store, 100), { kind: 'done' });
      expect(await claimed(store, 10_000)).toEqual([]);
      expect(store.counts('q')).toEqual({ waiting: 0, running: 0, dead: 0 });
    });

    it('counts attempts and faults, and keeps the time of the first attempt', async () => {
      const store = await start();
      await store.add([draft('a')]);
      await store.settle(await one(store, 100), { kind: 'retry', dueAtMs: 300, isFault: false });
      expect(await claimed(store, 299)).toEqual([]);
      await store.settle(await one(store, 300), { kind: 'retry', dueAtMs: 400, isFault: true });
      const third = await one(store, 400);
      expect(third).toMatchObject({ attempt: 3, faults: 1, firstAttemptAtMs: 100 });
    });

    it('does not count an attempt that was given back', async () => {
      const store = await start();
      await store.add([draft('a')]);
      await store.settle(await one(store, 100), { kind: 'release', dueAtMs: 200 });
      const again = await one(store, 200);
      expect(again).toMatchObject({ attempt: 1, faults: 0, firstAttemptAtMs: 200 });
    });

    it('gives a job whose lease ran out to the next, and counts a fault', async () => {
      const store = await start();
      await store.add([draft('a')]);
      const lost = await one(store, 100);
      expect(await claimed(store, 129)).toEqual([]);
      const next = await one(store, 130);
      expect(next).toMatchObject({ id: lost.id, attempt: 2, faults: 1 });
      expect(next.lease).not.toBe(lost.lease);
    });

    it('takes no word from one whose lease is lost', async () => {
      const store = await start();
      await store.add([draft('a')]);
      const lost = await one(store, 100);
      const next = await one(store, 130);
      await store.settle(lost, { kind: 'done' });
      await store.settle(lost, { kind: 'dead', reason: 'x', diedAtMs: 131 });
      expect(store.counts('q')).toEqual({ waiting: 0, running: 1, dead: 0 });
      expect(await store.renew([lost, next], 200)).toEqual([lost.lease]);
      await store.settle(next, { kind: 'done' });
      expect(await store.renew([next], 300)).toEqual([next.lease]);
    });

    it('keeps a renewed job with its holder', async () => {
      const store = await start();
      await store.add([draft('a')]);
      const job = await one(store, 100);
      expect(await store.renew([job], 500)).toEqual([]);
      expect(await claimed(store, 499)).toEqual([]);
      expect(await claimed(store, 500)).toHaveLength(1);
    });

    it('lists dead letters, the newest first, a page at a time', async () => {
      const store = await start();
      await store.add([draft('a'), draft('b'), draft('c')]);
      for (const job of await claimed(store, 100)) {
        await store.settle(job, { kind: 'dead', reason: `no ${job.payload}`, diedAtMs: 150 });
      }
      const [newest, second] = store.deadLetters('q', { limit: 2 });
      expect([newest?.payload, second?.payload]).toEqual(['c', 'b']);
      expect(newest).toMatchObject({ reason: 'no c', attempts: 1, enqueuedAtMs: 50, diedAtMs: 150 });
      const rest = store.deadLetters('q', { limit: 2, before: second?.id ?? '' });
      expect(rest.map(({ payload }) => payload)).toEqual(['a']);
      expect(store.deadLetters('p', { limit: 2 })).toEqual([]);
      expect(store.counts('q')).toEqual({ waiting: 0, running: 0, dead: 3 });
    });

    it('keeps the newest dead letters only, by number and by size', async () => {
      const store = await start();
      const bury = async (payload: string) => {
        await store.add([draft(payload)]);
        await store.settle(await one(store, 100), { kind: 'dead', reason: 'x', diedAtMs: 100 });
      };
      for (const payload of ['a', 'b', 'c', 'd']) await bury(payload);
      const kept = () => store.deadLetters('q', { limit: 10 }).map(({ payload }) => payload.slice(0, 1));
      expect(kept()).toEqual(['d', 'c', 'b']);
      await bury('e'.repeat(CONTRACT_LIMITS.payload / 4 - 1));
      expect(kept()).toEqual(['e', 'd']);
    });

    it('refuses what does not fit, as a whole, and takes it once there is room', async () => {
      const store = await start();
      const many = (count: number) => Array.from({ length: count }, () => draft('a'));
      await store.add(many(CONTRACT_LIMITS.jobs - 1));
      await expect(store.add(many(2))).rejects.toBeInstanceOf(QueueFull);
      expect(store.counts('q').waiting).toBe(CONTRACT_LIMITS.jobs - 1);
      await store.add(many(1));
      await store.settle(await one(store, 100), { kind: 'done' });
      await store.add(many(1));
    });

    it('bounds the bytes of payload', async () => {
      const store = await start();
      const half = draft('x'.repeat(CONTRACT_LIMITS.payload / 2));
      await store.add([half, half]);
      await expect(store.add([draft('y')])).rejects.toBeInstanceOf(QueueFull);
      await store.settle(await one(store, 100), { kind: 'dead', reason: 'x', diedAtMs: 100 });
      await store.add([draft('y')]);
    });

    it('gives a job to one of two who claim at once', async () => {
      const store = await start();
      await store.add([draft('a'), draft('b')]);
      const both = await Promise.all([claimed(store, 100), claimed(store, 100)]);
      expect(both.flat().map(({ payload }) => payload)).toEqual(['a', 'b']);
    });
  });
}
