// Contract of mutable messages: what a message becomes, its versions, the history's rows.
import { describe, expect, it } from 'vitest';
import { commitMany } from './channel-log.contract-support.ts';
import type { LogEntry, VersionEntry } from './index.ts';
import {
  change,
  createMessage,
  type OpenDurableLog,
  plain,
  plainState,
  withMessages,
} from './message-log.contract-support.ts';

export function versionsContract(open: OpenDurableLog): void {
  describe('a message', () => {
    it('is its create until something changes', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const given = {
          extras: '{"a":1}',
          tags: '{"t":"1"}',
          messageId: 'id-1',
          creatorId: 'me',
          userId: 'u1',
        };
        const { messageSerial } = await createMessage(context, key('a'), { ...given, data: '"é🦊"' });
        const bare = await createMessage(context, key('a'), { data: '{"n":1}' });
        const state = await log.message(key('a'), messageSerial);
        const { userId: _, ...shown } = given;
        expect(plainState(state)).toEqual({
          ...shown,
          messageSerial,
          versionSerial: messageSerial,
          historySerial: 1,
          deliverySerial: 1,
          action: 'create',
          event: 'event',
          createdAtMs: clock.nowMs,
          versionAtMs: clock.nowMs,
          dataKind: 'string',
          dataBytes: 8,
          appendCount: 0,
          data: '"é🦊"',
        });
        expect(await log.message(key('a'), bare.messageSerial)).toMatchObject({
          dataKind: 'other',
          historySerial: 2,
        });
        expect(await log.message(key('a'), '00000001:x.1:1')).toBeNull();
      });
    });

    it('shows the newest version; a change starts from what the one before left', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const message = await createMessage(context, key('a'), { creatorId: 'me', tags: '{}', extras: '{}' });
        const createdAtMs = clock.nowMs;
        clock.nowMs += 10;
        const seen: unknown[] = [];
        const update = await change(context, message, {
          apply: (current) => {
            seen.push(plainState(current));
            return {
              action: 'update',
              data: '"new"',
              event: 'renamed',
              extras: '{"b":2}',
              userId: 'editor',
              description: 'why',
              metadata: '{"m":1}',
            };
          },
        });
        const append = await change(context, message, { data: '" text"' });
        expect(seen).toMatchObject([{ action: 'create', data: '"data"', extras: '{}' }]);
        expect(plainState(await log.message(key('a'), message.messageSerial))).toEqual({
          messageSerial: message.messageSerial,
          versionSerial: append.versionSerial,
          historySerial: 1,
          deliverySerial: 3,
          action: 'append',
          event: 'renamed',
          tags: '{}',
          creatorId: 'me',
          createdAtMs,
          versionAtMs: clock.nowMs,
          dataKind: 'string',
          dataBytes: 10,
          appendCount: 1,
          data: '"new text"',
        });
        expect(plain(update)).toEqual({
          kind: 'version',
          key: key('a'),
          streamId: message.create.streamId,
          serial: 2,
          publishedAtMs: clock.nowMs,
          action: 'update',
          messageSerial: message.messageSerial,
          versionSerial: update.versionSerial,
          historySerial: 1,
          event: 'renamed',
          data: '"new"',
          extras: '{"b":2}',
          tags: '{}',
          userId: 'editor',
          creatorId: 'me',
          description: 'why',
          metadata: '{"m":1}',
          whole: '"new"',
        });
      });
    });

    it('can lose its data and name, and get them back', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const look = () => log.message(key('a'), message.messageSerial);
        await change(context, message);
        await change(context, message, { action: 'delete', data: null, event: null });
        expect(plainState(await look())).toMatchObject({
          action: 'delete',
          event: null,
          dataKind: 'none',
          dataBytes: 0,
          data: null,
          appendCount: 1,
        });
        await change(context, message, { action: 'update', data: '[1]', event: 'back' });
        expect(plainState(await look())).toMatchObject({ event: 'back', dataKind: 'other', data: '[1]' });
      });
    });

    it('joins fragments as the texts they stand for', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'), { data: '""' });
        const texts = ['', 'a"b\\', '\n\u0000\u2028', '漢字🦊', '\ud83e', '\udd8a', `${'x'.repeat(3000)}é`];
        for (const text of texts) await change(context, message, { data: JSON.stringify(text) });
        const state = await log.message(key('a'), message.messageSerial);
        expect(JSON.parse(state?.data() ?? 'null')).toBe(texts.join(''));
        expect(state?.dataBytes).toBe(Buffer.byteLength(state?.data() ?? ''));
      });
    });

    it('of thousands of appends reads as one text', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'), { data: '""' });
        const appends = Array.from({ length: 3000 }, (_, index) =>
          change(context, message, { data: `"${index},"` }),
        );
        const versions = await Promise.all(appends);
        const expected = (count: number) => `"${Array.from({ length: count }, (_, n) => `${n},`).join('')}"`;
        expect((await log.message(key('a'), message.messageSerial))?.data()).toBe(expected(3000));
        for (const index of [0, 1, 700, 2047, 2999]) {
          expect(versions[index]?.whole()).toBe(expected(index + 1));
        }
      });
    });
  });

  describe('versions', () => {
    it('are paged from both ends, the create included', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const others = await createMessage(context, key('a'));
        const all: (LogEntry | VersionEntry)[] = [message.create];
        for (const action of ['append', 'update', 'append', 'append', 'delete'] as const) {
          all.push(await change(context, message, { action }));
          await change(context, others);
        }
        for (const direction of ['oldest-first', 'newest-first'] as const) {
          const expected = (direction === 'oldest-first' ? all : all.toReversed()).map(plain);
          for (const limit of [1, 2, 4, 6, 9]) {
            const found: object[] = [];
            let from: string | undefined;
            for (let more = true; more; ) {
              const range = { direction, limit, ...(from !== undefined && { from }) };
              const page = await log.versions(key('a'), message.messageSerial, range);
              if (page === null) throw new Error('versions were expected');
              found.push(...page.entries.map(plain));
              const last = page.entries.at(-1);
              from = last === undefined || !('kind' in last) ? message.messageSerial : last.versionSerial;
              more = page.more;
              expect(more).toBe(found.length < 6);
            }
            expect(found).toEqual(expected);
          }
        }
      });
    });
  });

  describe('rows of the history', () => {
    it('are the creates, each with what it has become', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const first = await createMessage(context, key('a'));
        await commitMany(log, key('a'), 2);
        const second = await createMessage(context, key('a'));
        await change(context, first, { data: '" one"' });
        await commitMany(log, key('a'), 1);
        await change(context, first, { data: '" two"' });
        const rows = await log.rows(key('a'), { direction: 'newest-first', limit: 4 });
        if (rows.kind !== 'page') throw new Error('a page was expected');
        expect(rows.rows.map(({ entry }) => entry.serial)).toEqual([6, 4, 3, 2]);
        expect(rows.rows.map(({ latest }) => latest)).toEqual([null, null, null, null]);
        expect(rows.more).toBe(true);
        const from = { ...rows.head, serial: 2 };
        const rest = await log.rows(key('a'), { direction: 'newest-first', limit: 4, from });
        if (rest.kind !== 'page') throw new Error('a page was expected');
        expect(rest.rows.map(({ entry, latest }) => [entry.serial, latest?.data()])).toEqual([
          [1, '"data one two"'],
        ]);
        expect(await log.message(key('a'), second.messageSerial)).toMatchObject({ action: 'create' });
        const gap = await log.rows(key('a'), {
          direction: 'oldest-first',
          limit: 9,
          from: { ...from, serial: 99 },
        });
        expect(gap).toMatchObject({ kind: 'gap', reason: 'ahead' });
      });
    });
  });
}
