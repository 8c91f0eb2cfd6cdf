// The contract suite of mutable messages and annotations (message-log.ts): every driver passes it, and nothing in it names one.
// Examples of each invariant here and in the files beside this one; random histories in message-log.contract-model.ts.
import { describe, expect, it } from 'vitest';
import { commitOne, draftOf, serialsOf } from './channel-log.contract-support.ts';
import { annotationsContract } from './message-log.contract-annotations.ts';
import { inOrderContract } from './message-log.contract-in-order.ts';
import { lifetimeContract } from './message-log.contract-lifetime.ts';
import { messageModelContract } from './message-log.contract-model.ts';
import {
  annotate,
  change,
  createMessage,
  entriesOf,
  entryOf,
  mutationOf,
  type OpenDurableLog,
  plain,
  plainState,
  withMessages,
} from './message-log.contract-support.ts';
import { versionsContract } from './message-log.contract-versions.ts';

export interface MessageContractOptions {
  /** Random histories of the model-based property, default 60. */
  readonly runs?: number;
}

/**
 * @param open gives a log without any channel in it, on the clock given.
 */
export function messageLogContract(
  name: string,
  open: OpenDurableLog,
  options: MessageContractOptions = {},
): void {
  describe(`messages: ${name}`, () => {
    lineContract(open);
    receiptsContract(open);
    versionsContract(open);
    inOrderContract(open);
    annotationsContract(open);
    lifetimeContract(open);
    messageModelContract(open, options.runs ?? 60);
  });
}

