// What leaves the file, and when: rows below the floor, channels that were reset or stay empty, receipts, recent entries.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commitMany, commitOne, draftOf } from '../../core/server/ports/channel-log.contract-support.ts';
import {
  createChannelLog,
  type Database,
  openDatabase,
  type SqliteChannelLog,
  type SqliteChannelLogOptions,
} from './index.ts';

const DAY_MS = 24 * 3_600_000;
const key = (channel: string) => ({ appId: 'app', channel });

let folder = '';
let nowMs = 1_700_000_000_000;
let log: SqliteChannelLog;
let database: Database;

async function open(given: Partial<SqliteChannelLogOptions> = {}): Promise<void> {
  const path = join(folder, 'log.db');
  log = await createChannelLog({ path, now: () => nowMs, ...given });
  database = openDatabase({ path });
}

async function close(): Promise<void> {
  await database.release();
  await log.close();
}

function rows(table: string): number {
  return Number(database.connection.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-sweep-'));
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

describe('the retention sweep', () => {
  it('removes the rows that nobody may see any more', async () => {
    await open({ maxRecentEntries: 8 });
    await commitMany(log, key('count'), 500, { retention: {} });
    await commitMany(log, key('count'), 40, { retention: { messages: 10 } });
    await commitMany(log, key('purged'), 300);
    await log.purge(key('purged'));
    await log.trim();
    expect(rows('entries')).toBe(10);
    expect(rows('recent')).toBe(0);
  });

  it('works on its own clock once a channel has a surplus', async () => {
    await open({ maxRecentEntries: 8 });
    for (let index = 0; index < 300; index += 1) {
      await commitOne(log, draftOf(key('a'), { retention: { messages: 10 } }));
    }
    await vi.waitFor(() => expect(rows('entries')).toBeLessThan(100), { timeout: 30_000 });
    expect((await log.state(key('a'))).messages).toBe(10);
  });

  it('removes the channel that a reset left behind, with its entries', async () => {
    await open({ maxRecentEntries: 8 });
    await commitMany(log, key('a'), 600);
    await log.reset(key('a'));
    await commitMany(log, key('a'), 20);
    expect(rows('channels')).toBe(2);
    await log.trim();
    expect(rows('channels')).toBe(1);
    expect(rows('entries') + rows('recent')).toBe(20);
    expect(await log.state(key('a'))).toMatchObject({ oldestSerial: 1, messages: 20 });
  });

  it('forgets a channel that has been empty for a week; its old positions are gaps then', async () => {
    await open({ maxRecentEntries: 1 });
    await commitOne(log, draftOf(key('a'), { publishedAtMs: nowMs, retention: { ageMs: 1000 } }));
    await commitOne(log, draftOf(key('b'), { publishedAtMs: nowMs }));
    await commitOne(log, draftOf(key('b'), { publishedAtMs: nowMs }));
    const used = await log.head(key('a'));
    const unused = await log.head(key('unused'));
    nowMs += 6 * DAY_MS;
    await log.trim();
    await commitOne(log, draftOf(key('b'), { publishedAtMs: nowMs }));
    await log.trim();
    expect(await log.head(key('a'))).toEqual(used);
    expect(await log.head(key('unused'))).toEqual(unused);
    nowMs += 2 * DAY_MS;
    await log.trim();
    expect(rows('channels')).toBe(1);
    const renewed = await log.head(key('a'));
    expect(renewed.serial).toBe(0);
    expect(renewed.streamId).not.toBe(used.streamId);
    expect((await log.head(key('unused'))).streamId).not.toBe(unused.streamId);
    const range = { direction: 'oldest-first', limit: 1, from: used } as const;
    expect(await log.read(key('a'), range)).toMatchObject({ kind: 'gap', reason: 'other-stream' });
    expect((await log.head(key('b'))).serial).toBe(3);
  });

  it('removes receipts that have ended, over any number of slices', async () => {
    await open();
    for (let batch = 0; batch < 20; batch += 1) {
      const receipts = Array.from({ length: 100 }, (_, index) => ({
        scope: `scope-${index % 3}`,
        key: `${batch}-${index}`,
        expiresAtMs: nowMs + (index % 2 === 0 ? 1000 : DAY_MS),
        answer: () => 'answer',
      }));
      await log.commit({ entries: [], receipts });
    }
    nowMs += 1000;
    await log.trim();
    expect(rows('receipts')).toBe(1000);
    expect(await log.receipt('scope-1', '19-1')).not.toBeNull();
  });
});

describe('channels that were never written to', () => {
  it('have a stream id that is theirs alone, survives a restart, and takes no row', async () => {
    await open();
    const names = ['a', 'b', 'c'];
    const before = await Promise.all(names.map((name) => log.head(key(name))));
    expect(new Set(before.map(({ streamId }) => streamId)).size).toBe(3);
    for (const { streamId } of before) {
      expect(streamId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(rows('channels')).toBe(0);
    await close();
    await open();
    expect(await Promise.all(names.map((name) => log.head(key(name))))).toEqual(before);
    expect(await commitOne(log, draftOf(key('b')))).toMatchObject({
      streamId: before[1]?.streamId,
      serial: 1,
    });
  });
});
