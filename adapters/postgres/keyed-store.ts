// The KeyedStore port on PostgreSQL, for any number of nodes: the locks on the entries of a batch are its order, `write` resolves
// after COMMIT. Batches that came while the last transaction ran share the next one.
import {
  checkedBatch,
  checkKeys,
  checkScan,
  type KeyedEntry,
  type KeyedOperation,
  type KeyedPage,
  type KeyedScan,
  type KeyedStore,
  MAX_PAGE_BYTES,
  StoreUnavailable,
  scanRange,
  type WriteResult,
} from '@sockudo/server/ports';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { KeyedStep, Revisions, WriteOperation } from './keyed-step.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Writer } from './writer.ts';

export interface KeyedStoreOptions {
  /** Between two removals of ended entries, default 10 s. */
  readonly sweepIntervalMs?: number;
  /** Milliseconds since the epoch; default `Date.now`. The nodes' clocks should agree. */
  readonly now?: () => number;
  readonly logger?: Logger;
}

export type PostgresKeyedStoreOptions = KeyedStoreOptions & Omit<DatabaseOptions, 'logger'>;

/** Rows that one statement removes at most. */
const ROWS_OF_A_SWEEP = 500;

/**
 * Opens the keyed store and brings its schema up to date.
 *
 * @throws Error for a server older than PostgreSQL 14 or a schema of a newer version; what the driver throws when it is not
 *   reachable.
 */
export async function createKeyedStore(options: PostgresKeyedStoreOptions): Promise<KeyedStore> {
  const logger = options.logger ?? silentLogger;
  return new PostgresKeyedStore(await openDatabase({ ...options, logger }), options);
}

interface EntryRow {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly expires_at_ms: number | null;
}

export class PostgresKeyedStore implements KeyedStore {
  readonly durability = 'synced';
  readonly #database: Database;
  readonly #writer: Writer<WriteOperation, KeyedStep>;
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  /** Closes the database when it is closed. */
  constructor(database: Database, options: KeyedStoreOptions) {
    const { connect, statements } = database;
    const logger = options.logger ?? silentLogger;
    const now = options.now ?? Date.now;
    const revisions = new Revisions();
    this.#database = database;
    this.#now = now;
    this.#logger = logger;
    this.#writer = new Writer({
      connect,
      statements,
      logger,
      begin: (session) => new KeyedStep({ session, revisions, nowMs: now() }),
    });
    this.#timer = setInterval(() => this.#onClock(), options.sweepIntervalMs ?? 10_000);
    this.#timer.unref();
  }

  async get(key: string): Promise<KeyedEntry | null> {
    const [entry] = await this.getMany([key]);
    return entry ?? null;
  }

  async getMany(keys: readonly string[]): Promise<(KeyedEntry | null)[]> {
    this.#refuseClosed();
    checkKeys(keys);
    if (keys.length === 0) return [];
    const rows = await this.#database.reads.query<EntryRow>('find-keyed', [[...new Set(keys)], this.#now()]);
    const entries = new Map(rows.map((row) => [row.key, entryOf(row)]));
    return keys.map((key) => entries.get(key) ?? null);
  }

  async scan(scan: KeyedScan): Promise<KeyedPage> {
    this.#refuseClosed();
    checkScan(scan);
    const { first, end } = scanRange(scan);
    const rows = await this.#database.reads.query<EntryRow & { found: number }>('scan-keyed', [
      first,
      end,
      this.#now(),
      scan.limit + 1,
      MAX_PAGE_BYTES,
    ]);
    const entries = rows.slice(0, scan.limit).map(entryOf);
    const isMore = entries.length < (rows[0]?.found ?? 0);
    return { entries, next: isMore ? (entries.at(-1)?.key ?? null) : null };
  }

  async write(operations: readonly KeyedOperation[]): Promise<WriteResult> {
    this.#refuseClosed();
    const operation = new WriteOperation(checkedBatch(operations));
    this.#writer.add({ kind: 'single', operation });
    return operation.outcome;
  }

  /** Removes what has ended, from all nodes at once: each leaves the rows that another one has in hand. */
  async sweep(): Promise<void> {
    for (let removed = ROWS_OF_A_SWEEP; removed === ROWS_OF_A_SWEEP && this.#closing === null; ) {
      const values = [this.#now(), ROWS_OF_A_SWEEP];
      const [row] = await this.#database.reads.query<{ removed: number }>('sweep-keyed', values);
      removed = row?.removed ?? 0;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#sweeping, this.#writer.close()]);
    await this.#database.close();
  }

  #onClock(): void {
    this.#sweeping ??= this.sweep()
      .catch((err: unknown) => this.#logger.warn({ err }, 'ended entries could not be removed'))
      .finally(() => {
        this.#sweeping = null;
      });
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the keyed store is closed');
  }
}

function entryOf({ key, value, revision, expires_at_ms: expiresAtMs }: EntryRow): KeyedEntry {
  return { key, value, revision, expiresAtMs };
}
