// What the file holds of records: never what a failed write or a sync under way may take back, nothing of what is gone, and each
// search without a walk over all of them.
import { rm } from 'node:fs/promises';
import type { ChannelRecord, RecordSearch } from '@sockudo/server/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitOne, draftOf } from '../../core/server/ports/channel-log.contract-support.ts';
import {
  commitAll,
  count,
  listed,
  put,
  remove,
} from '../../core/server/ports/channel-records.contract-support.ts';
import type { SqliteChannelLogOptions } from './index.ts';
import { burstsOf, leaveAllRoom, leaveRoom } from './testing/full-disk.ts';
import { HeldSync } from './testing/held-sync.ts';
import { freshLogFile, openWithRows } from './testing/log-file.ts';

const key = (channel: string) => ({ appId: 'app', channel });

const file = freshLogFile('sockudo-records-');

const open = (given: Partial<SqliteChannelLogOptions> = {}) => openWithRows(file.path, given);

describe('the sync', () => {
  it('holds back the sight of records that change until it has ended (L5)', async () => {
    const sync = new HeldSync();
    const { log, close } = await open({ syncFile: sync.syncFile });
    await commitOne(
      log,
      draftOf(key('a'), { records: [count('r1'), put('r2', { dueAtMs: 20 }), count('r3')] }),
    );
    const ids = (records: readonly ChannelRecord[]) => records.map(({ id, value }) => `${id}=${value}`);
    const search = async (given: Partial<RecordSearch>) =>
      ids(await log.search({ kind: 'run', limit: 9, ...given }));
    const look = async () => ({
      one: await Promise.all(['r1', 'r2', 'r3', 'r4'].map((id) => log.record(key('a'), 'run', id))),
      page: await listed(log, key('a')),
      two: await log.records(key('a'), 'run', { limit: 2 }),
      counted: ids((await log.records(key('a'), 'run', { limit: 9, states: ['counted'] })).records),
      unused: await listed(log, key('b')),
      all: await search({}),
      first: await search({ limit: 1 }),
      open: await search({ state: 'open' }),
      due: await search({ dueByMs: 20 }),
    });
    const before = await look();
    const isHeld = sync.hold();
    const pending = [
      commitAll(log, draftOf(key('a'), { records: [count('r1'), remove('r3'), count('r4')] })),
      log.change(key('a'), put('r2', { state: 'held', dueAtMs: 10, value: '2' })),
      log.change(key('a'), put('r1', { value: '9', dueAtMs: 5 })),
      log.change(key('b'), put('r1', { dueAtMs: 1 })),
    ];
    await isHeld;
    expect(await look()).toEqual(before);
    sync.release();
    await Promise.all(pending);
    expect(await look()).toMatchObject({
      page: ['r1 1 9', 'r2 2 2', 'r4 4 1'],
      counted: ['r4=1'],
      unused: ['r1 1 0'],
      all: ['r1=0', 'r1=9', 'r2=2', 'r4=1'],
      first: ['r1=0'],
      open: ['r1=0', 'r1=9'],
      due: ['r1=0', 'r1=9', 'r2=2'],
    });
    await close();
  });

  it('does not bring back records of a channel that was reset meanwhile', async () => {
    const sync = new HeldSync();
    const { log, close } = await open({ syncFile: sync.syncFile });
    await log.change(key('a'), count('r1'));
    const isHeld = sync.hold();
    const pending = [log.change(key('a'), count('r1')), log.reset(key('a'))];
    await isHeld;
    expect(await log.search({ kind: 'run', limit: 9 })).toEqual([]);
    expect(await log.record(key('a'), 'run', 'r1')).toBeNull();
    sync.release();
    await Promise.all(pending);
    await close();
  });
});