function lineContract(open: OpenDurableLog): void {
  describe('the number line', () => {
    it('has creates, versions and annotations in one order; the history shows creates alone', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const append = await change(context, message);
        const note = await annotate(context, message);
        const plainEntry = await commitOne(log, draftOf(key('a')));
        const update = await change(context, message, { action: 'update', data: '1' });
        expect([message.create, append, note, plainEntry, update].map(({ serial }) => serial)).toEqual([
          1, 2, 3, 4, 5,
        ]);
        const { streamId } = await log.head(key('a'));
        expect(await log.head(key('a'))).toEqual({ streamId, serial: 5 });
        expect(serialsOf(await log.read(key('a'), { direction: 'oldest-first', limit: 9 }))).toEqual([1, 4]);
        expect(await log.state(key('a'))).toMatchObject({
          head: { streamId, serial: 5 },
          oldestSerial: 1,
          newestSerial: 4,
          messages: 2,
        });
      });
    });

    it('takes concurrent changes each once and in the order of the calls (M2)', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const messages = await Promise.all(['a', 'a', 'b'].map((name) => createMessage(context, key(name))));
        const results = await Promise.all(
          Array.from({ length: 300 }, async (_, index) => {
            const message = messages[index % 3];
            if (message === undefined) throw new Error('no message');
            return change(context, message, { data: JSON.stringify(`${index} `) });
          }),
        );
        for (const [place, message] of messages.entries()) {
          const texts = Array.from({ length: 100 }, (_, index) => `${index * 3 + place} `);
          const state = await log.message(message.key, message.messageSerial);
          expect(state?.data()).toBe(JSON.stringify(`data${texts.join('')}`));
          expect(state).toMatchObject({ appendCount: 100, action: 'append' });
        }
        const ofA = results.filter(({ key: { channel } }) => channel === 'a').map(({ serial }) => serial);
        expect(ofA).toEqual(Array.from({ length: 200 }, (_, index) => index + 3));
      });
    });

    it('gives a refused change no serial, and neighbours go on (M1)', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const refusal = new Error('not you');
        const refuse = (): never => {
          throw refusal;
        };
        const [before, refused, unknown, after] = await Promise.all([
          change(context, message),
          log.mutate(mutationOf(context, message, { apply: refuse })),
          log.mutate(mutationOf(context, { key: key('a'), messageSerial: 'no-such-message' })),
          change(context, message),
        ]);
        expect(refused).toEqual({ kind: 'refused', error: refusal });
        expect(unknown).toEqual({ kind: 'unknown-message' });
        expect([before.serial, after.serial]).toEqual([2, 3]);
        expect((await log.message(key('a'), message.messageSerial))?.appendCount).toBe(2);
      });
    });

    it('knows a message only in its own channel and app', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const { messageSerial } = await createMessage(context, key('a'));
        await createMessage(context, key('b'));
        await commitOne(log, draftOf(key('c')));
        for (const other of [key('b'), key('c'), key('never'), { appId: 'other', channel: 'a' }]) {
          expect(await log.mutate(mutationOf(context, { key: other, messageSerial }))).toEqual({
            kind: 'unknown-message',
          });
          expect(await log.message(other, messageSerial)).toBeNull();
          expect(
            await log.versions(other, messageSerial, { direction: 'oldest-first', limit: 9 }),
          ).toBeNull();
        }
      });
    });

    it('never lets times run backwards (L7)', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const startMs = clock.nowMs;
        clock.nowMs += 50;
        const message = await createMessage(context, key('a'));
        clock.nowMs -= 30;
        const append = await change(context, message);
        const note = await annotate(context, message);
        clock.nowMs += 100;
        const late = await change(context, message);
        clock.nowMs -= 60;
        const create = await commitOne(log, draftOf(key('a'), { publishedAtMs: clock.nowMs }));
        const times = [append, note, late, create].map(({ publishedAtMs }) => publishedAtMs - startMs);
        expect(times).toEqual([50, 50, 120, 120]);
        expect(late.versionSerial > append.versionSerial).toBe(true);
      });
    });

    it('replays everything as it was delivered', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'), { creatorId: 'me', tags: '{"t":"1"}' });
        const live = [
          message.create,
          await change(context, message, { data: '" more"' }),
          await annotate(context, message, { name: 'like' }),
          await commitOne(log, draftOf(key('a'))),
          await change(context, message, { action: 'delete', data: null, event: null }),
        ];
        const head = await log.head(key('a'));
        for (const serial of [0, 1, 2, 3, 4, 5]) {
          const replayed = entriesOf(await log.replay(key('a'), { ...head, serial }, 9));
          expect(replayed.map(plain)).toEqual(live.slice(serial).map(plain));
        }
        const page = await log.replay(key('a'), { ...head, serial: 1 }, 2);
        expect(page).toMatchObject({ kind: 'page', more: true, head });
        expect(entriesOf(page).map(({ serial }) => serial)).toEqual([2, 3]);
        const outcomes = await Promise.all([
          log.replay(key('a'), { ...head, serial: 6 }, 9),
          log.replay(key('a'), { streamId: 'another', serial: 2 }, 9),
        ]);
        expect(outcomes.map((outcome) => outcome.kind === 'gap' && outcome.reason)).toEqual([
          'ahead',
          'other-stream',
        ]);
      });
    });

    it('keeps all of it for the next opening, where the log is not in memory', async () => {
      await withMessages(open, async (context) => {
        const { log, key, reopen } = context;
        if (reopen === undefined) return;
        const message = await createMessage(context, key('a'), { creatorId: 'me' });
        for (let index = 0; index < 20; index += 1) {
          await change(context, message, { data: `"${index} é🦊"` });
          await annotate(context, message);
        }
        const look = async (given: typeof log) => ({
          message: plainState(await given.message(key('a'), message.messageSerial)),
          head: await given.head(key('a')),
          replay: entriesOf(
            await given.replay(key('a'), { ...(await given.head(key('a'))), serial: 0 }, 99),
          ).map(plain),
          notes: await given.annotations(key('a'), message.messageSerial, { limit: 99 }),
          projections: await given.projections(key('a'), 9),
        });
        const before = await look(log);
        const again = await reopen();
        expect(await look(again)).toEqual(before);
        expect((await change({ ...context, log: again }, message)).serial).toBe(42);
      });
    });

    it('goes on after the next opening where it was, also in time', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock, reopen } = context;
        if (reopen === undefined) return;
        const retention = { messages: 1, versionsAgeMs: 10_000 };
        const hidden = await createMessage(context, key('a'), { retention: {} });
        await createMessage(context, key('a'), { retention });
        clock.nowMs += 100;
        const looser = { ...retention, versionsAgeMs: 20_000 };
        const append = await change(context, hidden, { retention: looser });
        expect((await log.state(key('a'))).oldestSerial).toBe(2);
        clock.nowMs -= 50;
        const again = { ...context, log: await reopen() };
        const next = await change(again, hidden, { retention: looser });
        expect([next.serial, next.publishedAtMs]).toEqual([4, append.publishedAtMs]);
        expect(await again.log.message(key('a'), hidden.messageSerial)).toMatchObject({ appendCount: 2 });
        expect(await again.log.state(key('a'))).toMatchObject({ oldestSerial: 2, messages: 1 });
      });
    });
  });
}

