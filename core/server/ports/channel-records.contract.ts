// The contract suite of the records of a channel (channel-records.ts): every driver passes it, and nothing in it names one.
// What changes with entries and versions here; how they are found in channel-records.contract-finding.ts; random histories in
// channel-records.contract-model.ts.
import { describe, expect, it } from 'vitest';
import { commitOne, draftOf } from './channel-log.contract-support.ts';
import { findingContract } from './channel-records.contract-finding.ts';
import { recordModelContract } from './channel-records.contract-model.ts';
import {
  commitAll,
  count,
  keep,
  listed,
  note,
  put,
  recordsOf,
  refuse,
  remove,
} from './channel-records.contract-support.ts';
import {
  change,
  createMessage,
  mutationOf,
  type OpenDurableLog,
  withMessages,
} from './message-log.contract-support.ts';

export interface RecordContractOptions {
  /** Random histories of the model-based property, default 60; 0: without it. */
  readonly runs?: number;
}

/** @param open gives a log without any channel in it, on the clock given. */
export function channelRecordsContract(
  name: string,
  open: OpenDurableLog,
  options: RecordContractOptions = {},
): void {
  describe(`channel records: ${name}`, () => {
    aloneContract(open);
    entriesContract(open);
    versionsContract(open);
    refusalContract(open);
    lifetimeContract(open);
    findingContract(open);
    const { runs = 60 } = options;
    if (runs > 0) recordModelContract(open, runs);
  });
}

function aloneContract(open: OpenDurableLog): void {
  describe('changed alone', () => {
    it('is made, changed, left alone and removed, without a serial', async () => {
      await withMessages(open, async ({ log, key }) => {
        const made = {
          key: key('a'),
          kind: 'run',
          id: 'r1',
          ordinal: 1,
          value: '{"a":"é🦊"}',
          state: 'open',
        };
        expect(await log.record(key('a'), 'run', 'r1')).toBeNull();
        expect(await log.change(key('a'), put('r1', { value: '{"a":"é🦊"}', dueAtMs: 5 }))).toEqual({
          kind: 'changed',
          record: { ...made, dueAtMs: 5 },
        });
        expect(await log.record(key('a'), 'run', 'r1')).toEqual({ ...made, dueAtMs: 5 });
        const ended = { ...made, value: '2', state: 'ended' };
        expect(await log.change(key('a'), put('r1', ended))).toEqual({ kind: 'changed', record: ended });
        expect(await log.change(key('a'), keep('r1'))).toEqual({ kind: 'changed', record: ended });
        expect(await log.record(key('a'), 'run', 'r1')).toEqual(ended);
        expect(await log.change(key('a'), remove('r1'))).toEqual({ kind: 'changed', record: null });
        expect(await log.record(key('a'), 'run', 'r1')).toBeNull();
        expect(await log.change(key('a'), remove('r1'))).toEqual({ kind: 'changed', record: null });
        expect(await log.change(key('a'), keep('never'))).toEqual({ kind: 'changed', record: null });
        expect((await log.head(key('a'))).serial).toBe(0);
      });
    });

    it('is told that there is no occasion', async () => {
      await withMessages(open, async ({ log, key }) => {
        await log.change(key('a'), note('r1'));
        expect(await listed(log, key('a'))).toEqual(['r1 1 null']);
      });
    });

    it('is known by channel, app, kind and id together', async () => {
      await withMessages(open, async ({ log, key }) => {
        const places = [key('a'), key('b'), { appId: 'other', channel: 'a' }];
        for (const [index, place] of places.entries()) {
          for (const kind of ['run', 'lease']) {
            await log.change(place, put('r1', { kind, value: `"${index} ${kind}"` }));
          }
        }
        for (const [index, place] of places.entries()) {
          for (const kind of ['run', 'lease']) {
            expect(await log.record(place, kind, 'r1')).toMatchObject({
              key: place,
              value: `"${index} ${kind}"`,
              ordinal: 1,
            });
          }
        }
        expect(await log.record(key('a'), 'run', 'R1')).toBeNull();
      });
    });

    it('sees each of the changes that run at once (R2)', async () => {
      await withMessages(open, async ({ log, key }) => {
        await Promise.all(
          Array.from({ length: 120 }, (_, index) =>
            index % 2 === 0
              ? log.change(key('a'), count('r1'))
              : commitAll(log, draftOf(key('a'), { records: [count('r1'), count('r2')] })),
          ),
        );
        expect((await log.record(key('a'), 'run', 'r1'))?.value).toBe('120');
        expect((await log.record(key('a'), 'run', 'r2'))?.value).toBe('60');
        expect((await log.head(key('a'))).serial).toBe(60);
      });
    });
  });
}

