// Contract of changes that come together (`mutateInOrder`): each on top of the one before it, and none after one that was not made.
import { describe, expect, it } from 'vitest';
import {
  type Change,
  change,
  createMessage,
  type MessageHandle,
  type MessageTest,
  mutationOf,
  type OpenDurableLog,
  withMessages,
} from './message-log.contract-support.ts';

export function inOrderContract(open: OpenDurableLog): void {
  const withMessage = (test: (context: MessageTest, message: MessageHandle) => Promise<void>) =>
    withMessages(open, async (context) =>
      test(context, await createMessage(context, context.key('a'), { data: '""' })),
    );

  describe('changes of one message in a row', () => {
    it('are made in their order, with consecutive serials, and see each other', async () => {
      await withMessage(async (context, message) => {
        const changes = [
          appended('a', 'one'),
          appended('b', 'two'),
          { action: 'update', data: '"x"' } as const,
          appended('c', 'three'),
        ];
        expect(await mutateAll(context, message, changes)).toEqual([2, 3, 4, 5]);
        expect(await textOf(context, message)).toBe('"xc"');
        expect(await mutateAll(context, message, [])).toEqual([]);
      });
    });

    it('go on after duplicates, of earlier rows and of their own', async () => {
      await withMessage(async (context, message) => {
        await mutateAll(context, message, [appended('a', 'one'), appended('b', 'two')]);
        const row = [
          appended('a', 'one'),
          appended('c', 'three'),
          appended('c', 'three'),
          appended('d', 'four'),
        ];
        expect(await mutateAll(context, message, row)).toEqual(['duplicate', 4, 'duplicate', 5]);
        expect(await textOf(context, message)).toBe('"abcd"');
      });
    });

    it('end with the first that is a conflict, refused or of no message', async () => {
      await withMessage(async (context, message) => {
        const refused: Change = {
          apply: () => {
            throw new Error('no');
          },
        };
        await change(context, message, appended('a', 'one'));
        const before = appended('b', 'two');
        const after = appended('z', 'last');
        expect(await mutateAll(context, message, [before, appended('other', 'one'), after])).toEqual([
          3,
          'conflict',
        ]);
        expect(await mutateAll(context, message, [appended('c', 'three'), refused, after])).toEqual([
          4,
          'refused',
        ]);
        const nowhere = { ...message, messageSerial: `${message.messageSerial.slice(0, -1)}9` };
        expect(await mutateAll(context, nowhere, [before, after])).toEqual(['unknown-message']);
        expect(await textOf(context, message)).toBe('"abc"');
        expect(await context.log.receipt('op', 'last')).toBeNull();
        expect((await context.log.head(message.key)).serial).toBe(4);
      });
    });

    it('keep their place among other changes of the same turn', async () => {
      await withMessage(async (context, message) => {
        const { log } = context;
        const other = await createMessage(context, context.key('a'));
        const results = await Promise.all([
          log.mutate(mutationOf(context, message, { data: '"1"' })),
          log.mutateInOrder(['2', '3'].map((text) => mutationOf(context, message, { data: `"${text}"` }))),
          log.mutate(mutationOf(context, other)),
          log.mutateInOrder(['4', '5'].map((text) => mutationOf(context, message, { data: `"${text}"` }))),
        ]);
        expect(results.flat().map((result) => result.kind === 'committed' && result.entry.serial)).toEqual([
          3, 4, 5, 6, 7, 8,
        ]);
        expect(await textOf(context, message)).toBe('"12345"');
      });
    });
  });
}

function appended(text: string, opId: string): Change {
  const receipt = { scope: 'op', key: opId, fingerprint: text, expiresAtMs: Number.MAX_SAFE_INTEGER };
  return { data: `"${text}"`, receipt: { ...receipt, answer: () => 'done' } };
}

/** The serials of what was committed, and what came of the others. */
async function mutateAll(
  context: MessageTest,
  message: MessageHandle,
  changes: readonly Change[],
): Promise<(number | string)[]> {
  const drafts = changes.map((given) => mutationOf(context, message, given));
  const results = await context.log.mutateInOrder(drafts);
  return results.map((result) => (result.kind === 'committed' ? result.entry.serial : result.kind));
}

async function textOf({ log }: MessageTest, { key, messageSerial }: MessageHandle): Promise<string | null> {
  return (await log.message(key, messageSerial))?.data() ?? null;
}