function receiptsContract(open: OpenDurableLog): void {
  describe('receipts of mutations', () => {
    it('answer a repetition and refuse another request under the key, also within one turn', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const message = await createMessage(context, key('a'));
        const receipt = (fingerprint: string) => ({
          scope: 'op',
          key: 'op-1',
          fingerprint,
          expiresAtMs: clock.nowMs + 1000,
          answer: ({ serial }: { readonly serial: number }) => `serial ${serial}`,
        });
        const send = (fingerprint: string) =>
          log.mutate(mutationOf(context, message, { receipt: receipt(fingerprint) }));
        const [first, again, other] = await Promise.all([send('one'), send('one'), send('two')]);
        expect(entryOf(first).serial).toBe(2);
        expect(again).toMatchObject({ kind: 'duplicate', receipt: { answer: 'serial 2' } });
        expect(other).toMatchObject({ kind: 'conflict', receipt: { answer: 'serial 2' } });
        expect(await log.receipt('op', 'op-1')).toMatchObject({ answer: 'serial 2' });
        expect((await log.head(key('a'))).serial).toBe(2);
        clock.nowMs += 1000;
        expect(entryOf(await send('three')).serial).toBe(3);
      });
    });

    it('are stored with the change or not at all', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const message = await createMessage(context, key('a'));
        const receipt = {
          scope: 'op',
          key: 'op-1',
          expiresAtMs: clock.nowMs + 1000,
          answer: (): string => {
            throw new Error('no answer');
          },
        };
        await expect(log.mutate(mutationOf(context, message, { receipt }))).rejects.toThrow('no answer');
        const refused = mutationOf(context, message, {
          receipt: { ...receipt, answer: () => 'ok' },
          apply: () => {
            throw new Error('refused');
          },
        });
        expect((await log.mutate(refused)).kind).toBe('refused');
        expect(await log.receipt('op', 'op-1')).toBeNull();
        expect((await log.head(key('a'))).serial).toBe(1);
      });
    });

    it('go with their message (M5)', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const make = async (channel: string) => {
          const message = await createMessage(context, key(channel));
          const receipt = {
            scope: 'op',
            key: channel,
            expiresAtMs: clock.nowMs + 1000,
            answer: () => 'done',
          };
          return { message, send: () => log.mutate(mutationOf(context, message, { receipt })) };
        };
        const purged = await make('purged');
        const reset = await make('reset');
        const kept = await make('kept');
        for (const { send } of [purged, reset, kept]) await send();
        await log.purge(key('purged'));
        await log.reset(key('reset'));
        expect((await purged.send()).kind).toBe('unknown-message');
        expect((await reset.send()).kind).toBe('unknown-message');
        expect((await kept.send()).kind).toBe('duplicate');
        const receipts = await Promise.all(['purged', 'reset', 'kept'].map((id) => log.receipt('op', id)));
        expect(receipts.map((receipt) => receipt?.answer ?? null)).toEqual([null, null, 'done']);
        const message = await createMessage(context, key('purged'));
        const used = { scope: 'op', key: 'purged', expiresAtMs: clock.nowMs + 1000, answer: () => 'new' };
        expect((await log.mutate(mutationOf(context, message, { receipt: used }))).kind).toBe('committed');
      });
    });
  });
}