function entriesContract(open: OpenDurableLog): void {
  describe('changed with entries', () => {
    it('is stored with them, each with the occasion of its own', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const { nowMs: publishedAtMs } = clock;
        await commitOne(log, draftOf(key('a'), { publishedAtMs: publishedAtMs + 50 }));
        const versionSerial = (serial: number): string => context.serials.next(serial);
        const result = await commitAll(
          log,
          draftOf(key('a'), { publishedAtMs, records: [note('r1'), note('r2')] }),
          draftOf(key('b'), { publishedAtMs, records: [note('r1')] }),
          draftOf(key('a'), { publishedAtMs }),
          draftOf(key('a'), { publishedAtMs, versionSerial, records: [note('r3')] }),
        );
        if (result.kind !== 'committed') throw new Error(result.kind);
        const occasions = (await recordsOf(log, key('a'))).map(({ value }) => JSON.parse(value));
        const late = publishedAtMs + 50;
        const messageSerial = result.entries[3]?.messageSerial;
        expect(messageSerial).toBeDefined();
        expect(occasions).toEqual([
          { serial: 2, publishedAtMs: late },
          { serial: 2, publishedAtMs: late },
          { serial: 4, publishedAtMs: late, messageSerial },
        ]);
        expect(await listed(log, key('b'))).toEqual([`r1 1 ${JSON.stringify({ serial: 1, publishedAtMs })}`]);
      });
    });

    it('is not part of what is read of the entries', async () => {
      await withMessages(open, async ({ log, key }) => {
        const entry = await commitOne(log, draftOf(key('a'), { records: [put('r1')] }));
        expect(entry).not.toHaveProperty('records');
        const page = await log.read(key('a'), { direction: 'oldest-first', limit: 9 });
        expect(page).toMatchObject({ kind: 'page', entries: [entry] });
      });
    });

    it('runs the changes of one step in their order, each on what the others left (R2)', async () => {
      await withMessages(open, async ({ log, key }) => {
        await log.change(key('a'), put('old'));
        await commitAll(
          log,
          draftOf(key('a'), { records: [count('r1'), remove('old'), count('r2'), count('r1')] }),
          draftOf(key('b'), { records: [count('r1')] }),
          draftOf(key('a'), { records: [count('r1'), remove('r2'), count('r3'), count('old')] }),
        );
        expect(await listed(log, key('a'))).toEqual(['r1 2 3', 'r3 4 1', 'old 5 1']);
        expect(await listed(log, key('b'))).toEqual(['r1 1 1']);
        const ends = await log.search({ kind: 'run', limit: 9 });
        expect(ends.map(({ key: { channel }, id }) => `${channel} ${id}`)).toEqual([
          'a r1',
          'b r1',
          'a r3',
          'a old',
        ]);
      });
    });

    it('stays as it is when a receipt answers in place of the commit', async () => {
      await withMessages(open, async ({ log, key, clock }) => {
        const receipt = { scope: 's', key: 'k', expiresAtMs: clock.nowMs + 1000, answer: () => 'done' };
        const commit = { entries: [draftOf(key('a'), { records: [count('r1')] })], receipts: [receipt] };
        const results = await Promise.all([log.commit(commit), log.commit(commit), log.commit(commit)]);
        expect(results.map(({ kind }) => kind)).toEqual(['committed', 'duplicate', 'duplicate']);
        expect(await listed(log, key('a'))).toEqual(['r1 1 1']);
      });
    });

    it('is not stored where the commit fails otherwise (R1)', async () => {
      await withMessages(open, async ({ log, key, clock }) => {
        const receipt = {
          scope: 's',
          key: 'k',
          expiresAtMs: clock.nowMs + 1000,
          answer: (): string => {
            throw new Error('no answer');
          },
        };
        const entries = [draftOf(key('a'), { records: [count('r1')] })];
        await expect(log.commit({ entries, receipts: [receipt] })).rejects.toThrow('no answer');
        expect(await listed(log, key('a'))).toEqual([]);
        await commitAll(log, draftOf(key('a'), { records: [count('r1')] }));
        expect(await listed(log, key('a'))).toEqual(['r1 1 1']);
      });
    });
  });
}

