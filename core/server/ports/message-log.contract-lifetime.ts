// Contract of mutable messages: how long they live. Purge, reset, and the retentions of history and of versions.
import { describe, expect, it } from 'vitest';
import { commitMany, commitOne, draftOf } from './channel-log.contract-support.ts';
import {
  annotate,
  annotationOf,
  change,
  createMessage,
  entriesOf,
  type MessageHandle,
  type MessageTest,
  mutationOf,
  type OpenDurableLog,
  withMessages,
} from './message-log.contract-support.ts';

export function lifetimeContract(open: OpenDurableLog): void {
  describe('purge and reset', () => {
    it('take versions, annotations and projections along (M5)', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const gone = await createMessage(context, key('a'));
        await change(context, gone);
        const note = await annotate(context, gone);
        const kept = await createMessage(context, key('a'));
        await change(context, gone);
        const late = await change(context, kept);
        expect(await log.purge(key('a'), { serial: 4 })).toMatchObject({ messages: 1 });
        await expectGone(context, gone, note.record.annotationSerial);
        await log.trim();
        await expectGone(context, gone, note.record.annotationSerial);
        expect(await log.message(key('a'), kept.messageSerial)).toMatchObject({ deliverySerial: 6 });
        const head = await log.head(key('a'));
        const replayFrom = (serial: number) => log.replay(key('a'), { ...head, serial }, 9);
        expect(entriesOf(await replayFrom(5))).toMatchObject([{ serial: late.serial }]);
        for (const serial of [0, 2, 4]) {
          expect(await replayFrom(serial)).toMatchObject({ kind: 'gap', reason: 'trimmed' });
        }
        expect((await change(context, kept)).serial).toBe(7);
      });
    });

    it('purge by time, too, and what is no longer in the history', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { messages: 1, versionsAgeMs: 1000 };
        const messages: MessageHandle[] = [];
        for (let index = 0; index < 4; index += 1) {
          messages.push(await createMessage(context, key('a'), { retention }));
          clock.nowMs += 10;
        }
        const known = () =>
          Promise.all(
            messages.map(async ({ messageSerial }) => (await log.message(key('a'), messageSerial)) !== null),
          );
        expect(await known()).toEqual([true, true, true, true]);
        const timeMs = clock.nowMs - 20;
        expect(await log.purge(key('a'), { timeMs })).toEqual({ messages: 0, bytes: 0 });
        expect(await known()).toEqual([false, false, true, true]);
        expect(await log.purge(key('a'))).toMatchObject({ messages: 1 });
        expect(await known()).toEqual([false, false, false, false]);
        await log.trim();
        expect((await log.head(key('a'))).serial).toBe(4);
      });
    });

    it('reset forgets everything and numbers from 1', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const gone = await createMessage(context, key('a'));
        await change(context, gone);
        const note = await annotate(context, gone);
        const { previous } = await log.reset(key('a'));
        expect(previous.serial).toBe(3);
        await expectGone(context, gone, note.record.annotationSerial);
        const next = await createMessage(context, key('a'));
        expect((await change(context, next)).serial).toBe(2);
        await expectGone(context, gone, note.record.annotationSerial);
        await log.trim();
        expect(await log.message(key('a'), next.messageSerial)).toMatchObject({ appendCount: 1 });
        expect(await log.projections(key('a'), 9)).toEqual([]);
      });
    });

    it('take their place among changes of the same turn', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const [first, , second, next] = await Promise.all([
          log.mutate(mutationOf(context, message)),
          log.purge(key('a')),
          log.mutate(mutationOf(context, message)),
          commitOne(log, draftOf(key('a'))),
        ]);
        expect([first.kind, second.kind, next.serial]).toEqual(['committed', 'unknown-message', 3]);
      });
    });
  });

  describe('retention', () => {
    it('counts creates alone', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const retention = { messages: 2 };
        const first = await createMessage(context, key('a'), { retention });
        for (let index = 0; index < 5; index += 1) await change(context, first, { retention });
        const second = await createMessage(context, key('a'), { retention });
        await change(context, second, { retention });
        expect(await log.state(key('a'))).toMatchObject({ oldestSerial: 1, newestSerial: 7, messages: 2 });
        await createMessage(context, key('a'), { retention });
        expect(await log.state(key('a'))).toMatchObject({ oldestSerial: 7, newestSerial: 9, messages: 2 });
        expect(await log.message(key('a'), first.messageSerial)).toBeNull();
      });
    });

    it('keeps a message beyond the history while its newest version is young enough', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { ageMs: 100, versionsAgeMs: 50 };
        const edited = await createMessage(context, key('a'), { retention });
        const left = await createMessage(context, key('a'), { retention });
        clock.nowMs += 90;
        await change(context, edited, { retention });
        const note = await annotate(context, edited, { retention });
        clock.nowMs += 20;
        const known = async ({ messageSerial }: MessageHandle) =>
          (await log.message(key('a'), messageSerial)) !== null;
        const expectNow = async (edit: boolean, rest: boolean): Promise<void> => {
          for (const trims of [false, true]) {
            if (trims) await log.trim();
            expect([await known(edited), await known(left)]).toEqual([edit, rest]);
            expect((await log.state(key('a'))).messages).toBe(0);
          }
        };
        await expectNow(true, false);
        await change(context, edited, { retention });
        clock.nowMs += 50;
        await expectNow(true, false);
        clock.nowMs += 1;
        await expectNow(false, false);
        await expectGone(context, edited, note.record.annotationSerial);
      });
    });

    it('of versions is that of the history where it has none of its own', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { ageMs: 100 };
        const message = await createMessage(context, key('a'), { retention });
        clock.nowMs += 80;
        await change(context, message, { retention });
        clock.nowMs += 100;
        expect(await log.state(key('a'))).toMatchObject({ messages: 0 });
        expect(await log.message(key('a'), message.messageSerial)).not.toBeNull();
        clock.nowMs += 1;
        expect(await log.message(key('a'), message.messageSerial)).toBeNull();
      });
    });

    it('of mutations and annotations counts for the channel, and a looser one brings nothing back', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const messages = [];
        for (let index = 0; index < 4; index += 1) {
          messages.push(await createMessage(context, key('a'), { retention: { ageMs: 1000 } }));
        }
        const newest = messages[3];
        if (newest === undefined) throw new Error('no message');
        await change(context, newest, { retention: { messages: 2 } });
        expect(await log.state(key('a'))).toMatchObject({ messages: 2 });
        await annotate(context, newest, { retention: { messages: 9 } });
        clock.nowMs += 500;
        await change(context, newest, { retention: {} });
        expect(await log.state(key('a'))).toMatchObject({ messages: 2 });
        const known = await Promise.all(
          messages.map(async ({ messageSerial }) => (await log.message(key('a'), messageSerial)) !== null),
        );
        expect(known).toEqual([false, false, true, true]);
      });
    });

    it('that grows looser brings no message back that its versions kept no longer', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const known = async ({ messageSerial }: MessageHandle) =>
          (await log.message(key('a'), messageSerial)) !== null;
        const aged = await createMessage(context, key('a'), { retention: { ageMs: 50 } });
        clock.nowMs += 51;
        const loose = { messages: 1, versionsAgeMs: 10_000 };
        const kept = await createMessage(context, key('a'), { retention: loose });
        await createMessage(context, key('a'), { retention: loose });
        expect([await known(aged), await known(kept)]).toEqual([false, true]);
        const counted = await createMessage(context, key('a'), { retention: { messages: 1 } });
        expect([await known(kept), await known(counted)]).toEqual([false, true]);
        const newest = await createMessage(context, key('a'), { retention: { messages: 1 } });
        await createMessage(context, key('a'), { retention: loose });
        expect([await known(kept), await known(counted), await known(newest)]).toEqual([false, false, true]);
      });
    });

    it('leaves no hole in a replay', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { ageMs: 100 };
        const document = await createMessage(context, key('a'), { retention });
        await createMessage(context, key('a'), { retention });
        for (let index = 0; index < 10; index += 1) {
          clock.nowMs += 30;
          await change(context, document, { retention });
        }
        const head = await log.head(key('a'));
        const outcomes = [];
        for (const serial of [0, 1, 2, 8, 11, 12]) {
          const result = await log.replay(key('a'), { ...head, serial }, 99);
          outcomes.push(result.kind === 'page' ? result.entries.length : result.reason);
        }
        expect(outcomes).toEqual(['trimmed', 'trimmed', 10, 4, 1, 0]);
      });
    });

    it('removes large messages wholly', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { ageMs: 100 };
        const message = await createMessage(context, key('a'), { retention });
        await Promise.all(Array.from({ length: 1500 }, () => change(context, message, { retention })));
        clock.nowMs += 200;
        await commitMany(log, key('a'), 1, { retention, publishedAtMs: clock.nowMs });
        await log.trim();
        expect(await log.message(key('a'), message.messageSerial)).toBeNull();
        expect(await log.state(key('a'))).toMatchObject({ messages: 1, oldestSerial: 1502 });
      });
    });
  });
}

async function expectGone(
  context: MessageTest,
  { key, messageSerial }: MessageHandle,
  annotationSerial: string,
): Promise<void> {
  const { log } = context;
  expect(await log.message(key, messageSerial)).toBeNull();
  expect(await log.versions(key, messageSerial, { direction: 'newest-first', limit: 9 })).toBeNull();
  expect(await log.annotations(key, messageSerial, { limit: 9 })).toEqual({ records: [], more: false });
  expect(await log.annotation(key, annotationSerial)).toBeNull();
  const serials = (await log.projections(key, 99)).map((projection) => projection.messageSerial);
  expect(serials).not.toContain(messageSerial);
  expect((await log.mutate(mutationOf(context, { key, messageSerial }))).kind).toBe('unknown-message');
  expect((await log.annotate(annotationOf(context, { key, messageSerial }))).kind).toBe('unknown-message');
}
