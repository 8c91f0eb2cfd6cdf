// Contract of the ChannelLog port: positions and gaps, retention, purge, reset, closing.
import { describe, expect, it } from 'vitest';
import {
  commitMany,
  commitOne,
  draftOf,
  type OpenLog,
  outcomeOf,
  serialsOf,
  withLog,
} from './channel-log.contract-support.ts';
import { StoreUnavailable } from './channel-log.ts';

export function positionsContract(open: OpenLog): void {
  describe('positions', () => {
    it('page through a channel in both directions', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitMany(log, key('a'), 5);
        const { streamId } = await log.head(key('a'));
        const first = await log.read(key('a'), { direction: 'oldest-first', limit: 2 });
        const from = { streamId, serial: 2 };
        const next = await log.read(key('a'), { direction: 'oldest-first', limit: 3, from });
        const newest = await log.read(key('a'), { direction: 'newest-first', limit: 2 });
        const before = { streamId, serial: 4 };
        const older = await log.read(key('a'), { direction: 'newest-first', limit: 9, from: before });
        expect([first, next, newest, older].map(serialsOf)).toEqual([
          [1, 2],
          [3, 4, 5],
          [5, 4],
          [3, 2, 1],
        ]);
        expect([first, next, newest, older].map((page) => page.kind === 'page' && page.more)).toEqual([
          true,
          false,
          true,
          false,
        ]);
      });
    });

    it('take inclusive bounds by serial and time', async () => {
      await withLog(open, async ({ log, key, clock }) => {
        for (const ms of [10, 20, 20, 30]) {
          await commitOne(log, draftOf(key('a'), { publishedAtMs: clock.nowMs + ms }));
        }
        const at = (ms: number): number => clock.nowMs + ms;
        const read = async (bounds: object) =>
          serialsOf(await log.read(key('a'), { direction: 'oldest-first', limit: 9, ...bounds }));
        expect(await read({ startSerial: 2, endSerial: 3 })).toEqual([2, 3]);
        expect(await read({ startTimeMs: at(20), endTimeMs: at(20) })).toEqual([2, 3]);
        expect(await read({ startTimeMs: at(11), endTimeMs: at(19) })).toEqual([]);
        expect(await read({ endTimeMs: at(19) })).toEqual([1]);
        expect(await read({ startSerial: 3, startTimeMs: at(5) })).toEqual([3, 4]);
        expect(await read({ startSerial: 9 })).toEqual([]);
      });
    });

    it('answer a gap for another stream, a place ahead and a place trimmed away (L6)', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitMany(log, key('a'), 6);
        await log.purge(key('a'), { serial: 4 });
        const { streamId } = await log.head(key('a'));
        const read = async (direction: 'oldest-first' | 'newest-first', serial: number, id = streamId) =>
          outcomeOf(await log.read(key('a'), { direction, limit: 9, from: { streamId: id, serial } }));
        const outcomes = async (direction: 'oldest-first' | 'newest-first') =>
          Promise.all([0, 2, 3, 4, 6, 7, 8].map((serial) => read(direction, serial)));
        expect(await outcomes('oldest-first')).toEqual([
          ...['trimmed', 'trimmed', 'page', 'page', 'page'],
          ...['ahead', 'ahead'],
        ]);
        expect(await outcomes('newest-first')).toEqual([
          ...['trimmed', 'trimmed', 'trimmed', 'page', 'page', 'page'],
          'ahead',
        ]);
        expect(await read('oldest-first', 6, 'another')).toBe('other-stream');
        const gap = await log.read(key('a'), {
          direction: 'oldest-first',
          limit: 9,
          from: { streamId, serial: 1 },
        });
        expect(gap).toMatchObject({ kind: 'gap', state: { oldestSerial: 4, newestSerial: 6, messages: 3 } });
      });
    });

    it('stay good at the head of a channel that retains nothing', async () => {
      await withLog(open, async ({ log, key }) => {
        const unused = await log.head(key('never'));
        const range = { direction: 'oldest-first', limit: 9, from: unused } as const;
        expect(await log.read(key('never'), range)).toEqual({
          kind: 'page',
          entries: [],
          more: false,
          head: unused,
        });
        await commitMany(log, key('a'), 3);
        await log.purge(key('a'));
        const { streamId } = await log.head(key('a'));
        const read = async (serial: number) =>
          outcomeOf(await log.read(key('a'), { ...range, from: { streamId, serial } }));
        expect([await read(2), await read(3), await read(4)]).toEqual(['trimmed', 'page', 'ahead']);
      });
    });
  });
}

