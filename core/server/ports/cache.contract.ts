// The contract suite of the Cache port; every driver passes it.
import { describe, expect, it } from 'vitest';
import type { Cache } from './cache.ts';

export interface CacheUnderTest {
  readonly cache: Cache;
  /** For caches that outlive their object: closes and opens the same store again. */
  readonly reopen?: () => Promise<Cache>;
  /** Closes what is open and removes the store. */
  readonly close: () => Promise<void>;
}

export interface OpenCacheOptions {
  readonly now: () => number;
  readonly maxEntries?: number;
}

export type OpenCache = (options: OpenCacheOptions) => Promise<CacheUnderTest>;

interface CacheTest {
  readonly cache: Cache;
  readonly reopen: (() => Promise<Cache>) | undefined;
  readonly clock: { nowMs: number };
}

/**
 * @param open gives an empty cache on the clock given
 * @param hasBound false: how much it holds is its server's business
 */
export function cacheContract(name: string, open: OpenCache, { hasBound = true } = {}): void {
  async function withCache(
    test: (context: CacheTest) => Promise<void>,
    limits: { maxEntries?: number } = {},
  ): Promise<void> {
    const clock = { nowMs: 1_700_000_000_000 };
    const { cache, reopen, close } = await open({ now: () => clock.nowMs, ...limits });
    try {
      await test({ cache, reopen, clock });
    } finally {
      await close();
    }
  }

  describe(`cache: ${name}`, () => {
    it('gives back what was set, with its end, until then', async () => {
      await withCache(async ({ cache, clock }) => {
        await cache.set('short', 'value "1" 🦊', 100);
        await cache.set('long', '', 1000);
        expect(await cache.get('short')).toEqual({ value: 'value "1" 🦊', expiresAtMs: clock.nowMs + 100 });
        expect(await cache.get('unknown')).toBeNull();
        clock.nowMs += 99;
        expect((await cache.get('short'))?.value).toBe('value "1" 🦊');
        clock.nowMs += 1;
        expect(await cache.get('short')).toBeNull();
        expect((await cache.get('long'))?.value).toBe('');
      });
    });

    it('replaces value and end', async () => {
      await withCache(async ({ cache, clock }) => {
        await cache.set('k', 'one', 1000);
        await cache.set('k', 'two', 10);
        expect(await cache.get('k')).toEqual({ value: 'two', expiresAtMs: clock.nowMs + 10 });
      });
    });

    it('deletes, also what is not there', async () => {
      await withCache(async ({ cache }) => {
        await cache.set('k', 'one', 1000);
        await cache.delete('k');
        await cache.delete('k');
        expect(await cache.get('k')).toBeNull();
      });
    });

    it('sets an absent key for exactly one of many', async () => {
      await withCache(async ({ cache, clock }) => {
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, index) => cache.setIfAbsent('k', String(index), 100)),
        );
        expect(claims.filter((isClaimed) => isClaimed)).toHaveLength(1);
        expect((await cache.get('k'))?.value).toBe(String(claims.indexOf(true)));
        clock.nowMs += 100;
        expect(await cache.setIfAbsent('k', 'next', 100)).toBe(true);
        await cache.delete('k');
        expect(await cache.setIfAbsent('k', 'free', 100)).toBe(true);
      });
    });

    it('counts within a window that is fixed by the first use', async () => {
      await withCache(async ({ cache, clock }) => {
        const resetsAtMs = clock.nowMs + 100;
        const counts = await Promise.all(Array.from({ length: 30 }, () => cache.increment('k', 100)));
        expect(counts.map(({ count }) => count)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
        clock.nowMs += 60;
        expect(await cache.increment('k', 100)).toEqual({ count: 31, resetsAtMs });
        clock.nowMs += 40;
        expect(await cache.increment('k', 100)).toEqual({ count: 1, resetsAtMs: clock.nowMs + 100 });
      });
    });

    it('drops the key that ends first when it is full (divergence D57)', async () => {
      await withCache(
        async ({ cache }) => {
          if (!hasBound) return;
          await cache.set('late', 'v', 3000);
          await cache.set('soon', 'v', 1000);
          await cache.set('later', 'v', 4000);
          await cache.set('soon', 'v', 2000);
          await cache.set('new', 'v', 5000);
          const keys = ['late', 'soon', 'later', 'new'];
          const found = await Promise.all(keys.map((key) => cache.get(key)));
          expect(keys.filter((_, index) => found[index] !== null)).toEqual(['late', 'later', 'new']);
        },
        { maxEntries: 3 },
      );
    });

    it('keeps its keys for the next opening, where it is not in memory', async () => {
      await withCache(async ({ cache, reopen, clock }) => {
        await cache.set('k', 'kept', 1000);
        const { resetsAtMs } = await cache.increment('n', 500);
        if (reopen === undefined) return;
        const again = await reopen();
        expect(await again.get('k')).toEqual({ value: 'kept', expiresAtMs: clock.nowMs + 1000 });
        expect(await again.increment('n', 500)).toEqual({ count: 2, resetsAtMs });
      });
    });

    it('closes more than once', async () => {
      await withCache(async ({ cache }) => {
        await cache.close();
        await cache.close();
      });
    });
  });
}
