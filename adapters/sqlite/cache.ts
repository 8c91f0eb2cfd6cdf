// The Cache port in the SQLite file of the other stores: values survive a restart. They are written at COMMIT and not synced, so
// a loss of power may take the newest ones; the death of the process takes none.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Cache, type CachedValue, StoreUnavailable } from '@sockudo/server/ports';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import type { Operation, Participant } from './group-commit.ts';

export interface SqliteCacheOptions extends DatabaseOptions {
  /** Most keys held, default 1,000,000; a full cache drops the key that ends first. */
  readonly maxEntries?: number;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

const SWEEP_INTERVAL_MS = 10_000;
/** Rows removed at once: well under a millisecond. */
const SWEEP_ROWS = 256;

/** A cache counts its rows in memory, so a file has one at most. */
const opened = new WeakSet<Database>();

/**
 * Opens the cache.
 *
 * @throws DatabaseInUse when another process has the file; Error for a file of another program or of a newer version, or
 *   when this process has a cache on the file already.
 */
export async function createCache(options: SqliteCacheOptions): Promise<Cache> {
  const database = openDatabase(options);
  try {
    if (opened.has(database)) throw new Error(`database ${database.path} has a cache open already`);
    const cache = new SqliteCache(database, options);
    opened.add(database);
    return cache;
  } catch (error) {
    await database.release();
    throw error;
  }
}

class SqliteCache implements Cache, Participant {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #maxEntries: number;
  readonly #timer: NodeJS.Timeout;
  readonly #find: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #dropEnded: StatementSync;
  readonly #dropFirst: StatementSync;
  readonly #leave: () => void;
  /** Rows there are, as the transaction at work leaves them. */
  #rows: number;
  #committedRows: number;
  #closing: Promise<void> | null = null;

  constructor(database: Database, options: SqliteCacheOptions) {
    const { connection } = database;
    this.#database = database;
    this.#now = options.now ?? Date.now;
    this.#maxEntries = Math.max(1, options.maxEntries ?? 1_000_000);
    this.#find = connection.prepare('SELECT value, expires_at_ms FROM cache WHERE key = ?');
    this.#upsert = connection.prepare('INSERT OR REPLACE INTO cache VALUES (?, ?, ?)');
    this.#delete = connection.prepare('DELETE FROM cache WHERE key = ?');
    this.#dropEnded = prepareDrop(connection, 'WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?');
    this.#dropFirst = prepareDrop(connection, 'ORDER BY expires_at_ms LIMIT ?');
    this.#rows = Number(connection.prepare('SELECT count(*) AS count FROM cache').get()?.count);
    this.#committedRows = this.#rows;
    this.#leave = database.writer.join(this);
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  async get(key: string): Promise<CachedValue | null> {
    this.#refuseClosed();
    try {
      return this.#live(key);
    } catch (error) {
      throw new StoreUnavailable('the cache could not be read', { cause: error });
    }
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.#write(() => this.#put(key, value, this.#now() + ttlMs));
  }

  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#write(() => {
      if (this.#live(key) !== null) return false;
      this.#put(key, value, this.#now() + ttlMs);
      return true;
    });
  }

  delete(key: string): Promise<void> {
    return this.#write(() => {
      this.#rows -= Number(this.#delete.run(key).changes);
    });
  }

  increment(key: string, windowMs: number): Promise<{ count: number; resetsAtMs: number }> {
    return this.#write(() => {
      const current = this.#live(key);
      const count = current === null ? 1 : Number(current.value) + 1;
      const resetsAtMs = current?.expiresAtMs ?? this.#now() + windowMs;
      this.#put(key, String(count), resetsAtMs);
      return { count, resetsAtMs };
    });
  }

  close(): Promise<void> {
    if (this.#closing === null) {
      clearInterval(this.#timer);
      // In the queue behind everything that was asked for before. A failed store has answered already.
      const last = this.#write(() => {}).catch(() => {});
      this.#closing = last.then(() => {
        this.#leave();
        opened.delete(this.#database);
        return this.#database.release();
      });
    }
    return this.#closing;
  }

  beforeCommit(): void {}

  committed(): void {
    this.#committedRows = this.#rows;
  }

  synced(): void {}

  rolledBack(): void {
    this.#rows = this.#committedRows;
  }

  #live(key: string): CachedValue | null {
    const row = this.#find.get(key);
    const expiresAtMs = Number(row?.expires_at_ms);
    return row === undefined || expiresAtMs <= this.#now() ? null : { value: String(row.value), expiresAtMs };
  }

  /** Inside a transaction. */
  #put(key: string, value: string, expiresAtMs: number): void {
    const isNew = this.#find.get(key) === undefined;
    if (isNew && this.#rows >= this.#maxEntries) {
      this.#rows -= Number(this.#dropFirst.run(this.#rows - this.#maxEntries + 1).changes);
    }
    this.#upsert.run(key, value, expiresAtMs);
    if (isNew) this.#rows += 1;
  }

  #sweep(): void {
    const swept = this.#write(() => {
      const { changes } = this.#dropEnded.run(this.#now(), SWEEP_ROWS);
      this.#rows -= Number(changes);
      return Number(changes) === SWEEP_ROWS;
    });
    swept.then(
      (isMore) => isMore && this.#closing === null && this.#sweep(),
      () => {
        // The store could not write; the next sweep tries again.
      },
    );
  }

  async #write<T>(change: () => T): Promise<T> {
    this.#refuseClosed();
    return new Promise<T>((resolve, reject) => {
      let outcome: { readonly value: T } | null = null;
      const operation: Operation = {
        needsSync: false,
        bytes: 256,
        plan() {},
        write: () => {
          outcome = { value: change() };
        },
        done: () => outcome !== null && resolve(outcome.value),
        failed: reject,
      };
      this.#database.writer.add(operation);
    });
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the cache is closed');
  }
}

function prepareDrop(connection: DatabaseSync, which: string): StatementSync {
  return connection.prepare(`DELETE FROM cache WHERE key IN (SELECT key FROM cache ${which})`);
}
