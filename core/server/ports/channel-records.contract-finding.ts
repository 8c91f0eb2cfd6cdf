// Contract of the records of a channel: ordinals, pages and searches.
import { describe, expect, it } from 'vitest';
import { draftOf } from './channel-log.contract-support.ts';
import { commitAll, count, listed, put, remove } from './channel-records.contract-support.ts';
import type { RecordPage, RecordSearch } from './channel-records.ts';
import { type OpenDurableLog, withMessages } from './message-log.contract-support.ts';

export function findingContract(open: OpenDurableLog): void {
  pagesContract(open);
  searchContract(open);
}

const outline = ({ records, more }: RecordPage): string =>
  `${records.map(({ ordinal }) => ordinal).join(' ')}${more ? ' …' : ''}`;

function pagesContract(open: OpenDurableLog): void {
  describe('pages', () => {
    it('number the records of a kind from 1 and never use an ordinal twice', async () => {
      await withMessages(open, async ({ log, key }) => {
        for (const id of ['r1', 'r2', 'r3']) await log.change(key('a'), count(id));
        await log.change(key('a'), count('l1', 'lease'));
        await log.change(key('b'), count('r1'));
        await log.change(key('a'), remove('r3'));
        await log.change(key('a'), remove('r1'));
        await log.change(key('a'), count('r3'));
        await commitAll(log, draftOf(key('a'), { records: [count('r2'), count('r5')] }));
        expect(await listed(log, key('a'))).toEqual(['r2 2 2', 'r3 4 1', 'r5 5 1']);
        expect(await listed(log, key('a'), 'lease')).toEqual(['l1 1 1']);
        expect(await listed(log, key('b'))).toEqual(['r1 1 1']);
      });
    });

    it('come newest first and go on before an ordinal', async () => {
      await withMessages(open, async ({ log, key }) => {
        const records = Array.from({ length: 7 }, (_, index) => put(`r${index + 1}`));
        await commitAll(log, draftOf(key('a'), { records }));
        await log.change(key('a'), put('r2', { value: '2' }));
        await log.change(key('a'), remove('r5'));
        const page = async (limit: number, before?: number) =>
          outline(await log.records(key('a'), 'run', { limit, ...(before !== undefined && { before }) }));
        expect(await page(9)).toBe('7 6 4 3 2 1');
        expect(await page(6)).toBe('7 6 4 3 2 1');
        expect(await page(2)).toBe('7 6 …');
        expect(await page(2, 6)).toBe('4 3 …');
        expect(await page(2, 3)).toBe('2 1');
        expect(await page(2, 1)).toBe('');
        expect(await page(2, 99)).toBe('7 6 …');
        expect(outline(await log.records(key('never'), 'run', { limit: 9 }))).toBe('');
      });
    });

    it('hold only the states asked for', async () => {
      await withMessages(open, async ({ log, key }) => {
        const states = ['open', 'held', 'ended', 'open', 'held', 'ended'];
        for (const [index, state] of states.entries())
          await log.change(key('a'), put(`r${index}`, { state }));
        await log.change(key('a'), put('r0', { state: 'ended' }));
        const page = async (wanted: readonly string[], limit: number, before = 99) =>
          outline(await log.records(key('a'), 'run', { states: wanted, limit, before }));
        expect(await page(['open'], 9)).toBe('4');
        expect(await page(['ended'], 9)).toBe('6 3 1');
        expect(await page(['open', 'held'], 2)).toBe('5 4 …');
        expect(await page(['open', 'held'], 2, 4)).toBe('2');
        expect(await page(['none'], 9)).toBe('');
        expect(await page([], 9)).toBe('');
      });
    });
  });
}

function searchContract(open: OpenDurableLog): void {
  describe('search', () => {
    it('finds by kind, state, app, channel prefix and due time', async () => {
      await withMessages(open, async ({ log, key }) => {
        const other = { appId: 'other', channel: 'ai-1' };
        await log.change(key('ai-1'), put('r1', { state: 'held', dueAtMs: 30 }));
        await log.change(other, put('r2', { state: 'held', dueAtMs: 10 }));
        await log.change(key('ai-2'), put('r3', { dueAtMs: 20 }));
        await log.change(key('AI-3'), put('r4', { state: 'held' }));
        await log.change(key('ai-1'), put('l1', { kind: 'lease', state: 'held', dueAtMs: 5 }));
        await log.change(key('a%_-🦊x'), put('r5', { state: 'odd' }));
        const found = async (search: Partial<RecordSearch>) =>
          (await log.search({ kind: 'run', limit: 9, ...search })).map(({ id }) => id).join(' ');
        expect(await found({})).toBe('r2 r3 r1 r4 r5');
        expect(await found({ kind: 'lease' })).toBe('l1');
        expect(await found({ kind: 'none' })).toBe('');
        expect(await found({ state: 'held' })).toBe('r2 r1 r4');
        expect(await found({ appId: 'app' })).toBe('r3 r1 r4 r5');
        expect(await found({ channelPrefix: 'ai-' })).toBe('r2 r3 r1');
        expect(await found({ channelPrefix: 'a%_-🦊' })).toBe('r5');
        expect(await found({ channelPrefix: 'a%_-🦊x' })).toBe('r5');
        expect(await found({ channelPrefix: '' })).toBe('r2 r3 r1 r4 r5');
        expect(await found({ channelPrefix: 'i-1' })).toBe('');
        expect(await found({ appId: 'app', exceptChannels: ['ai-1', 'a%_-🦊x', 'none'] })).toBe('r3 r4');
        expect(await found({ appId: 'app', exceptChannels: [] })).toBe('r3 r1 r4 r5');
        expect(await found({ dueByMs: 20 })).toBe('r2 r3');
        expect(await found({ dueByMs: 9 })).toBe('');
        expect(await found({ dueByMs: Number.POSITIVE_INFINITY })).toBe('r2 r3 r1');
        expect(await found({ state: 'held', appId: 'app', channelPrefix: 'ai', dueByMs: 30 })).toBe('r1');
      });
    });

    it('puts those due first first, those never due last, and older ones before younger ones', async () => {
      await withMessages(open, async ({ log, key }) => {
        const dues = [undefined, 20, 10, undefined, 10, -5, 20];
        for (const [index, dueAtMs] of dues.entries()) {
          const channel = ['b', 'a'][index % 2] ?? '';
          await log.change(key(channel), put(`r${index}`, dueAtMs === undefined ? {} : { dueAtMs }));
        }
        const found = async (limit: number, search: Partial<RecordSearch> = {}) =>
          (await log.search({ kind: 'run', limit, ...search })).map(({ id }) => id).join(' ');
        expect(await found(9)).toBe('r5 r2 r4 r1 r6 r0 r3');
        expect(await found(3)).toBe('r5 r2 r4');
        await log.change(key('b'), put('r2', { dueAtMs: 10, value: '2' }));
        expect(await found(3)).toBe('r5 r2 r4');
        await log.change(key('b'), remove('r2'));
        await log.change(key('b'), put('r2', { dueAtMs: 10 }));
        expect(await found(9, { state: 'open' })).toBe('r5 r4 r2 r1 r6 r0 r3');
        await log.change(key('b'), put('r0', { state: 'ended', dueAtMs: 1 }));
        expect(await found(2)).toBe('r5 r0');
        expect(await found(9, { state: 'open', dueByMs: 10 })).toBe('r5 r4 r2');
      });
    });
  });
}