export function retentionContract(open: OpenLog): void {
  describe('retention', () => {
    it('hides what is beyond it at once, before and after trim', async () => {
      await withLog(open, async ({ log, key, clock }) => {
        await commitMany(log, key('count'), 8, { retention: { messages: 3 } });
        await commitMany(log, key('bytes'), 8, { event: 'e', data: '12345', retention: { bytes: 12 } });
        await commitMany(log, key('age'), 2, { retention: { ageMs: 100 } });
        clock.nowMs += 60;
        await commitOne(log, draftOf(key('age'), { publishedAtMs: clock.nowMs, retention: { ageMs: 100 } }));
        clock.nowMs += 41;
        const look = async () => {
          const states = await Promise.all(['count', 'bytes', 'age'].map((name) => log.state(key(name))));
          return states.map(({ oldestSerial, messages, bytes }) => [oldestSerial, messages, bytes]);
        };
        const expected = [
          [6, 3, 33],
          [7, 2, 12],
          [3, 1, 11],
        ];
        expect(await look()).toEqual(expected);
        await log.trim();
        expect(await look()).toEqual(expected);
        clock.nowMs += 60;
        expect(await log.state(key('age'))).toMatchObject({ messages: 0, bytes: 0, oldestSerial: null });
        expect((await log.head(key('age'))).serial).toBe(3);
      });
    });

    it('follows the newest entry, and a looser one brings nothing back', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitMany(log, key('a'), 5, { retention: { messages: 2 } });
        await commitMany(log, key('a'), 3, { retention: { messages: 100 } });
        const page = await log.read(key('a'), { direction: 'oldest-first', limit: 99 });
        expect(serialsOf(page)).toEqual([4, 5, 6, 7, 8]);
        await commitMany(log, key('a'), 1, { retention: { messages: 1 } });
        expect((await log.state(key('a'))).oldestSerial).toBe(9);
      });
    });

    it('trims large channels wholly', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitMany(log, key('a'), 1500);
        await commitMany(log, key('a'), 1, { retention: { messages: 10 } });
        await log.trim();
        expect(await log.state(key('a'))).toMatchObject({ oldestSerial: 1492, messages: 10 });
      });
    });
  });

  describe('purge and reset', () => {
    it('purge removes all, or strictly below a serial or time, and keeps numbering', async () => {
      await withLog(open, async ({ log, key, clock }) => {
        for (const ms of [10, 20, 20, 30, 40]) {
          await commitOne(log, draftOf(key('a'), { publishedAtMs: clock.nowMs + ms }));
        }
        const before = await log.head(key('a'));
        expect(await log.purge(key('a'), { serial: 2 })).toEqual({ messages: 1, bytes: 11 });
        expect(await log.purge(key('a'), { timeMs: clock.nowMs + 30 })).toEqual({ messages: 2, bytes: 22 });
        expect(await log.purge(key('a'), { serial: 1 })).toEqual({ messages: 0, bytes: 0 });
        expect(await log.purge(key('a'))).toEqual({ messages: 2, bytes: 22 });
        expect(await log.purge(key('never'))).toEqual({ messages: 0, bytes: 0 });
        expect(await log.state(key('a'))).toEqual({
          head: before,
          oldestSerial: null,
          newestSerial: null,
          oldestPublishedAtMs: null,
          newestPublishedAtMs: null,
          messages: 0,
          bytes: 0,
        });
        expect(await commitOne(log, draftOf(key('a')))).toMatchObject({
          streamId: before.streamId,
          serial: 6,
        });
      });
    });

    it('reset begins a new stream with serial 1', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitMany(log, key('a'), 3);
        await commitMany(log, key('b'), 1);
        const previous = await log.head(key('a'));
        const reset = await log.reset(key('a'));
        expect(reset).toMatchObject({ previous, messages: 3, bytes: 33, head: { serial: 0 } });
        expect(reset.head.streamId).not.toBe(previous.streamId);
        expect(await log.head(key('a'))).toEqual(reset.head);
        const range = { direction: 'oldest-first', limit: 9 } as const;
        expect(outcomeOf(await log.read(key('a'), { ...range, from: previous }))).toBe('other-stream');
        await log.trim();
        expect(await commitOne(log, draftOf(key('a')))).toMatchObject({ ...reset.head, serial: 1 });
        expect((await log.state(key('b'))).messages).toBe(1);
      });
    });

    it('reset of a channel never used, and twice, gives new ids each time', async () => {
      await withLog(open, async ({ log, key }) => {
        const ids = [await log.head(key('a'))].map(({ streamId }) => streamId);
        for (let round = 0; round < 3; round += 1) ids.push((await log.reset(key('a'))).head.streamId);
        expect(new Set(ids).size).toBe(4);
      });
    });

    it('take their place among commits of the same turn', async () => {
      await withLog(open, async ({ log, key }) => {
        const [first, purged, second, reset, third] = await Promise.all([
          commitOne(log, draftOf(key('a'))),
          log.purge(key('a')),
          commitOne(log, draftOf(key('a'))),
          log.reset(key('a')),
          commitOne(log, draftOf(key('a'))),
        ]);
        expect([first.serial, purged.messages, second.serial]).toEqual([1, 1, 2]);
        expect([reset.previous.serial, reset.messages, third.serial]).toEqual([2, 1, 1]);
        expect(third.streamId).toBe(reset.head.streamId);
      });
    });
  });
}