describe('random failures of writes', () => {
  it('leave exactly the changes that were acknowledged, in memory and in the file', async () => {
    const operation = fc.record({
      channel: fc.constantFrom('a', 'b'),
      id: fc.constantFrom('r1', 'r2', 'r3'),
      isAlone: fc.boolean(),
      pages: fc.constantFrom(0, 0, 1, 8, 40),
    });
    await fc.assert(
      fc.asyncProperty(burstsOf(operation), async (all) => {
        const opened = await open();
        const { database } = opened;
        const counts = new Map(
          ['a', 'b'].flatMap((name) => ['r1', 'r2', 'r3'].map((id) => [`${name} ${id}`, 0])),
        );
        const entries = new Map([
          ['a', 0],
          ['b', 0],
        ]);
        leaveRoom(database, 40);
        for (const burst of all) {
          const pending = burst.map(async ({ channel, id, isAlone, pages: size }) => {
            const data = JSON.stringify('x'.repeat(size * 4096));
            if (isAlone) await opened.log.change(key(channel), count(id));
            else {
              await commitOne(opened.log, draftOf(key(channel), { data, records: [count(id)] }));
              entries.set(channel, (entries.get(channel) ?? 0) + 1);
            }
            const name = `${channel} ${id}`;
            counts.set(name, (counts.get(name) ?? 0) + 1);
          });
          await Promise.allSettled(pending);
        }
        const expectExactly = async ({ log }: Pick<typeof opened, 'log'>): Promise<void> => {
          for (const [name, wanted] of counts) {
            const [channel = '', id = ''] = name.split(' ');
            expect(Number((await log.record(key(channel), 'run', id))?.value ?? 0)).toBe(wanted);
          }
          for (const [channel, wanted] of entries) expect((await log.head(key(channel))).serial).toBe(wanted);
        };
        await expectExactly(opened);
        leaveAllRoom(database);
        await opened.close();
        const again = await open();
        await expectExactly(again);
        await again.close();
        await rm(file.folder, { recursive: true });
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('the file', () => {
  it('holds nothing of channels that were reset, also where they had records alone', async () => {
    const { log, count: rows, close } = await open();
    const many = Array.from({ length: 700 }, (_, index) => count(`r${index}`));
    await log.change(key('a'), count('r1'));
    await commitOne(log, draftOf(key('b'), { records: many }));
    await log.change(key('c'), count('r1'));
    for (const name of ['a', 'b']) await log.reset(key(name));
    await log.trim();
    expect(rows('channel_records')).toBe(1);
    expect(rows('channel_record_kinds')).toBe(1);
    expect(rows('channels WHERE channel IS NULL')).toBe(0);
    await close();
  });

  it('forgets how far a channel had counted together with the channel, and no channel that has records', async () => {
    const { log, clock, count: rows, close } = await open();
    await log.change(key('a'), count('r1'));
    await log.change(key('b'), count('r1'));
    await log.change(key('b'), remove('r1'));
    const heads = await Promise.all(['a', 'b'].map((name) => log.head(key(name))));
    clock.nowMs += 8 * 24 * 3_600_000;
    await log.trim();
    expect(rows('channels')).toBe(1);
    expect(rows('channel_record_kinds')).toBe(1);
    expect(await log.head(key('a'))).toEqual(heads[0]);
    expect((await log.head(key('b'))).streamId).not.toBe(heads[1]?.streamId);
    await close();
  });

  it('is searched by way of an index, in the order of the answer where a state or a due time is named', async () => {
    const { log, database, close } = await open();
    const prepare = database.connection.prepare.bind(database.connection);
    const plans: string[] = [];
    // The channels that are left out come as a list, which is gone through once.
    const ofTheList = /^(LIST SUBQUERY|SCAN json_each|CREATE BLOOM FILTER)/;
    database.connection.prepare = (query: string) => {
      const names = { ':kind': '', ':appId': '', ':channelPrefix': '', ':limit': 1 };
      const given = Object.fromEntries(
        Object.entries({ ...names, ':state': '', ':dueByMs': 1 }).filter(([name]) => query.includes(name)),
      );
      plans.push(
        prepare(`EXPLAIN QUERY PLAN ${query}`)
          .all(given)
          .map(({ detail }) => String(detail))
          .filter((step) => !ofTheList.test(step))
          .join('; '),
      );
      return prepare(query);
    };
    await log.search({ kind: 'run', state: 'open', limit: 1 });
    await log.search({ kind: 'run', dueByMs: 1, limit: 1 });
    await log.search({ kind: 'run', state: 'open', dueByMs: 1, limit: 1 });
    const channel = 'SEARCH channels USING INTEGER PRIMARY KEY (rowid=?)';
    expect(plans).toEqual([
      `SEARCH records USING INDEX channel_records_by_state (kind=? AND state=?); ${channel}`,
      `SEARCH records USING INDEX channel_records_by_due (kind=? AND due_at_ms<?); ${channel}`,
      `SEARCH records USING INDEX channel_records_by_state (kind=? AND state=? AND due_at_ms<?); ${channel}`,
    ]);
    await close();
  });
});
