// Contract of annotations: events, what they add up to, taking back.
import { describe, expect, it } from 'vitest';
import {
  annotate,
  annotationOf,
  createMessage,
  type OpenDurableLog,
  serialOf,
  withMessages,
} from './message-log.contract-support.ts';

export function annotationsContract(open: OpenDurableLog): void {
  describe('annotations', () => {
    it('come back as they were made, oldest first, by type and place', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const { messageSerial } = message;
        const full = {
          action: 'annotation.create' as const,
          messageSerial,
          type: 'votes:multiple.v1',
          name: 'é🦊',
          clientId: 'c1',
          count: 3,
          data: '{"d":1}',
          encoding: 'json',
          id: 'id-1',
          timestampMs: 17,
        };
        const first = await annotate(context, message, {
          record: (annotationSerial) => ({ ...full, annotationSerial }),
        });
        const rest = [];
        for (const type of ['x', 'y', 'x']) rest.push(await annotate(context, message, { type }));
        const all = [first, ...rest].map(({ record }) => record);
        const list = (range: object) => log.annotations(key('a'), messageSerial, { limit: 9, ...range });
        expect(first.record).toEqual({ ...full, annotationSerial: first.record.annotationSerial });
        expect(await list({})).toEqual({ records: all, more: false });
        expect(all.map(serialOf)).toEqual(all.map(serialOf).toSorted());
        expect(await list({ type: 'x' })).toEqual({ records: [all[1], all[3]], more: false });
        expect(await list({ limit: 3 })).toEqual({ records: all.slice(0, 3), more: true });
        const from = serialOf(all[1] ?? first.record);
        expect(await list({ from, limit: 1 })).toEqual({ records: [all[2]], more: true });
        expect(await list({ from: serialOf(all[3] ?? first.record) })).toEqual({ records: [], more: false });
        expect(await log.annotations(key('a'), 'unknown', { limit: 9 })).toEqual({
          records: [],
          more: false,
        });
        expect(await log.annotation(key('a'), from)).toEqual(all[1]);
        expect(await log.annotation(key('a'), 'unknown')).toBeNull();
        expect(await log.annotation(key('b'), from)).toBeNull();
      });
    });

    it('are taken back once; the event stays and tells by what', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const { record } = await annotate(context, message);
        const targetSerial = record.annotationSerial;
        const take = annotationOf(context, message, { targetSerial });
        const [taken, again] = await Promise.all([log.annotate(take), log.annotate(take)]);
        if (taken.kind !== 'committed') throw new Error(`an annotation was expected, not ${taken.kind}`);
        expect(taken.projection).toBe('0');
        expect(again).toMatchObject({ kind: 'refused', error: new Error('deleted already') });
        const deletedBy = taken.entry.record.annotationSerial;
        const shown = { ...record, deletedBy };
        expect(await log.annotation(key('a'), targetSerial)).toEqual(shown);
        expect((await log.annotations(key('a'), message.messageSerial, { limit: 9 })).records).toEqual([
          shown,
          taken.entry.record,
        ]);
        const unknown = annotationOf(context, message, { targetSerial: 'no-such' });
        expect(await log.annotate(unknown)).toMatchObject({ kind: 'refused', error: new Error('no target') });
        expect((await log.head(key('a'))).serial).toBe(3);
      });
    });

    it('are nothing to a message that is unknown', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        await createMessage(context, key('a'));
        const unknown = annotationOf(context, { key: key('a'), messageSerial: 'no-such' });
        expect(await log.annotate(unknown)).toEqual({ kind: 'unknown-message' });
        expect((await log.head(key('a'))).serial).toBe(1);
      });
    });
  });

  describe('projections', () => {
    it('follow each event of their message and type, newest message first', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const old = await createMessage(context, key('a'));
        const young = await createMessage(context, key('a'));
        const other = await createMessage(context, key('b'));
        const plan = [
          [old, 'x'],
          [young, 'y'],
          [young, 'x'],
          [old, 'x'],
          [other, 'x'],
        ] as const;
        const states = [];
        for (const [message, type] of plan) {
          const result = await log.annotate(annotationOf(context, message, { type }));
          states.push(result.kind === 'committed' && result.projection);
        }
        expect(states).toEqual(['1', '1', '1', '2', '1']);
        const expected = [
          { messageSerial: young.messageSerial, type: 'x', state: '1' },
          { messageSerial: young.messageSerial, type: 'y', state: '1' },
          { messageSerial: old.messageSerial, type: 'x', state: '2' },
        ];
        expect(await log.projections(key('a'), 9)).toEqual(expected);
        expect(await log.projections(key('a'), 1)).toEqual(expected.slice(0, 1));
        expect(await log.projections(key('never'), 9)).toEqual([]);
      });
    });

    it('see what the event before left, within one turn', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const drafts = Array.from({ length: 50 }, () => annotationOf(context, message));
        const results = await Promise.all(drafts.map((draft) => log.annotate(draft)));
        const states = results.map((result) => result.kind === 'committed' && result.projection);
        expect(states).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 1)));
      });
    });

    it('that can not be made refuse their event', async () => {
      await withMessages(open, async (context) => {
        const { log, key } = context;
        const message = await createMessage(context, key('a'));
        const error = new Error('no projection');
        const draft = {
          ...annotationOf(context, message),
          project: (): string => {
            throw error;
          },
        };
        expect(await log.annotate(draft)).toEqual({ kind: 'refused', error });
        expect(await log.projections(key('a'), 9)).toEqual([]);
        expect(await log.annotations(key('a'), message.messageSerial, { limit: 9 })).toEqual({
          records: [],
          more: false,
        });
        expect((await annotate(context, message)).serial).toBe(2);
      });
    });
  });
}
