// What is left when PostgreSQL or its connections go away in the middle of work: what was acknowledged is stored, what was refused
// is not, and work goes on once the server is back.
import { type ChannelKey, StoreUnavailable } from '@sockudo/server/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createChannelLog, createKeyedStore, type PostgresChannelLog } from './index.ts';
import { runSql } from './testing/open-log.ts';

let cluster: PostgresCluster;
let log: PostgresChannelLog;

beforeEach(async () => {
  cluster = await startPostgres();
  log = await createChannelLog({ connection: cluster.connection });
}, 60_000);

afterEach(async () => {
  await log.close();
  await cluster.close();
});

const key: ChannelKey = { appId: 'app', channel: 'a' };

/** Commits from several callers until it is stopped, and what became of them. */
class Load {
  readonly acknowledged = new Set<string>();
  readonly refused = new Set<string>();
  readonly #callers: Promise<void>[];
  #isStopped = false;
  #changed = Promise.withResolvers<void>();

  constructor(callers: number) {
    this.#callers = Array.from({ length: callers }, (_, place) => this.#call(place));
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await this.#changed.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#callers);
  }

  async #call(place: number): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1) {
      const name = `${place}-${count}`;
      const entry = { key, event: name, data: '""', publishedAtMs: Date.now(), retention: {} };
      try {
        await log.commit({ entries: [entry], receipts: [] });
        this.acknowledged.add(name);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable);
        this.refused.add(name);
        // Refusals come at once; the timers of the reconnection must get their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const changed = this.#changed;
      this.#changed = Promise.withResolvers();
      changed.resolve();
    }
  }
}

async function storedNames(): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const { streamId } = await log.head(key);
    const from = { streamId, serial: names.length };
    const page = await log.read(key, { direction: 'oldest-first', limit: 1000, from });
    if (page.kind !== 'page') throw new Error(page.reason);
    for (const { event, serial } of page.entries) {
      names.push(event);
      expect(serial).toBe(names.length);
    }
    if (!page.more) return names;
  }
}

async function goesOnAfter(load: Load, interrupt: () => Promise<void>): Promise<void> {
  await load.until(() => load.acknowledged.size >= 200);
  await interrupt();
  const before = load.acknowledged.size;
  await load.until(() => load.acknowledged.size >= before + 200);
}

describe('the channel log', () => {
  it('keeps exactly what it acknowledged when the server is killed under load', async () => {
    const load = new Load(8);
    for (let round = 0; round < 3; round += 1) {
      await goesOnAfter(load, async () => {
        await cluster.kill();
        await cluster.start();
      });
    }
    await load.stop();
    expect(new Set(await storedNames())).toEqual(load.acknowledged);
    expect(load.refused.size).toBeGreaterThan(0);
  });

  it('keeps exactly what it acknowledged when its connections are ended under load', async () => {
    const load = new Load(8);
    for (let round = 0; round < 10; round += 1) {
      await goesOnAfter(load, async () => {
        await runSql(
          cluster,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sockudo'`,
        );
      });
    }
    await load.stop();
    expect(new Set(await storedNames())).toEqual(load.acknowledged);
  });

  it('says that an idle connection was lost, without the connection', async () => {
    const said = Promise.withResolvers<object>();
    const logger = { warn: said.resolve, error() {} };
    const other = await createChannelLog({ connection: cluster.connection, logger });
    await other.head(key);
    await cluster.stop();
    const { err } = (await said.promise) as { err: Error };
    expect(Object.keys(err)).not.toContain('client');
    await cluster.start();
    await other.close();
  });

  it('refuses while the server is away, also to read', async () => {
    await log.commit({
      entries: [{ key, event: 'e', data: '""', publishedAtMs: 1, retention: {} }],
      receipts: [],
    });
    await cluster.stop();
    const entry = { key, event: 'e', data: '""', publishedAtMs: 1, retention: {} };
    for (let count = 0; count < 3; count += 1) {
      await expect(log.commit({ entries: [entry], receipts: [] })).rejects.toBeInstanceOf(StoreUnavailable);
    }
    await expect(log.head(key)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(log.trim()).rejects.toBeInstanceOf(StoreUnavailable);
    await cluster.start();
    expect((await log.head(key)).serial).toBe(1);
  });

  it('stores texts that PostgreSQL would refuse, and refuses no neighbours', async () => {
    const events = ['a\0b', 'a\u0001b', '\u00010', '\u0001e', '\0\u0001', 'plain'];
    await Promise.all(
      events.map((event) =>
        log.commit({ entries: [{ key, event, data: '""', publishedAtMs: 1, retention: {} }], receipts: [] }),
      ),
    );
    expect(await storedNames()).toEqual(events);
  });

  it('refuses a schema of a newer version', async () => {
    await runSql(cluster, 'INSERT INTO sockudo.migrations (version) VALUES (1000)');
    await expect(createChannelLog({ connection: cluster.connection })).rejects.toThrow(
      /start a newer version/,
    );
  });
});

describe('the keyed store', () => {
  it('keeps exactly the batches that it acknowledged when the server is killed under load', async () => {
    const store = await createKeyedStore({ connection: cluster.connection });
    const acknowledged = new Set<string>();
    let isStopped = false;
    const write = async (place: number): Promise<void> => {
      for (let count = 0; !isStopped; count += 1) {
        const names = [`a/${place}-${count}`, `b/${place}-${count}`];
        try {
          const batch = names.map((key) => ({
            kind: 'put' as const,
            key,
            value: '0',
            ifAbsent: true as const,
          }));
          expect(await store.write(batch)).toMatchObject({ kind: 'written' });
          for (const name of names) acknowledged.add(name);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailable);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    const writers = [1, 2, 3, 4].map(write);
    for (let round = 0; round < 3; round += 1) {
      const before = acknowledged.size;
      await expect
        .poll(() => acknowledged.size, { timeout: 30_000, interval: 5 })
        .toBeGreaterThan(before + 200);
      await cluster.kill();
      await cluster.start();
    }
    isStopped = true;
    await Promise.all(writers);
    const stored: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const from: { after?: string } = after === '' ? {} : { after };
      const page = await store.scan({ prefix: '', limit: 1000, ...from });
      stored.push(...page.entries.map(({ key: name }) => name));
      after = page.next;
    }
    expect(new Set(stored)).toEqual(acknowledged);
    await store.close();
  }, 60_000);
});
