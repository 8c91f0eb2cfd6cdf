// The KeyedStore port in the SQLite file of the other stores. Batches go through the file's group commit and wait for its sync,
// unless they ask for less. Reads see what is committed, which may be a moment before its `write` resolves.
import type { StatementSync } from 'node:sqlite';
import {
  checkedBatch,
  checkKeys,
  checkScan,
  conflictingKeys,
  type KeyedBatch,
  type KeyedEntry,
  type KeyedOperation,
  type KeyedPage,
  type KeyedScan,
  type KeyedStore,
  StoreUnavailable,
  type WriteOptions,
  type WriteResult,
} from '@sockudo/server/ports';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { KeyedTable } from './keyed-table.ts';

export interface SqliteKeyedStoreOptions extends DatabaseOptions {
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

const SWEEP_INTERVAL_MS = 10_000;
/** Entries removed at once: about a millisecond. */
const SWEEP_ROWS = 128;
/** Taken from the file at once: a start wastes this many at most. */
const RESERVED_REVISIONS = 1_000_000;

/** A store counts revisions in memory, so a file has one at most. */
const opened = new WeakSet<Database>();

/**
 * Opens the keyed store of a file.
 *
 * @throws DatabaseInUse when another process has the file; Error for a file of another program or of a newer version, or
 *   when this process has a keyed store on the file already.
 */
export async function createKeyedStore(options: SqliteKeyedStoreOptions): Promise<KeyedStore> {
  const database = openDatabase(options);
  try {
    if (opened.has(database)) throw new Error(`database ${database.path} has a keyed store open already`);
    const store = new SqliteKeyedStore(database, options.now ?? Date.now);
    opened.add(database);
    return store;
  } catch (error) {
    await database.release();
    throw error;
  }
}

class SqliteKeyedStore implements KeyedStore {
  readonly durability = 'synced';
  readonly #database: Database;
  readonly #now: () => number;
  readonly #table: KeyedTable;
  readonly #reserve: StatementSync;
  readonly #timer: NodeJS.Timeout;
  #lastRevision: number;
  /** As far as the file is known to say so. */
  #reservedRevision: number;
  #closing: Promise<void> | null = null;

  constructor(database: Database, now: () => number) {
    const { connection } = database;
    this.#database = database;
    this.#now = now;
    this.#table = new KeyedTable(connection);
    this.#reserve = connection.prepare('UPDATE store SET reserved_revision = ?');
    const { reserved_revision } = connection.prepare('SELECT reserved_revision FROM store').get() ?? {};
    this.#lastRevision = Number(reserved_revision);
    this.#reservedRevision = this.#lastRevision;
    this.#timer = setInterval(() => void this.#sweep(), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  async get(key: string): Promise<KeyedEntry | null> {
    checkKeys([key]);
    return this.#read(() => this.#table.live(key, this.#now()));
  }

  async getMany(keys: readonly string[]): Promise<(KeyedEntry | null)[]> {
    checkKeys(keys);
    const nowMs = this.#now();
    return this.#read(() => keys.map((key) => this.#table.live(key, nowMs)));
  }

  async scan(scan: KeyedScan): Promise<KeyedPage> {
    checkScan(scan);
    return this.#read(() => this.#table.page(scan, this.#now()));
  }

  async write(operations: readonly KeyedOperation[], options: WriteOptions = {}): Promise<WriteResult> {
    this.#refuseClosed();
    const batch = checkedBatch(operations);
    // A conflict waits for the sync as well: what it is in conflict with is on the disk when it is answered.
    const needsSync = options.durability !== 'process';
    const { result, reserved } = await this.#commit(needsSync, batch.bytes, batch.changes.length, () =>
      this.#apply(batch),
    );
    this.#reservedRevision = Math.max(this.#reservedRevision, reserved);
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    // In the queue behind everything that was asked for before. A failed store has answered already.
    await this.#commit(false, 0, 1, () => {}).catch(() => {});
    opened.delete(this.#database);
    await this.#database.release();
  }

  /** Inside a transaction. `reserved`: the bound of revisions that it wrote, or 0. */
  #apply({ operations, changes }: KeyedBatch): { readonly result: WriteResult; readonly reserved: number } {
    const nowMs = this.#now();
    const keys = conflictingKeys(operations, (key) => this.#table.revision(key, nowMs));
    if (keys.length > 0) return { result: { kind: 'conflict', keys }, reserved: 0 };
    // A number whose transaction is rolled back is not used again.
    this.#lastRevision += 1;
    const revision = this.#lastRevision;
    const reserved = revision > this.#reservedRevision ? revision + RESERVED_REVISIONS : 0;
    if (reserved > 0) this.#reserve.run(reserved);
    for (const change of changes) this.#table.change(change, revision);
    return { result: { kind: 'written', revision }, reserved };
  }

  async #sweep(): Promise<void> {
    try {
      for (let removed = SWEEP_ROWS; removed === SWEEP_ROWS && this.#closing === null; ) {
        removed = await this.#commit(false, SWEEP_ROWS * 100, SWEEP_ROWS, () =>
          this.#table.removeEnded(this.#now(), SWEEP_ROWS),
        );
      }
    } catch {
      // The store could not write; the next sweep tries again.
    }
  }

  /** `change` runs again if its group is rolled back; what it answered last is what was committed. */
  #commit<T>(needsSync: boolean, bytes: number, weight: number, change: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let outcome: { readonly value: T } | null = null;
      this.#database.writer.add({
        needsSync,
        bytes: bytes + 100,
        weight: Math.max(1, weight),
        plan() {},
        write: () => {
          outcome = { value: change() };
        },
        done: () => outcome !== null && resolve(outcome.value),
        failed: reject,
      });
    });
  }

  #read<T>(read: () => T): T {
    this.#refuseClosed();
    try {
      return read();
    } catch (error) {
      throw new StoreUnavailable('the keyed store could not be read', { cause: error });
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the keyed store is closed');
  }
}
