// What the log does when the disk doesn't: no room, a failed sync, a slow sync, and a write-ahead log under steady load.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChannelLog, StoreUnavailable } from '@sockudo/server/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitMany, commitOne, draftOf } from '../../core/server/ports/channel-log.contract-support.ts';
import { createChannelLog, openDatabase } from './index.ts';
import { freshLogFile } from './testing/log-file.ts';

const key = { appId: 'app', channel: 'room' };

const file = freshLogFile('sockudo-failure-');

describe('a full disk', () => {
  it('rejects what does not fit, keeps its neighbours, uses no serial and goes on when there is room', async () => {
    const log = await createChannelLog({ path: file.path });
    const database = openDatabase({ path: file.path });
    const pages = Number(Object.values(database.connection.prepare('PRAGMA page_count').get() ?? {})[0]);
    database.connection.exec(`PRAGMA max_page_count = ${pages + 50}`);
    const large = draftOf(key, { data: JSON.stringify('x'.repeat(1_000_000)) });
    const [first, refused, second] = await Promise.allSettled([
      commitOne(log, draftOf(key)),
      commitOne(log, large),
      commitOne(log, draftOf(key)),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { serial: 1 } });
    expect(refused).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
    expect(refused.status === 'rejected' && refused.reason.cause).toMatchObject({ errcode: 13 });
    expect(second).toMatchObject({ status: 'fulfilled', value: { serial: 2 } });
    await expect(commitOne(log, large)).rejects.toBeInstanceOf(StoreUnavailable);
    expect((await log.head(key)).serial).toBe(2);
    database.connection.exec('PRAGMA max_page_count = 1000000');
    expect((await commitOne(log, large)).serial).toBe(3);
    await database.release();
    await log.close();
  });

  it('leaves receipts of refused commits free', async () => {
    const log = await createChannelLog({ path: file.path });
    const database = openDatabase({ path: file.path });
    const commit = {
      entries: [draftOf(key, { data: JSON.stringify('x'.repeat(1_000_000)) })],
      receipts: [{ scope: 's', key: 'k', expiresAtMs: Date.now() + 60_000, answer: () => 'answer' }],
    };
    database.connection.exec('PRAGMA max_page_count = 60');
    await expect(log.commit(commit)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await log.receipt('s', 'k')).toBeNull();
    database.connection.exec('PRAGMA max_page_count = 1000000');
    expect((await log.commit(commit)).kind).toBe('committed');
    await database.release();
    await log.close();
  });
});

