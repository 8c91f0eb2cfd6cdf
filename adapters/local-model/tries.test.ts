import { describe, expect, it } from 'vitest';
import { Tries } from './tries.ts';

describe('Tries', () => {
  it('fails the first tries of each request, and begins again after one that passes', () => {
    const tries = new Tries();
    expect([1, 2, 3, 4, 5].map(() => tries.fails('a', 2))).toEqual([true, true, false, true, true]);
    expect(tries.fails('b', 2)).toBe(true);
    expect([1, 2, 3].map(() => tries.fails('c', Infinity))).toEqual([true, true, true]);
  });

  it('forgets the request longest ago', () => {
    const tries = new Tries();
    expect(tries.fails('first', 1)).toBe(true);
    for (let index = 0; index < 1000; index += 1) tries.fails(`other ${index}`, 1);
    // Not known any more: its second try counts as its first.
    expect(tries.fails('first', 1)).toBe(true);
    expect(tries.fails('other 999', 1)).toBe(false);
  });
});
