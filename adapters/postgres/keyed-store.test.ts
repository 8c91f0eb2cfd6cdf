import type { KeyedStore } from '@sockudo/server/ports';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyedStoreContract } from '../../core/server/ports/keyed-store.contract.ts';
import {
  check,
  put,
  remove,
  scanAll,
  writeAll,
} from '../../core/server/ports/keyed-store.contract-support.ts';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createKeyedStore, openStores, type PostgresKeyedStoreOptions } from './index.ts';
import { runSql, unusedSchema } from './testing/open-log.ts';

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

const open = (schema: string, options: Partial<PostgresKeyedStoreOptions> = {}) =>
  createKeyedStore({ connection: cluster.connection, schema, ...options });

keyedStoreContract(
  'postgres',
  async ({ now }) => {
    const schema = unusedSchema();
    let store = await open(schema, { now });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await open(schema, { now });
        return store;
      },
      close: async () => {
        await store.close();
        await runSql(cluster, `SET client_min_messages = warning; DROP SCHEMA ${schema} CASCADE`);
      },
    };
  },
  { runs: 15 },
);

describe('the keyed store of two nodes', () => {
  async function withNodes(test: (nodes: readonly [KeyedStore, KeyedStore]) => Promise<void>): Promise<void> {
    const schema = unusedSchema();
    const nodes = await Promise.all([open(schema), open(schema)]);
    try {
      await test(nodes);
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('shows on each what the other wrote', () =>
    withNodes(async ([one, other]) => {
      const revision = await writeAll(one, put('a', { value: '1' }));
      expect(await other.get('a')).toMatchObject({ value: '1', revision });
      await writeAll(other, remove('a', revision));
      expect(await one.get('a')).toBeNull();
    }));

  it('lets one of the two make each entry, with all that goes with it', () =>
    withNodes(async (nodes) => {
      const winners: string[] = [];
      await Promise.all(
        upTo(200).flatMap((number) =>
          nodes.map(async (node, place) => {
            const batch = [
              put(`of/${number}`, { value: String(place), ifAbsent: true }),
              put(`by/${number}/${place}`),
            ];
            if ((await node.write(batch)).kind === 'written') winners.push(`by/${number}/${place}`);
          }),
        ),
      );
      const kept = await scanAll(nodes[0], { prefix: 'by/', limit: 70 });
      expect(kept.map(({ key }) => key).sort()).toEqual(winners.sort());
      expect(winners).toHaveLength(200);
      const revisions = kept.map(({ revision }) => revision);
      expect(new Set(revisions).size).toBe(200);
    }));

  it(
    'loses no addition to counters that several batches change in different orders',
    () =>
      withNodes(async (nodes) => {
        const names = ['a', 'b', 'c'];
        const add = async (node: KeyedStore, first: string, second: string): Promise<void> => {
          for (;;) {
            const entries = await node.getMany([first, second]);
            const batch = [first, second].map((key, index) => {
              const entry = entries[index];
              const value = String(Number(entry?.value ?? 0) + 1);
              return entry
                ? put(key, { value, ifRevision: entry.revision })
                : put(key, { value, ifAbsent: true });
            });
            if ((await node.write(batch)).kind === 'written') return;
          }
        };
        await Promise.all(
          upTo(30).flatMap((number) =>
            nodes.map((node, place) =>
              add(node, names[(number + place) % 3] ?? '', names[(number + 2 * place + 1) % 3] ?? ''),
            ),
          ),
        );
        const sum = (await nodes[0].getMany(names)).reduce((total, entry) => total + Number(entry?.value), 0);
        expect(sum).toBe(120);
      }),
    60_000,
  );

  it(
    'makes and removes the same entries again and again without losing order',
    () =>
      withNodes(async (nodes) => {
        // Whoever makes the entry removes it: after all of it nothing is left, and nobody was ever refused twice for one removal.
        const run = async (node: KeyedStore): Promise<number> => {
          let made = 0;
          while (made < 40) {
            const result = await node.write([put('lease', { ifAbsent: true })]);
            if (result.kind === 'conflict') continue;
            made += 1;
            expect(await node.write([check('lease', result.revision)])).toMatchObject({ kind: 'written' });
            expect(await node.write([remove('lease', result.revision)])).toMatchObject({ kind: 'written' });
          }
          return made;
        };
        expect(await Promise.all(nodes.map(run))).toEqual([40, 40]);
        expect(await nodes[0].get('lease')).toBeNull();
      }),
    60_000,
  );
});

describe('the keyed store on PostgreSQL', () => {
  it('removes the rows of ended entries, whatever their number', async () => {
    const clock = { nowMs: 0 };
    const schema = unusedSchema();
    const { channelLog, keyedStore } = await openStores({
      connection: cluster.connection,
      schema,
      now: () => clock.nowMs,
    });
    await channelLog.close();
    for (let batch = 0; batch < 2; batch += 1) {
      const keys = Array.from({ length: 700 }, (_, index) => `e/${batch}/${index}`);
      await writeAll(keyedStore, ...keys.map((key) => put(key, { expiresAtMs: 10 })));
    }
    await writeAll(keyedStore, put('e/later', { expiresAtMs: 11 }), put('e/never'));
    clock.nowMs = 10;
    await keyedStore.sweep();
    expect(await runSql(cluster, `SELECT key FROM ${schema}.keyed_entries ORDER BY key`)).toEqual([
      { key: 'e/later' },
      { key: 'e/never' },
    ]);
    await keyedStore.close();
  });

  it('reads a page and what has ended by their indexes', async () => {
    const schema = unusedSchema();
    const store = await open(schema);
    const client = new pg.Client({
      ...cluster.connection,
      options: '-c enable_seqscan=off -c enable_bitmapscan=off',
    });
    await client.connect();
    const plan = async (query: string): Promise<string> => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${query}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const entries = `${schema}.keyed_entries`;
    const page = await plan(`SELECT * FROM ${entries} WHERE key >= 'a' AND key < 'b' ORDER BY key LIMIT 9`);
    expect(page).toContain('Index Scan using keyed_entries_pkey');
    expect(page).not.toContain('Sort');
    const ended = await plan(
      `SELECT key FROM ${entries} WHERE expires_at_ms <= 9 ORDER BY expires_at_ms LIMIT 9`,
    );
    expect(ended).toContain('Index Scan using keyed_entries_by_end');
    await client.end();
    await store.close();
  });
});
