import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueList } from './due-list.ts';

describe('DueList', () => {
  it('gives values by due time, those of one time as added, whatever the order of additions', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(25), (times, nowMs) => {
        const list = new DueList<number>();
        for (const [index, dueAtMs] of times.entries()) list.add(dueAtMs, index);
        const sorted = [...times.keys()].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
        const due = sorted.filter((index) => (times[index] ?? 0) <= nowMs);
        expect(list.takeDue(nowMs)).toEqual(due);
        expect(list.size).toBe(times.length - due.length);
        expect(list.takeDue(Number.POSITIVE_INFINITY)).toEqual(sorted.slice(due.length));
      }),
    );
  });

  it('takes no more than asked and tells what is next', () => {
    const list = new DueList<string>();
    expect(list.nextDueAtMs()).toBe(null);
    list.add(2, 'b');
    list.add(1, 'a');
    expect(list.takeDue(5, 1)).toEqual(['a']);
    expect(list.nextDueAtMs()).toBe(2);
  });

  it('removes one of several values of the same time', () => {
    const list = new DueList<string>();
    for (const value of ['a', 'b', 'c']) list.add(1, value);
    expect(list.remove(1, 'b')).toBe(true);
    expect(list.remove(1, 'b')).toBe(false);
    expect(list.remove(2, 'a')).toBe(false);
    expect(list.takeDue(1)).toEqual(['a', 'c']);
  });
});
