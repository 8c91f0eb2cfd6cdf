// The Cache port on Redis: what all nodes share for a while. Every key lives as long as it was given, by the clock of Redis. How
// many keys there may be is the server's `maxmemory` (policy `volatile-ttl` drops the one that ends first).
import { type Cache, type CachedValue, StoreUnavailable } from '@sockudo/server/ports';
import type { Redis } from 'ioredis';
import type { RedisAddress } from './address.ts';
import { closeConnection, openConnection } from './connection.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Script } from './script.ts';

export interface RedisCacheOptions {
  readonly address: RedisAddress;
  /** What every key begins with. */
  readonly prefix: string;
  readonly logger?: Logger;
  /** Milliseconds since the epoch, for tests; absent: the clock of Redis. */
  readonly now?: () => number;
}

const SET = new Script('cache-set');
const CLAIM = new Script('cache-claim');
const INCREMENT = new Script('cache-increment');

/** @throws Error with the address, where Redis cannot be reached or is too old */
export async function createCache(options: RedisCacheOptions): Promise<Cache> {
  const client = await openConnection(options.address, 'cache', options.logger ?? silentLogger);
  return new RedisCache(client, options);
}

class RedisCache implements Cache {
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #now: (() => number) | null;

  constructor(client: Redis, { prefix, now }: RedisCacheOptions) {
    this.#client = client;
    this.#prefix = `${prefix}cache:`;
    this.#now = now ?? null;
  }

  async get(key: string): Promise<CachedValue | null> {
    const stored = await this.#attempt(() => this.#client.get(this.#prefix + key));
    if (stored === null) return null;
    const space = stored.indexOf(' ');
    const expiresAtMs = Number(stored.slice(0, space));
    if (this.#now !== null && expiresAtMs <= this.#now()) return null;
    return { value: stored.slice(space + 1), expiresAtMs };
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#run(SET, key, [value, lifetime(ttlMs), this.#clock()]);
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.#run(CLAIM, key, [value, lifetime(ttlMs), this.#clock()])) === 1;
  }

  async delete(key: string): Promise<void> {
    await this.#attempt(() => this.#client.del(this.#prefix + key));
  }

  async increment(key: string, windowMs: number): Promise<{ count: number; resetsAtMs: number }> {
    // CAST: the script answers a count and a time (lua/cache-increment.lua).
    const [count, resetsAtMs] = (await this.#run(INCREMENT, key, [lifetime(windowMs), this.#clock()])) as [
      number,
      string,
    ];
    return { count, resetsAtMs: Number(resetsAtMs) };
  }

  close(): Promise<void> {
    return closeConnection(this.#client);
  }

  #clock(): string | number {
    return this.#now === null ? '' : this.#now();
  }

  #run(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.#attempt(() => script.run(this.#client, [this.#prefix + key], () => args));
  }

  async #attempt<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw new StoreUnavailable('the cache in Redis does not answer', { cause: error });
    }
  }
}

/** Redis takes whole milliseconds, 1 at least. */
const lifetime = (ms: number): number => Math.max(1, Math.ceil(ms));
