// What the file holds of messages that change: nothing of what is gone, everything of an older file, and never what a failed
// write or a sync under way may take back.
import { rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { createVersionSerials } from '@sockudo/protocol';
import type { MessageState, Retention, VersionDraft } from '@sockudo/server/ports';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { commitOne, draftOf } from '../../core/server/ports/channel-log.contract-support.ts';
import {
  annotate,
  annotationOf,
  change,
  createMessage,
  type MessageHandle,
  mutationOf,
} from '../../core/server/ports/message-log.contract-support.ts';
import type { SqliteChannelLogOptions } from './index.ts';
import { migrate } from './migrations.ts';
import { burstsOf, leaveAllRoom, leaveRoom } from './testing/full-disk.ts';
import { HeldSync } from './testing/held-sync.ts';
import { freshLogFile, type OpenedLog, openWithRows } from './testing/log-file.ts';

const TABLES = ['entries', 'recent', 'versions', 'recent_versions', 'annotations', 'projections'] as const;
const key = (channel: string) => ({ appId: 'app', channel });

const file = freshLogFile('sockudo-messages-');

const open = (given: Partial<SqliteChannelLogOptions> = {}) => openWithRows(file.path, given);

describe('the file', () => {
  it('holds the rows of known messages and no others, whatever happened', async () => {
    const channel = fc.nat({ max: 1 });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('create' as const), channel }) },
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constantFrom('append' as const, 'annotate' as const),
          channel,
          message: fc.nat({ max: 4 }),
          count: fc.constantFrom(1, 1, 5, 300),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('purge' as const, 'reset' as const), channel }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 60) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const) }) },
    );
    const retention = fc.constantFrom<Retention>(
      {},
      { messages: 2 },
      { ageMs: 100 },
      { messages: 2, versionsAgeMs: 50 },
    );
    const histories = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });
    const recentRows = fc.constantFrom(1, 3, 8, 8192);
    await fc.assert(
      fc.asyncProperty(histories, retention, recentRows, async (steps, kept, maxRecentEntries) => {
        const opened = await open({ maxRecentEntries });
        const { log, clock, count } = opened;
        const messages: MessageHandle[] = [];
        for (const next of steps) {
          if (next.kind === 'wait') clock.nowMs += next.ms;
          else if (next.kind === 'trim') await log.trim();
          else await take(opened, next, kept, messages);
        }
        await log.trim();
        const known = await Promise.all(
          messages.map(({ key: of, messageSerial }) => log.message(of, messageSerial)),
        );
        expect(count('entries')).toBe(known.filter((state) => state !== null).length);
        expect(count('recent') + count('recent_versions')).toBe(0);
        for (const table of ['versions', 'annotations', 'projections']) {
          const orphans = `${table} AS one WHERE NOT EXISTS (SELECT 1 FROM entries WHERE
            entries.channel_id = one.channel_id AND entries.serial = one.history_serial)`;
          expect(count(orphans)).toBe(0);
        }
        await log.purge(key('0'));
        await log.reset(key('1'));
        await log.trim();
        for (const table of TABLES) expect(count(table)).toBe(0);
        expect(count('channels WHERE channel IS NULL')).toBe(0);
        await opened.close();
        await rm(file.folder, { recursive: true });
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('keeps the create of versions that are still to come to their place', async () => {
    const opened = await open({ maxRecentEntries: 8 });
    const { log, clock, count } = opened;
    const retention = { messages: 1, versionsAgeMs: 50 };
    const message = await createMessage(opened, key('a'), { retention });
    await change(opened, message, { retention });
    clock.nowMs += 51;
    for (let index = 0; index < 100; index += 1) await commitOne(log, draftOf(key('a'), { retention }));
    await vi.waitFor(() => expect(count('entries')).toBeLessThan(90), { timeout: 30_000 });
    expect([count('entries WHERE serial = 1'), count('recent_versions'), count('versions')]).toEqual([
      1, 1, 0,
    ]);
    await log.trim();
    expect([count('entries'), count('recent_versions'), count('versions')]).toEqual([1, 0, 0]);
    await opened.close();
  });

  it('removes a message of many thousand rows in slices', async () => {
    const opened = await open({ maxRecentEntries: 100 });
    const { log, count } = opened;
    const message = await createMessage(opened, key('a'));
    await Promise.all(Array.from({ length: 3000 }, () => change(opened, message)));
    await Promise.all(Array.from({ length: 700 }, () => annotate(opened, message)));
    const other = await createMessage(opened, key('a'));
    await change(opened, other);
    await log.purge(key('a'), { serial: other.create.serial });
    const { transactions } = log.counts;
    await log.trim();
    expect(log.counts.transactions - transactions).toBeGreaterThan(10);
    expect([count('entries'), count('versions'), count('annotations'), count('projections')]).toEqual([
      1, 1, 0, 0,
    ]);
    await opened.close();
  });
});

async function take(
  opened: OpenedLog,
  next: { kind: string; channel: number; message?: number; count?: number },
  retention: Retention,
  messages: MessageHandle[],
): Promise<void> {
  const { log, clock } = opened;
  const of = key(String(next.channel));
  if (next.kind === 'create') messages.push(await createMessage(opened, of, { retention }));
  else if (next.kind === 'purge') await log.purge(of, { timeMs: clock.nowMs - 20 });
  else if (next.kind === 'reset') await log.reset(of);
  else {
    const message = messages.filter((one) => one.key.channel === of.channel).at(-1 - (next.message ?? 0));
    if (message === undefined) return;
    const each = Array.from({ length: next.count ?? 1 }, () =>
      next.kind === 'append'
        ? log.mutate(mutationOf(opened, message, { retention }))
        : log.annotate(annotationOf(opened, message, { retention })),
    );
    await Promise.all(each);
  }
}

describe('the sync', () => {
  it('holds back the sight of changes until it has ended (L5)', async () => {
    const sync = new HeldSync();
    const opened = await open({ syncFile: sync.syncFile });
    const { log } = opened;
    const message = await createMessage(opened, key('a'));
    await change(opened, message);
    const note = await annotate(opened, message);
    const look = async () => ({
      head: await log.head(key('a')),
      text: (await log.message(key('a'), message.messageSerial))?.data(),
      versions: (await log.versions(key('a'), message.messageSerial, { direction: 'newest-first', limit: 9 }))
        ?.entries.length,
      rows: await log
        .rows(key('a'), { direction: 'newest-first', limit: 9 })
        .then((result) =>
          result.kind === 'page' ? result.rows.map(({ latest }) => latest?.deliverySerial) : null,
        ),
      notes: (await log.annotations(key('a'), message.messageSerial, { limit: 9 })).records,
      note: await log.annotation(key('a'), note.record.annotationSerial),
      projections: (await log.projections(key('a'), 9)).map(({ state }) => state),
      replay: await log
        .replay(key('a'), { ...(await log.head(key('a'))), serial: 1 }, 9)
        .then((result) =>
          result.kind === 'page' ? result.entries.map(({ serial }) => serial) : result.reason,
        ),
    });
    const before = await look();
    const isHeld = sync.hold();
    const { annotationSerial: targetSerial } = note.record;
    const pending = [
      change(opened, message, { data: '"!"' }),
      annotate(opened, message, { targetSerial }),
      annotate(opened, message, { type: 'other:total.v1' }),
    ];
    await isHeld;
    expect(await look()).toEqual(before);
    sync.release();
    await Promise.all(pending);
    expect(await look()).toMatchObject({
      head: { serial: 6 },
      text: '"data+!"',
      versions: 3,
      rows: [4],
      projections: ['0', '1'],
      replay: [2, 3, 4, 5, 6],
    });
    expect((await look()).note).toHaveProperty('deletedBy');
    await opened.close();
  });
});

describe('random failures of writes', () => {
  it('leave exactly the changes that were acknowledged, in memory and in the file', async () => {
    const operation = fc.record({
      kind: fc.constantFrom('append' as const, 'rewrite' as const, 'annotate' as const),
      message: fc.nat({ max: 3 }),
      pages: fc.constantFrom(0, 0, 0, 1, 8, 40),
    });
    await fc.assert(
      fc.asyncProperty(burstsOf(operation), async (all) => {
        const opened = await open({ maxRecentEntries: 4 });
        const { database } = opened;
        const messages: (MessageHandle & { text: string; notes: number })[] = [];
        for (const channel of ['a', 'a', 'b', 'c']) {
          const message = await createMessage(opened, key(channel), { data: '""' });
          messages.push({ ...message, text: '', notes: 0 });
        }
        leaveRoom(database, 40);
        for (const burst of all) {
          const pending = burst.map(async ({ kind, message: index, pages: size }) => {
            const message = messages[index];
            if (message === undefined) return;
            if (kind === 'annotate') {
              await annotate(opened, message, { type: 'x', name: 'n'.repeat(size * 4096) });
              message.notes += 1;
              return;
            }
            const text = `${index}`.padEnd(1 + size * 4096);
            // A rewrite reads the text that the changes before it leave, some of which may be taken back.
            const rewrite = {
              apply: ({ data, event }: MessageState): VersionDraft => ({
                action: 'update',
                data: JSON.stringify(JSON.parse(data() ?? '""') + text),
                event,
              }),
            };
            await change(opened, message, kind === 'append' ? { data: JSON.stringify(text) } : rewrite);
            message.text += text;
          });
          await Promise.allSettled(pending);
        }
        const expectExactly = async ({ log: given }: Pick<OpenedLog, 'log'>): Promise<void> => {
          for (const { key: of, messageSerial, text, notes } of messages) {
            expect((await given.message(of, messageSerial))?.data()).toBe(JSON.stringify(text));
            expect((await given.annotations(of, messageSerial, { limit: 9999 })).records.length).toBe(notes);
            const ofMessage = (await given.projections(of, 99)).find(
              (one) => one.messageSerial === messageSerial,
            );
            expect(ofMessage?.state ?? '0').toBe(String(notes));
          }
          for (const channel of ['a', 'b', 'c']) {
            const replay = await given.replay(
              key(channel),
              { ...(await given.head(key(channel))), serial: 0 },
              9999,
            );
            expect(replay).toMatchObject({ kind: 'page', more: false });
          }
        };
        await expectExactly(opened);
        leaveAllRoom(database);
        await opened.close();
        const again = await open({ maxRecentEntries: 4 });
        await expectExactly(again);
        await again.close();
        await rm(file.folder, { recursive: true });
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('a file of the first schema', () => {
  it('is brought to this one with all that it holds', async () => {
    const old = new DatabaseSync(file.path);
    migrate(old, file.path, 1);
    const serials = createVersionSerials('node-1', Date.now);
    const message = serials.next(3);
    old.exec(`
      INSERT INTO channels VALUES (7, 'app', 'a', 'stream-a', 3, 2, 30, 1000, 1000, NULL, 100, NULL);
      INSERT INTO entries VALUES (7, 2, 1000, 10, 'event', '"two"', 'id-2', NULL, 'u', '{}', '{"a":1}');
      INSERT INTO entries VALUES (7, 3, 1000, 20, 'event', '"three"', NULL, '${message}', NULL, NULL, NULL);
      INSERT INTO recent VALUES (1, 7, 4, 1001, 30, 10, 'event', '"four"', NULL, NULL, NULL, NULL, NULL);
      INSERT INTO receipts VALUES ('s', 'k', 9e15, NULL, 'answer');
    `);
    old.close();
    const opened = await open();
    const { log } = opened;
    const a = key('a');
    expect(await log.head(a)).toEqual({ streamId: 'stream-a', serial: 4 });
    expect(await log.state(a)).toMatchObject({ oldestSerial: 2, newestSerial: 4, messages: 3, bytes: 30 });
    const page = await log.read(a, { direction: 'oldest-first', limit: 9 });
    expect(page.kind === 'page' && page.entries).toMatchObject([
      { serial: 2, data: '"two"', messageId: 'id-2', userId: 'u', tags: '{}', extras: '{"a":1}' },
      { serial: 3, data: '"three"', messageSerial: message },
      { serial: 4, data: '"four"' },
    ]);
    expect(await log.receipt('s', 'k')).toMatchObject({ answer: 'answer' });
    const handle = { key: a, messageSerial: message };
    expect(await change(opened, handle, { retention: { messages: 100 } })).toMatchObject({ serial: 5 });
    expect((await log.message(a, message))?.data()).toBe('"three+"');
    await commitOne(log, draftOf(a, { retention: { messages: 100 } }));
    expect(await log.state(a)).toMatchObject({ oldestSerial: 2, newestSerial: 6, messages: 4 });
    const range = { direction: 'oldest-first', limit: 9, from: { streamId: 'stream-a', serial: 0 } } as const;
    expect(await log.read(a, range)).toMatchObject({ kind: 'gap', reason: 'trimmed' });
    await opened.close();
  });
});
