// The contract suite of the ChannelLog port: every driver passes it, and nothing in it names one. Examples of each invariant
// here and in the files beside this one; a model-based property over random histories in channel-log.contract-model.ts.
import { describe, expect, it } from 'vitest';
import { modelContract } from './channel-log.contract-model.ts';
import { closingContract, positionsContract, retentionContract } from './channel-log.contract-reading.ts';
import { receiptsContract } from './channel-log.contract-receipts.ts';
import { commitOne, draftOf, type OpenLog, serialsOf, withLog } from './channel-log.contract-support.ts';
import type { ChannelKey, CommitResult, EntryDraft, LogEntry } from './channel-log.ts';
import { entryOf } from './log-rules.ts';

export interface ContractOptions {
  /** Random histories of the model-based property, default 60. */
  readonly runs?: number;
}

/**
 * @param open gives a log without any channel in it, on the clock given.
 */
export function channelLogContract(name: string, open: OpenLog, options: ContractOptions = {}): void {
  describe(`channel log: ${name}`, () => {
    ordersContract(open);
    textsContract(open);
    receiptsContract(open);
    positionsContract(open);
    retentionContract(open);
    closingContract(open);
    modelContract(open, options.runs ?? 60);
  });
}

function ordersContract(open: OpenLog): void {
  describe('serials', () => {
    it('numbers each channel from 1 under one stream id that `head` has named before', async () => {
      await withLog(open, async ({ log, key }) => {
        const before = await log.head(key('a'));
        const first = await commitOne(log, draftOf(key('a')));
        const second = await commitOne(log, draftOf(key('a')));
        const other = await commitOne(log, draftOf(key('b')));
        expect(before.serial).toBe(0);
        expect([first.serial, second.serial, other.serial]).toEqual([1, 2, 1]);
        expect([first.streamId, second.streamId]).toEqual([before.streamId, before.streamId]);
        expect(other.streamId).not.toBe(before.streamId);
        expect(await log.head(key('a'))).toEqual({ streamId: before.streamId, serial: 2 });
      });
    });

    it('keeps apps apart', async () => {
      await withLog(open, async ({ log, key }) => {
        const foreign: ChannelKey = { appId: 'other-app', channel: key('a').channel };
        await commitOne(log, draftOf(key('a')));
        expect((await commitOne(log, draftOf(foreign))).serial).toBe(1);
        expect((await log.state(key('a'))).messages).toBe(1);
      });
    });

    it('has no holes under many concurrent commits, which resolve in serial order (L1, L4)', async () => {
      await withLog(open, async ({ log, key }) => {
        const resolved = new Map<string, number[]>();
        const commits: Promise<void>[] = [];
        for (let index = 0; index < 600; index += 1) {
          const channel = key(`c${index % 20}`);
          commits.push(
            commitOne(log, draftOf(channel)).then(({ serial }) => {
              resolved.set(channel.channel, [...(resolved.get(channel.channel) ?? []), serial]);
            }),
          );
        }
        await Promise.all(commits);
        const expected = Array.from({ length: 30 }, (_, index) => index + 1);
        for (let index = 0; index < 20; index += 1) {
          const channel = key(`c${index}`);
          expect(resolved.get(channel.channel)).toEqual(expected);
          const page = await log.read(channel, { direction: 'oldest-first', limit: 100 });
          expect(serialsOf(page)).toEqual(expected);
        }
      });
    });

    it('gives one commit consecutive serials in each of its channels', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitOne(log, draftOf(key('a')));
        const drafts = ['a', 'b', 'a', 'c', 'b'].map((channel) => draftOf(key(channel)));
        const result = await log.commit({ entries: drafts, receipts: [] });
        expect(entriesOf(result).map(({ serial }) => serial)).toEqual([2, 1, 3, 1, 2]);
      });
    });

    it('stores nothing and uses no serial when a commit throws, and neighbours go on (L2)', async () => {
      await withLog(open, async ({ log, key, clock }) => {
        const failing = log.commit({
          entries: [draftOf(key('a')), draftOf(key('b'))],
          receipts: [
            { scope: 's', key: 'good', expiresAtMs: clock.nowMs + 1000, answer: () => '1' },
            {
              scope: 's',
              key: 'bad',
              expiresAtMs: clock.nowMs + 1000,
              answer: () => {
                throw new Error('no answer');
              },
            },
          ],
        });
        const refused = expect(failing).rejects.toThrow('no answer');
        const neighbours = [1, 2, 3].map(() => commitOne(log, draftOf(key('a'))));
        await refused;
        expect((await Promise.all(neighbours)).map(({ serial }) => serial)).toEqual([1, 2, 3]);
        expect((await log.head(key('b'))).serial).toBe(0);
        expect(await log.receipt('s', 'good')).toBeNull();
      });
    });

    it('accepts a commit of receipts alone', async () => {
      await withLog(open, async ({ log, clock }) => {
        const receipt = { scope: 's', key: 'k', expiresAtMs: clock.nowMs + 1000, answer: () => 'done' };
        expect(await log.commit({ entries: [], receipts: [receipt] })).toEqual({
          kind: 'committed',
          entries: [],
        });
        expect((await log.receipt('s', 'k'))?.answer).toBe('done');
      });
    });

    it('never lets times run backwards within a channel (L7)', async () => {
      await withLog(open, async ({ log, key, clock }) => {
        const times = [10, 5, 30, 20, 31].map((ms) => clock.nowMs + ms);
        const stored: number[] = [];
        for (const publishedAtMs of times) {
          stored.push((await commitOne(log, draftOf(key('a'), { publishedAtMs }))).publishedAtMs);
        }
        expect(stored.map((ms) => ms - clock.nowMs)).toEqual([10, 10, 30, 30, 31]);
        const together = await log.commit({
          entries: [99, 98].map((ms) => draftOf(key('b'), { publishedAtMs: clock.nowMs + ms })),
          receipts: [],
        });
        expect(entriesOf(together).map(({ publishedAtMs }) => publishedAtMs - clock.nowMs)).toEqual([99, 99]);
      });
    });
  });
}

