// The Cache port in this process's memory: bounded, each key with its own lifetime, one timer for all of them.
// Nothing survives the process.
import type { Cache, CachedValue } from '../ports/cache.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemoryCacheOptions {
  /** Most keys held, default 100,000; a full cache drops the key that ends first. */
  readonly maxEntries?: number;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/** How often memory of ended keys is given back. Reading never depends on it. */
const SWEEP_INTERVAL_MS = 5_000;
/** Keys removed beyond this wait for the next sweep, so that a sweep never holds up the event loop. */
const SWEEP_LIMIT = 20_000;

/** Every promise settles in the same turn; operations on one key are atomic because nothing awaits inside them. */
export function createMemoryCache(options: MemoryCacheOptions = {}): Cache {
  const now = options.now ?? Date.now;
  const values = new ExpiringMap<string>(options.maxEntries ?? 100_000);
  const timer = setInterval(() => values.removeExpired(now(), SWEEP_LIMIT), SWEEP_INTERVAL_MS);
  timer.unref();

  return {
    async get(key): Promise<CachedValue | null> {
      const found = values.get(key, now());
      return found === undefined ? null : { value: found.value, expiresAtMs: found.expiresAtMs };
    },
    async set(key, value, ttlMs): Promise<void> {
      values.set(key, value, now() + ttlMs);
    },
    async setIfAbsent(key, value, ttlMs): Promise<boolean> {
      const nowMs = now();
      if (values.get(key, nowMs) !== undefined) return false;
      values.set(key, value, nowMs + ttlMs);
      return true;
    },
    async delete(key): Promise<void> {
      values.delete(key);
    },
    async increment(key, windowMs): Promise<{ count: number; resetsAtMs: number }> {
      const nowMs = now();
      const found = values.get(key, nowMs);
      const count = found === undefined ? 1 : Number(found.value) + 1;
      const resetsAtMs = found === undefined ? nowMs + windowMs : found.expiresAtMs;
      values.set(key, String(count), resetsAtMs);
      return { count, resetsAtMs };
    },
    async close(): Promise<void> {
      clearInterval(timer);
      values.clear();
    },
  };
}