function versionsContract(open: OpenDurableLog): void {
  describe('changed with versions', () => {
    it('is stored with them and told of the version', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'), { records: [count('r1')] });
        const append = await change(context, message, { version: { records: [count('r1'), note('r2')] } });
        expect(append).not.toHaveProperty('records');
        const { messageSerial } = message;
        const { serial, publishedAtMs } = append;
        expect(await listed(log, key('a'))).toEqual([
          'r1 1 2',
          `r2 2 ${JSON.stringify({ serial, publishedAtMs, messageSerial })}`,
        ]);
      });
    });

    it('may follow from the state that the version changes', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const ending = mutationOf(context, message, {
          apply: ({ event, appendCount }) => ({
            action: 'append',
            event,
            data: '"."',
            records: [put('r1', { value: String(appendCount) })],
          }),
        });
        const results = await Promise.all([change(context, message), log.mutate(ending), log.mutate(ending)]);
        expect(results).toHaveLength(3);
        expect(await listed(log, key('a'))).toEqual(['r1 1 2']);
      });
    });

    it('stays as it is when a receipt answers in place of the version', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const message = await createMessage(context, key('a'));
        const receipt = { scope: 'op', key: '1', expiresAtMs: clock.nowMs + 1000, answer: () => 'done' };
        const append = mutationOf(context, message, { receipt, version: { records: [count('r1')] } });
        expect((await log.mutate(append)).kind).toBe('committed');
        expect((await log.mutate(append)).kind).toBe('duplicate');
        expect(await listed(log, key('a'))).toEqual(['r1 1 1']);
      });
    });
  });
}

function refusalContract(open: OpenDurableLog): void {
  describe('refused', () => {
    it('takes the whole commit along, whose serials and ordinals the next one gets (R3)', async () => {
      await withMessages(open, async ({ log, key, clock }) => {
        const error = new Error('not now');
        const receipt = { scope: 's', key: 'k', expiresAtMs: clock.nowMs + 1000, answer: () => 'done' };
        const refused = log.commit({
          entries: [
            draftOf(key('a'), { records: [count('r1'), count('r2')] }),
            draftOf(key('b')),
            draftOf(key('a'), { records: [refuse('r3', error)] }),
          ],
          receipts: [receipt],
        });
        const after = commitAll(log, draftOf(key('a'), { records: [note('r4')] }));
        expect(await refused).toEqual({ kind: 'refused', error });
        expect((await after).kind).toBe('committed');
        expect(await recordsOf(log, key('a'))).toMatchObject([{ id: 'r4', ordinal: 1 }]);
        expect((await log.head(key('a'))).serial).toBe(1);
        expect((await log.head(key('b'))).serial).toBe(0);
        expect(await log.receipt('s', 'k')).toBeNull();
      });
    });

    it('takes the version along', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const error = new Error('not now');
        const records = [count('r1'), refuse('r2', error)];
        expect(await log.mutate(mutationOf(context, message, { version: { records } }))).toEqual({
          kind: 'refused',
          error,
        });
        expect(await listed(log, key('a'))).toEqual([]);
        expect((await log.head(key('a'))).serial).toBe(1);
        expect((await log.message(key('a'), message.messageSerial))?.appendCount).toBe(0);
        expect((await change(context, message)).serial).toBe(2);
      });
    });

    it('answers a change alone with what was thrown, whatever it is', async () => {
      await withMessages(open, async ({ log, key }) => {
        await log.change(key('a'), count('r1'));
        for (const error of [new Error('not now'), 'a text', undefined]) {
          expect(await log.change(key('a'), refuse('r1', error))).toEqual({ kind: 'refused', error });
        }
        expect(await listed(log, key('a'))).toEqual(['r1 1 1']);
      });
    });

    it('meets what is too large to be a record', async () => {
      await withMessages(open, async ({ log, key }) => {
        const fits = JSON.stringify('é'.repeat(4095));
        expect(Buffer.byteLength(fits)).toBe(8192);
        expect((await log.change(key('a'), put('r1', { value: fits }))).kind).toBe('changed');
        const result = await log.change(key('a'), put('r1', { value: `${fits} ` }));
        expect(result).toMatchObject({ kind: 'refused', error: expect.any(RangeError) });
        const commit = await commitAll(log, draftOf(key('a'), { records: [put('r2', { dueAtMs: 0.5 })] }));
        expect(commit).toMatchObject({ kind: 'refused', error: expect.any(RangeError) });
        expect(await listed(log, key('a'))).toEqual([`r1 1 ${fits}`]);
      });
    });
  });
}