describe('random failures of writes', () => {
  it('leave exactly what was acknowledged, in memory and in the file', async () => {
    const commits = fc.array(
      fc.record({ channel: fc.nat({ max: 2 }), pages: fc.constantFrom(0, 0, 0, 1, 8, 30) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(commits, { minLength: 5, maxLength: 30, size: 'max' }), async (bursts) => {
        const options = { path: file.path, maxRecentEntries: 4 };
        const log = await createChannelLog(options);
        const database = openDatabase({ path: file.path });
        const accepted = new Map<string, string[]>();
        let texts = 0;
        database.connection.exec('PRAGMA max_page_count = 60');
        for (const burst of bursts) {
          const commits = burst.map(async ({ channel, pages }) => {
            texts += 1;
            const name = `channel-${channel}`;
            const data = JSON.stringify(`${texts}`.padEnd(pages * 4096));
            await commitOne(log, draftOf({ appId: 'app', channel: name }, { data }));
            accepted.set(name, [...(accepted.get(name) ?? []), data]);
          });
          await Promise.allSettled(commits);
        }
        await expectExactly(log, accepted);
        database.connection.exec('PRAGMA max_page_count = 1000000');
        for (const [channel, texts] of accepted) {
          const entry = await commitOne(log, draftOf({ appId: 'app', channel }, { data: '"room again"' }));
          expect(entry.serial).toBe(texts.push(entry.data));
        }
        await database.release();
        await log.close();
        const again = await createChannelLog(options);
        await expectExactly(again, accepted);
        await again.close();
        await rm(file.folder, { recursive: true });
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('the sync', () => {
  it('holds back acknowledgement and sight of entries until it has ended (L5)', async () => {
    const syncs: (() => void)[] = [];
    let isHeld = true;
    let onSync = (): void => {};
    const log = await createChannelLog({
      path: file.path,
      syncFile: (_, done) => {
        if (!isHeld) return done(null);
        syncs.push(() => done(null));
        onSync();
      },
    });
    const nextSync = () =>
      new Promise<void>((resolve) => {
        onSync = resolve;
      });

    let synced = nextSync();
    const first = commitOne(log, draftOf(key));
    await synced;
    syncs.shift()?.();
    await first;

    synced = nextSync();
    let isAcknowledged = false;
    const second = commitOne(log, draftOf(key)).then(() => {
      isAcknowledged = true;
    });
    await synced;
    const range = { direction: 'oldest-first', limit: 9 } as const;
    const page = await log.read(key, range);
    expect(page).toMatchObject({ kind: 'page', head: { serial: 1 }, more: false });
    expect(page.kind === 'page' && page.entries.length).toBe(1);
    expect((await log.head(key)).serial).toBe(1);
    expect(await log.state(key)).toMatchObject({ messages: 1, bytes: 11, newestSerial: 1 });
    expect(isAcknowledged).toBe(false);
    syncs.shift()?.();
    await second;
    expect(await log.state(key)).toMatchObject({ messages: 2, bytes: 22, newestSerial: 2 });
    isHeld = false;
    await log.close();
  });

  it('stops the log when it fails: nothing is acknowledged any more, and the reason is named', async () => {
    const log = await createChannelLog({
      path: file.path,
      syncFile: (_, done) => done(new Error('input/output error')),
    });
    const pending = [commitOne(log, draftOf(key)), commitOne(log, draftOf(key))];
    for (const commit of pending) await expect(commit).rejects.toThrow('sync of the write-ahead log failed');
    const later = commitOne(log, draftOf(key));
    await expect(later).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(later).rejects.toMatchObject({ cause: { message: 'input/output error' } });
    expect((await log.head(key)).serial).toBe(0);
    await log.close();
  });
});

async function expectExactly(log: ChannelLog, accepted: ReadonlyMap<string, string[]>): Promise<void> {
  for (const [channel, texts] of accepted) {
    const page = await log.read({ appId: 'app', channel }, { direction: 'oldest-first', limit: 10_000 });
    if (page.kind !== 'page') throw new Error(`a page was expected, not a gap (${page.reason})`);
    expect(page.entries.map(({ data }) => data)).toEqual(texts);
    expect(page.entries.map(({ serial }) => serial)).toEqual(texts.map((_, index) => index + 1));
    expect(page.head.serial).toBe(texts.length);
  }
}

describe('the write-ahead log', () => {
  it('stays bounded under steady load, and the data arrives in the file', async () => {
    const walBytes = 1024 * 1024;
    const log = await createChannelLog({ path: file.path, walBytes });
    let largest = 0;
    const publish = async (channel: string): Promise<void> => {
      const given = { data: JSON.stringify('x'.repeat(2000)), retention: {} };
      for (let index = 0; index < 250; index += 1) {
        await commitOne(log, draftOf({ appId: 'app', channel }, given));
        if (index % 10 === 0) largest = Math.max(largest, (await stat(`${file.path}-wal`)).size);
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, index) => publish(`channel-${index}`)));
    expect(largest).toBeGreaterThan(walBytes);
    expect(largest).toBeLessThan(10 * walBytes);
    expect((await stat(file.path)).size).toBeGreaterThan(10 * walBytes);
    await log.close();
  }, 120_000);
});

describe('a file that is not ours', () => {
  it('is refused and left alone', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const foreign = new DatabaseSync(file.path);
    foreign.exec('CREATE TABLE things (name TEXT)');
    foreign.close();
    await expect(createChannelLog({ path: file.path })).rejects.toThrow('a database of another program');
    const newer = join(file.folder, 'newer.db');
    const log = await createChannelLog({ path: newer });
    await commitMany(log, key, 1);
    await log.close();
    const changed = new DatabaseSync(newer);
    changed.exec('PRAGMA user_version = 999');
    changed.close();
    await expect(createChannelLog({ path: newer })).rejects.toThrow(
      'written by a newer version (schema 999)',
    );
  });
});
