import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CONTRACT_LIMITS, describeJobStore } from '../../core/server/ports/job-store.contract.ts';
import { describeWorkQueue } from '../../core/server/ports/work-queue.contract.ts';
import type { WorkQueue } from '../../core/server/ports/work-queue.ts';
import { createChannelLog } from './channel-log.ts';
import { createSqliteJobStore, createWorkQueue } from './work-queue.ts';

const folder = mkdtempSync(join(tmpdir(), 'work-queue-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function newPath(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

describeJobStore('sqlite', () =>
  createSqliteJobStore({
    path: newPath(),
    maxJobs: CONTRACT_LIMITS.jobs,
    maxPayloadBytes: CONTRACT_LIMITS.payload,
    maxDeadLetters: CONTRACT_LIMITS.deadLetters,
  }),
);

const paths = new WeakMap<WorkQueue, string>();

async function openQueue(path: string): Promise<WorkQueue> {
  const queue = await createWorkQueue({ path, faultBackoffMs: 1 });
  paths.set(queue, path);
  return queue;
}

describeWorkQueue('sqlite', {
  open: () => openQueue(newPath()),
  reopen: async (queue) => {
    await queue.close();
    return openQueue(paths.get(queue) ?? '');
  },
});

describe('the SQLite file', () => {
  it('gives back what a dead process held, at once and as a fault', async () => {
    const path = newPath();
    const before = createSqliteJobStore({ path });
    await before.add([{ queue: 'q', payload: 'a', enqueuedAtMs: 50, dueAtMs: 100 }]);
    await before.claim({ queue: 'q', limit: 1, nowMs: 100, untilMs: 1_000_000 });
    await before.close();
    const after = createSqliteJobStore({ path });
    expect(after.counts('q')).toEqual({ waiting: 0, running: 1, dead: 0 });
    const [job] = await after.claim({ queue: 'q', limit: 1, nowMs: 200, untilMs: 300 });
    expect(job).toMatchObject({ attempt: 2, faults: 1 });
    await after.close();
  });

  it('is the one of the channel log as well, in either order of opening and closing', async () => {
    const path = newPath();
    const job = { queue: 'q', payload: 'a' };
    const queue = await createWorkQueue({ path });
    const log = await createChannelLog({ path });
    await queue.add([job]);
    await queue.close();
    const key = { appId: '1', channel: 'room' };
    const entry = { key, event: 'e', data: '1', publishedAtMs: Date.now(), retention: {} };
    await log.commit({ entries: [entry], receipts: [] });
    const again = await createWorkQueue({ path });
    await log.close();
    await again.add([job]);
    expect((await again.counts('q')).waiting).toBe(2);
    await again.close();
    const reopened = await createChannelLog({ path });
    expect((await reopened.head(key)).serial).toBe(1);
    await reopened.close();
  });

  it('has every accepted job after kill -9', async () => {
    const path = newPath();
    const script = `
      import { createWorkQueue } from ${JSON.stringify(new URL('work-queue.ts', import.meta.url).href)};
      const queue = await createWorkQueue({ path: ${JSON.stringify(path)} });
      await Promise.all([1, 2, 3].map((n) => queue.add([{ queue: 'q', payload: String(n) }])));
      process.stdout.write('added');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = createSqliteJobStore({ path });
    const jobs = await store.claim({ queue: 'q', limit: 10, nowMs: Date.now(), untilMs: Date.now() + 1000 });
    expect(jobs.map(({ payload }) => payload)).toEqual(['1', '2', '3']);
    await store.close();
  });

  it('has one queue at a time, and keeps serving the first', async () => {
    const path = newPath();
    const first = createSqliteJobStore({ path });
    expect(() => createSqliteJobStore({ path })).toThrow('already has a work queue');
    await first.add([{ queue: 'q', payload: 'a', enqueuedAtMs: 50, dueAtMs: 100 }]);
    await first.close();
    const second = createSqliteJobStore({ path });
    expect(second.counts('q').waiting).toBe(1);
    await second.close();
  });
});
