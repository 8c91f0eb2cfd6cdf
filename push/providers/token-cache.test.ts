import { describe, expect, it } from 'vitest';
import { TokenCache } from './token-cache.ts';

function cacheWithClock() {
  const clock = { nowMs: 0, made: 0 };
  const cache = new TokenCache(() => clock.nowMs);
  const make = async () => {
    clock.made += 1;
    return { value: `token-${clock.made}`, freshUntilMs: clock.nowMs + 1000 };
  };
  return { clock, cache, make };
}

describe('TokenCache', () => {
  it('makes one token for all who ask at once', async () => {
    const { clock, cache, make } = cacheWithClock();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => cache.get('a', make)));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(clock.made).toBe(1);
  });

  it('makes another when the first is no longer fresh, once for all', async () => {
    const { clock, cache, make } = cacheWithClock();
    await cache.get('a', make);
    clock.nowMs = 1000;
    expect(await Promise.all([cache.get('a', make), cache.get('a', make)])).toEqual(['token-2', 'token-2']);
  });

  it('forgets a token that was refused, and only that one', async () => {
    const { cache, make } = cacheWithClock();
    const first = await cache.get('a', make);
    await cache.reject('a', first);
    expect(await cache.get('a', make)).toBe('token-2');
    await cache.reject('a', first);
    expect(await cache.get('a', make)).toBe('token-2');
  });

  it('keeps no failure', async () => {
    const { cache, make } = cacheWithClock();
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache.get('a', make)).toBe('token-1');
  });

  it('keeps so many tokens at most', async () => {
    const { clock, cache, make } = cacheWithClock();
    for (let count = 0; count <= 1000; count += 1) await cache.get(`key-${count}`, make);
    await cache.get('key-1', make);
    expect(clock.made).toBe(1001);
    await cache.get('key-0', make);
    expect(clock.made).toBe(1002);
  });
});
