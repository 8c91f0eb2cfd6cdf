import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyedStoreContract } from '../../core/server/ports/keyed-store.contract.ts';
import { put, scanAll, writeAll } from '../../core/server/ports/keyed-store.contract-support.ts';
import { createChannelLog, createKeyedStore, openDatabase } from './index.ts';
import { KeyedTable } from './keyed-table.ts';
import { freshLogFile } from './testing/log-file.ts';

keyedStoreContract('sqlite', async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-keyed-'));
  const path = join(folder, 'store.db');
  let store = await createKeyedStore({ path, ...options });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await createKeyedStore({ path, ...options });
      return store;
    },
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('the keyed store in the SQLite file', () => {
  const file = freshLogFile('sockudo-keyed-');

  it('shares the file with the log, in either order of closing, and is one a file', async () => {
    const { path } = file;
    const log = await createChannelLog({ path });
    const store = await createKeyedStore({ path });
    await expect(createKeyedStore({ path })).rejects.toThrow('has a keyed store open already');
    await log.close();
    await writeAll(store, put('a'));
    await store.close();
    const again = await createKeyedStore({ path });
    expect(await again.get('a')).not.toBeNull();
    await again.close();
  });

  it('refuses a batch that the file does not take, and takes the next one', async () => {
    const { path } = file;
    const store = await createKeyedStore({ path });
    await writeAll(store, put('a'));
    const database = openDatabase({ path });
    database.connection.exec(`CREATE TRIGGER broken BEFORE INSERT ON keyed_entries WHEN NEW.key = 'bad'
      BEGIN SELECT RAISE(ABORT, 'no'); END`);
    const writes = [store.write([put('b')]), store.write([put('c'), put('bad')]), store.write([put('d')])];
    const outcomes = (await Promise.allSettled(writes)).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await scanAll(store, { prefix: '', limit: 9 })).map(({ key }) => key)).toEqual(['a', 'b', 'd']);
    await database.release();
    await store.close();
  });

  it('says with an empty page that it passed over many ended entries', async () => {
    const clock = { nowMs: 0 };
    const store = await createKeyedStore({ path: file.path, now: () => clock.nowMs });
    for (let batch = 0; batch < 3; batch += 1) {
      const keys = Array.from({ length: 999 }, (_, index) => `e/${batch}/${index}`);
      await writeAll(store, ...keys.map((key) => put(key, { expiresAtMs: 1 })));
    }
    await writeAll(store, put('e/z'));
    clock.nowMs = 1;
    expect(await store.scan({ prefix: 'e/', limit: 5 })).toMatchObject({ entries: [], next: 'e/1/0' });
    expect(await scanAll(store, { prefix: 'e/', limit: 5 })).toMatchObject([{ key: 'e/z' }]);
    await store.close();
  });

  it('removes ended entries, the first to end first, no more than asked at once', async () => {
    const clock = { nowMs: 0 };
    const store = await createKeyedStore({ path: file.path, now: () => clock.nowMs });
    await writeAll(
      store,
      ...[3, 1, 2].map((expiresAtMs) => put(`e${expiresAtMs}`, { expiresAtMs })),
      put('f'),
    );
    const database = openDatabase({ path: file.path });
    const table = new KeyedTable(database.connection);
    const keys = () =>
      database.connection
        .prepare('SELECT key FROM keyed_entries')
        .all()
        .map(({ key }) => key);
    expect(table.removeEnded(2, 1)).toBe(1);
    expect(keys()).toEqual(['e2', 'e3', 'f']);
    expect(table.removeEnded(2, 9)).toBe(1);
    expect(keys()).toEqual(['e3', 'f']);
    const plan = database.connection
      .prepare(
        'EXPLAIN QUERY PLAN SELECT key FROM keyed_entries WHERE expires_at_ms <= ? ORDER BY expires_at_ms',
      )
      .all(2);
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH keyed_entries USING COVERING INDEX keyed_entries_by_end (expires_at_ms<?)',
    ]);
    await database.release();
    await store.close();
  });
});
