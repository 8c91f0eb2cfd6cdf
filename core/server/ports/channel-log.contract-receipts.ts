// Contract of the ChannelLog port: receipts. A key that was used answers instead of committing, until it ends.
import { describe, expect, it } from 'vitest';
import { commitOne, draftOf, type LogTest, type OpenLog, withLog } from './channel-log.contract-support.ts';
import type { Commit, ReceiptDraft } from './channel-log.ts';

export function receiptsContract(open: OpenLog): void {
  describe('receipts', () => {
    it('answer a repetition with the first text, storing nothing', async () => {
      await withLog(open, async (context) => {
        const { log, key } = context;
        await commitOne(log, draftOf(key('a')));
        await log.commit(keyed(context, { fingerprint: 'f1' }));
        const again = await log.commit(keyed(context, { fingerprint: 'f1', answer: () => 'another text' }));
        const receipt = {
          scope: 's',
          key: 'k',
          fingerprint: 'f1',
          expiresAtMs: context.clock.nowMs + 1000,
          answer: 'serials 2',
        };
        expect(again).toEqual({ kind: 'duplicate', receipt });
        expect(await log.receipt('s', 'k')).toEqual(receipt);
        expect((await log.head(key('a'))).serial).toBe(2);
      });
    });

    it('tell another payload under the same key apart', async () => {
      await withLog(open, async (context) => {
        await context.log.commit(keyed(context, { fingerprint: 'f1' }));
        const other = await context.log.commit(keyed(context, { fingerprint: 'f2' }));
        expect(other.kind).toBe('conflict');
        expect((await context.log.head(context.key('a'))).serial).toBe(1);
      });
    });

    it('take any payload for the same where one side has no fingerprint', async () => {
      await withLog(open, async (context) => {
        const { log } = context;
        await log.commit(keyed(context, { key: 'without' }));
        await log.commit(keyed(context, { key: 'with', fingerprint: 'f' }));
        expect((await log.commit(keyed(context, { key: 'without', fingerprint: 'f' }))).kind).toBe(
          'duplicate',
        );
        expect((await log.commit(keyed(context, { key: 'with' }))).kind).toBe('duplicate');
        expect(await log.receipt('s', 'without')).not.toHaveProperty('fingerprint');
      });
    });

    it('decide among commits of the same turn', async () => {
      await withLog(open, async (context) => {
        const { log, key } = context;
        const results = await Promise.all([
          log.commit(keyed(context, { fingerprint: 'f1' })),
          log.commit(keyed(context, { fingerprint: 'f1' })),
          log.commit(keyed(context, { fingerprint: 'f2' })),
          log.commit(keyed(context, { key: 'other' })),
        ]);
        expect(results.map(({ kind }) => kind)).toEqual(['committed', 'duplicate', 'conflict', 'committed']);
        expect((await log.head(key('a'))).serial).toBe(2);
      });
    });

    it('keep scopes apart, also where scope and key run together', async () => {
      await withLog(open, async (context) => {
        const { log } = context;
        for (const [scope, key] of [
          ['s', 'kk'],
          ['sk', 'k'],
          ['t', 'kk'],
        ] as const) {
          expect((await log.commit(keyed(context, { scope, key }))).kind).toBe('committed');
        }
      });
    });

    it('end: the key is free again', async () => {
      await withLog(open, async (context) => {
        const { log, clock, key } = context;
        await log.commit(keyed(context, { fingerprint: 'f1' }));
        clock.nowMs += 999;
        expect((await log.commit(keyed(context, { fingerprint: 'f1' }))).kind).toBe('duplicate');
        clock.nowMs += 1;
        expect(await log.receipt('s', 'k')).toBeNull();
        expect((await log.commit(keyed(context, { fingerprint: 'f2' }))).kind).toBe('committed');
        expect((await log.receipt('s', 'k'))?.fingerprint).toBe('f2');
        expect((await log.head(key('a'))).serial).toBe(2);
      });
    });

    it('are all stored or none: one used key refuses the whole commit (L2)', async () => {
      await withLog(open, async (context) => {
        const { log, key } = context;
        await log.commit(keyed(context, { key: 'used' }));
        const { entries } = keyed(context);
        const receipts = ['new', 'used'].map((name) => receiptOf(context, { key: name }));
        const result = await log.commit({ entries: [...entries, draftOf(key('b'))], receipts });
        expect(result).toMatchObject({ kind: 'duplicate', receipt: { key: 'used' } });
        expect(await log.receipt('s', 'new')).toBeNull();
        expect((await log.head(key('b'))).serial).toBe(0);
      });
    });

    it('see the entries of their commit, with serials', async () => {
      await withLog(open, async (context) => {
        const { log, key } = context;
        const entries = [draftOf(key('a')), draftOf(key('b')), draftOf(key('a'))];
        await log.commit({ entries, receipts: [receiptOf(context)] });
        expect((await log.receipt('s', 'k'))?.answer).toBe('serials 1,1,2');
      });
    });

    it('can not be given twice in one commit', async () => {
      await withLog(open, async (context) => {
        const { log, key } = context;
        const twice = { ...keyed(context), receipts: [receiptOf(context), receiptOf(context)] };
        await expect(log.commit(twice)).rejects.toThrow();
        expect(await log.receipt('s', 'k')).toBeNull();
        expect((await log.head(key('a'))).serial).toBe(0);
      });
    });

    it('go with trim once they have ended, and only then', async () => {
      await withLog(open, async (context) => {
        const { log, clock } = context;
        for (let index = 0; index < 50; index += 1) {
          const expiresAtMs = clock.nowMs + (index % 2 === 0 ? 10 : 1000);
          await log.commit(keyed(context, { key: `k${index}`, expiresAtMs }));
        }
        clock.nowMs += 10;
        await log.trim();
        const found = await Promise.all(
          Array.from({ length: 50 }, (_, index) => log.receipt('s', `k${index}`)),
        );
        expect(found.map((receipt) => receipt !== null)).toEqual(found.map((_, index) => index % 2 === 1));
      });
    });
  });
}

function receiptOf({ clock }: LogTest, given: Partial<ReceiptDraft> = {}): ReceiptDraft {
  return {
    scope: 's',
    key: 'k',
    expiresAtMs: clock.nowMs + 1000,
    answer: (entries) => `serials ${entries.map(({ serial }) => serial).join()}`,
    ...given,
  };
}

function keyed(context: LogTest, given: Partial<ReceiptDraft> = {}): Commit {
  return { entries: [draftOf(context.key('a'))], receipts: [receiptOf(context, given)] };
}