function lifetimeContract(open: OpenDurableLog): void {
  describe('lifetime', () => {
    it('goes with a reset of its channel, and ordinals begin anew (R4)', async () => {
      await withMessages(open, async ({ log, key }) => {
        for (const name of ['a', 'b', 'c']) {
          await log.change(key(name), count('r1'));
          if (name !== 'b') await commitOne(log, draftOf(key(name), { records: [count('r2')] }));
        }
        await Promise.all([log.reset(key('a')), log.reset(key('b'))]);
        expect(await log.record(key('a'), 'run', 'r1')).toBeNull();
        expect([await listed(log, key('a')), await listed(log, key('b'))]).toEqual([[], []]);
        const left = await log.search({ kind: 'run', limit: 9 });
        expect(left.map(({ key: { channel }, id }) => `${channel} ${id}`)).toEqual(['c r1', 'c r2']);
        await log.trim();
        await commitOne(log, draftOf(key('a'), { records: [count('r2')] }));
        expect(await listed(log, key('a'))).toEqual(['r2 1 1']);
      });
    });

    it('is not seen by what comes after a reset in the same turn, nor that by it', async () => {
      await withMessages(open, async ({ log, key }) => {
        const before = commitOne(log, draftOf(key('a'), { records: [count('r0'), count('r1')] }));
        const reset = log.reset(key('a'));
        const after = commitOne(log, draftOf(key('a'), { records: [count('r1')] }));
        const alone = log.change(key('a'), count('r1'));
        await Promise.all([before, reset, after, alone]);
        expect(await listed(log, key('a'))).toEqual(['r1 1 2']);
        expect((await log.search({ kind: 'run', limit: 9 })).map(({ value }) => value)).toEqual(['2']);
      });
    });

    it('is left by purges and retention, also where nothing else is left of the channel (R4)', async () => {
      await withMessages(open, async (context) => {
        const { log, key, clock } = context;
        const retention = { ageMs: 100, versionsAgeMs: 100 };
        const purged = await createMessage(context, key('purged'), { records: [count('r1')] });
        await change(context, purged, { version: { records: [count('r1')] } });
        const aged = await createMessage(context, key('aged'), { retention, records: [count('r1')] });
        await change(context, aged, { retention, version: { records: [count('r1')] } });
        await log.purge(key('purged'));
        clock.nowMs += 30 * 24 * 3_600_000;
        await log.trim();
        expect((await log.state(key('aged'))).messages).toBe(0);
        for (const name of ['purged', 'aged']) {
          expect(await listed(log, key(name))).toEqual(['r1 1 2']);
          expect((await log.head(key(name))).serial).toBe(2);
        }
        expect(await log.search({ kind: 'run', limit: 9 })).toHaveLength(2);
      });
    });

    it('lasts for the next opening, where the log is not in memory', async () => {
      await withMessages(open, async (context) => {
        const { log, key, reopen } = context;
        if (reopen === undefined) return;
        await commitOne(log, draftOf(key('a'), { records: [count('r1'), put('r2', { dueAtMs: 7 })] }));
        await log.change(key('a'), count('gone'));
        await log.change(key('a'), remove('gone'));
        await log.change(key('b'), put('r1', { value: '"é🦊"' }));
        const look = async (given: typeof log) => [
          await recordsOf(given, key('a')),
          await recordsOf(given, key('b')),
          await given.search({ kind: 'run', limit: 9 }),
        ];
        const before = await look(log);
        const again = await reopen();
        expect(await look(again)).toEqual(before);
        await again.change(key('a'), count('r4'));
        expect((await again.record(key('a'), 'run', 'r4'))?.ordinal).toBe(4);
      });
    });
  });
}
