import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  type Job,
  type JobOutcome,
  QueueFull,
  StoreUnavailable,
  type WorkQueue,
} from '@sockudo/server/ports';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeWorkQueue } from '../../core/server/ports/work-queue.contract.ts';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createWorkQueue, type PostgresWorkQueueOptions } from './index.ts';
import { runSql, unusedSchema } from './testing/open-log.ts';

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

const schemas = new WeakMap<WorkQueue, string>();
const opened = new Set<WorkQueue>();

async function open(schema: string, options: Partial<PostgresWorkQueueOptions> = {}): Promise<WorkQueue> {
  const timing = { faultBackoffMs: 1, superviseSeconds: 1 };
  const queue = await createWorkQueue({ connection: cluster.connection, schema, ...timing, ...options });
  schemas.set(queue, schema);
  return queue;
}

describeWorkQueue('postgres', {
  open: () => open(unusedSchema()),
  reopen: async (queue) => {
    await queue.close();
    return open(schemas.get(queue) ?? '');
  },
});

const DONE: JobOutcome = { kind: 'done' };
const jobs = (...payloads: string[]) => payloads.map((payload) => ({ queue: 'q', payload }));
const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe('the work queue on PostgreSQL', () => {
  afterEach(async () => {
    for (const queue of opened) await queue.close();
    opened.clear();
  });

  async function start(schema = unusedSchema(), options: Partial<PostgresWorkQueueOptions> = {}) {
    const queue = await open(schema, options);
    opened.add(queue);
    return queue;
  }

  it('gives each job to one of two nodes', async () => {
    const schema = unusedSchema();
    // At once: the migrations run under their locks.
    const nodes = await Promise.all([start(schema), start(schema)]);
    const seen: string[] = [];
    const all = Promise.withResolvers<void>();
    for (const node of nodes) {
      node.process(
        'q',
        async ({ payload }) => {
          seen.push(payload);
          if (seen.length === 200) all.resolve();
          return DONE;
        },
        { concurrency: 5 },
      );
    }
    await Promise.all(upTo(200).map((payload, index) => nodes[index % 2]?.add(jobs(payload))));
    await all.promise;
    for (const queue of nodes) await queue.close();
    expect(seen.sort()).toEqual(upTo(200).sort());
  });

  it('gives a job on when the process that had it is killed, as a fault', async () => {
    const schema = unusedSchema();
    const queue = await start(schema);
    await queue.add(jobs('a'));
    const script = `
      import { createWorkQueue } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const queue = await createWorkQueue(${JSON.stringify({ connection: cluster.connection, schema })});
      queue.process('q', async () => { process.stdout.write('begun'); return new Promise(() => {}); }, { concurrency: 1 });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 1, dead: 0 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await runSql(cluster, `UPDATE ${schema}_jobs.job SET heartbeat_on = now() - interval '1 day'`);
    const again = Promise.withResolvers<Job>();
    queue.process(
      'q',
      async (job) => {
        again.resolve(job);
        return DONE;
      },
      { concurrency: 1 },
    );
    expect(await again.promise).toMatchObject({ payload: 'a', attempt: 2 });
  }, 60_000);

  it('tells a handler whose job was given to another one, and takes no word from it', async () => {
    const schema = unusedSchema();
    const queue = await start(schema, { renewMs: 20 });
    const begun = Promise.withResolvers<Job>();
    const second = Promise.withResolvers<Job>();
    const isOver = Promise.withResolvers<void>();
    queue.process(
      'q',
      async (job) => {
        if (job.attempt === 2) {
          second.resolve(job);
          await isOver.promise;
          return DONE;
        }
        begun.resolve(job);
        await new Promise((resolve) => job.signal.addEventListener('abort', resolve, { once: true }));
        return { kind: 'dead', reason: 'void' };
      },
      { concurrency: 2 },
    );
    await queue.add(jobs('a'));
    const first = await begun.promise;
    await runSql(cluster, `UPDATE ${schema}_jobs.job SET state = 'retry', start_after = now()`);
    expect((await second.promise).id).toBe(first.id);
    expect(first.signal.aborted).toBe(true);
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 1, dead: 0 });
    isOver.resolve();
  });

  it('adds jobs of several queues as a whole, and refuses them as a whole', async () => {
    const queue = await start(unusedSchema(), { maxJobs: 3 });
    await queue.add([...jobs('a', 'b'), { queue: 'p', payload: 'c' }]);
    expect((await queue.counts('p')).waiting).toBe(1);
    await expect(queue.add([{ queue: 'p', payload: 'd' }, ...jobs('e', 'f')])).rejects.toBeInstanceOf(
      QueueFull,
    );
    expect(await queue.counts('p')).toEqual({ waiting: 1, running: 0, dead: 0 });
    expect(await queue.counts('q')).toEqual({ waiting: 2, running: 0, dead: 0 });
    await queue.add(jobs('g'));
  });

  it('hands out texts of any content unchanged', async () => {
    const queue = await start();
    const payloads = ['', 'ü 🦀 "\\', JSON.stringify({ nul: '\0' }), 'a\0b\u0001', "'; DROP TABLE jobs --"];
    await queue.add(jobs(...payloads));
    const seen: string[] = [];
    const worker = queue.process(
      'q',
      async ({ payload }) => {
        seen.push(payload);
        return { kind: 'dead', reason: payload };
      },
      { concurrency: 1 },
    );
    expect(await worker.idle(10_000)).toBe(true);
    expect(seen).toEqual(payloads);
    const letters = await queue.deadLetters('q', { limit: 10 });
    expect(letters.map(({ payload, reason }) => [payload, reason])).toEqual(
      payloads.map((payload) => [payload, payload]).reverse(),
    );
  });

  it('lists dead letters in pages, the newest first, and keeps the newest only', async () => {
    const queue = await start(unusedSchema(), { maxDeadLetters: 3 });
    const worker = queue.process('q', async () => ({ kind: 'dead', reason: 'no' }), { concurrency: 1 });
    await queue.add(jobs(...upTo(65)));
    expect(await worker.idle(20_000)).toBe(true);
    const first = await queue.deadLetters('q', { limit: 2 });
    expect(first.map(({ payload }) => payload)).toEqual(['64', '63']);
    const rest = await queue.deadLetters('q', { limit: 2, before: first[1]?.id ?? '' });
    expect(rest.map(({ payload }) => payload)).toEqual(['62']);
    expect(await queue.counts('q')).toEqual({ waiting: 0, running: 0, dead: 3 });
  });

  it('runs every job that it acknowledged when the server is killed under load', async () => {
    const schema = unusedSchema();
    const queue = await start(schema, { pollMs: 20 });
    const acknowledged = new Set<string>();
    const seen = new Set<string>();
    queue.process(
      'q',
      async ({ payload }) => {
        seen.add(payload);
        return DONE;
      },
      { concurrency: 10 },
    );
    let isStopped = false;
    const add = async (place: number): Promise<void> => {
      for (let count = 0; !isStopped; count += 1) {
        try {
          await queue.add(jobs(`${place}-${count}`));
          acknowledged.add(`${place}-${count}`);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailable);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    const adders = [1, 2, 3].map(add);
    const grows = async () => {
      const before = acknowledged.size;
      await expect
        .poll(() => acknowledged.size, { timeout: 30_000, interval: 5 })
        .toBeGreaterThan(before + 100);
    };
    await grows();
    await cluster.kill();
    await cluster.start();
    await grows();
    isStopped = true;
    await Promise.all(adders);
    // What was in the hands of this worker when the server went comes back once it is missed.
    await runSql(
      cluster,
      `UPDATE ${schema}_jobs.job SET heartbeat_on = now() - interval '1 day' WHERE state = 'active'`,
    );
    await expect
      .poll(() => [...acknowledged].filter((payload) => !seen.has(payload)), {
        timeout: 30_000,
        interval: 20,
      })
      .toEqual([]);
  }, 60_000);
});
