import { describe, expect, it } from 'vitest';
import { ClockCache } from './clock-cache.ts';

function filled(...keys: string[]): ClockCache<{ key: string; isUsed: boolean }> {
  const cache = new ClockCache<{ key: string; isUsed: boolean }>();
  for (const key of keys) cache.set(key, { key, isUsed: false });
  return cache;
}

describe('a clock cache', () => {
  it('forgets in the order of arrival whoever was not looked at', () => {
    const cache = filled('a', 'b', 'c', 'd');
    cache.get('a');
    cache.get('c');
    cache.peek('b');
    const forgotten = [1, 2, 3, 4, 5].map(() => cache.forgetOne(10)?.key);
    expect(forgotten).toEqual(['b', 'd', 'a', 'c', undefined]);
    expect(cache.size).toBe(0);
  });

  it('goes on where it stood, also with what was added meanwhile', () => {
    const cache = filled('a', 'b', 'c');
    expect(cache.forgetOne(10)?.key).toBe('a');
    cache.set('d', { key: 'd', isUsed: false });
    cache.get('b');
    expect([1, 2, 3].map(() => cache.forgetOne(10)?.key)).toEqual(['c', 'd', 'b']);
  });

  it('gives up after so many looks, and forgets none that may not go', () => {
    const cache = filled('a', 'b', 'c');
    for (const key of ['a', 'b', 'c']) cache.get(key);
    expect(cache.forgetOne(3)).toBeUndefined();
    expect(cache.forgetOne(5, ({ key }) => key === 'x')).toBeUndefined();
    expect(cache.forgetOne(3, ({ key }) => key !== 'c')?.key).not.toBe('c');
    expect(cache.size).toBe(2);
  });
});