function textsContract(open: OpenLog): void {
  describe('entries', () => {
    it('come back as they were given, absent members absent', async () => {
      await withLog(open, async ({ log, key }) => {
        const full: EntryDraft = draftOf(key('a'), {
          event: 'événement 🦊',
          data: JSON.stringify({ text: 'a\u0000b "quoted" \\ 漢字', big: 'x'.repeat(70_000) }),
          messageId: 'id-1',
          versionSerial: (serial) => `000:${serial}`,
          userId: '',
          tags: '{"k":"v"}',
          extras: '{"headers":{}}',
        });
        const bare = draftOf(key('a'), { event: '', data: '' });
        const committed = [await commitOne(log, full), await commitOne(log, bare)];
        const page = await log.read(key('a'), { direction: 'oldest-first', limit: 10 });
        if (page.kind !== 'page') throw new Error('a page was expected');
        expect(page.entries).toEqual(committed);
        for (const [index, draft] of [full, bare].entries()) {
          const place = {
            publishedAtMs: draft.publishedAtMs,
            streamId: page.head.streamId,
            serial: index + 1,
          };
          expect(page.entries[index]).toEqual(entryOf(draft, place));
        }
        expect(Object.keys(page.entries[1] ?? {})).not.toContain('messageId');
      });
    });

    it('are counted in UTF-8 bytes', async () => {
      await withLog(open, async ({ log, key }) => {
        await commitOne(log, draftOf(key('a'), { event: 'é', data: '"🦊"', userId: 'u1' }));
        expect((await log.state(key('a'))).bytes).toBe(2 + 6 + 2);
      });
    });

    it('tell channels apart whose names are alike', async () => {
      await withLog(open, async ({ log }) => {
        const keys: ChannelKey[] = [
          { appId: '1', channel: '1a' },
          { appId: '11', channel: 'a' },
          { appId: '1', channel: '1A' },
        ];
        for (const key of keys) expect((await commitOne(log, draftOf(key))).serial).toBe(1);
        expect(new Set(await Promise.all(keys.map(async (key) => (await log.head(key)).streamId))).size).toBe(
          3,
        );
      });
    });
  });
}

function entriesOf(result: CommitResult): readonly LogEntry[] {
  if (result.kind !== 'committed') throw new Error(`committed was expected, not ${result.kind}`);
  return result.entries;
}