export function closingContract(open: OpenLog): void {
  describe('close', () => {
    it('lets accepted commits finish and refuses later ones', async () => {
      await withLog(open, async ({ log, key }) => {
        const accepted = [1, 2, 3].map(() => commitOne(log, draftOf(key('a'))));
        const closed = log.close();
        await expect(commitOne(log, draftOf(key('a')))).rejects.toBeInstanceOf(StoreUnavailable);
        expect((await Promise.all(accepted)).map(({ serial }) => serial)).toEqual([1, 2, 3]);
        await closed;
        await expect(commitOne(log, draftOf(key('a')))).rejects.toBeInstanceOf(StoreUnavailable);
        await log.close();
      });
    });

    it('keeps everything for the next opening, where the log is not in memory', async () => {
      await withLog(open, async ({ log, reopen, key, clock }) => {
        if (reopen === undefined) {
          expect(log.durability).toBe('memory');
          return;
        }
        const receipts = [{ scope: 's', key: 'k', expiresAtMs: clock.nowMs + 1000, answer: () => 'kept' }];
        await log.commit({ entries: [draftOf(key('a')), draftOf(key('a'))], receipts });
        await commitMany(log, key('b'), 2, { retention: { messages: 1 } });
        await log.purge(key('a'), { serial: 2 });
        const { head } = await log.reset(key('c'));
        const before = await Promise.all(['a', 'b', 'c', 'never'].map((name) => log.state(key(name))));
        const again = await reopen();
        const after = await Promise.all(['a', 'b', 'c', 'never'].map((name) => again.state(key(name))));
        expect(after).toEqual(before);
        expect((await again.receipt('s', 'k'))?.answer).toBe('kept');
        expect(await commitOne(again, draftOf(key('a')))).toMatchObject({ serial: 3 });
        expect(await commitOne(again, draftOf(key('c')))).toMatchObject({ ...head, serial: 1 });
      });
    });
  });
}
