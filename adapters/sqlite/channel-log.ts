// The ChannelLog port on a SQLite file: `commit` resolves when the entries are on the disk. Puts together the tables, the view
// of readers, the operations of writers and the background sweep; see docs/storage.md for the whole design.
import {
  type ChannelKey,
  type ChannelLog,
  type Commit,
  type CommitResult,
  type Position,
  type ReadRange,
  type ReadResult,
  type Receipt,
  StoreUnavailable,
  type StreamState,
} from '@sockudo/server/ports';
import { type Channel, ChannelTable } from './channel-table.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { EntrySettler } from './entry-settler.ts';
import { EntryTable } from './entry-table.ts';
import {
  AppendOperation,
  BarrierOperation,
  type LogOperation,
  type LogTables,
  PurgeOperation,
  ResetOperation,
} from './log-operations.ts';
import { LogView } from './log-view.ts';
import { ReceiptTable } from './receipt-table.ts';
import { RecentEntries } from './recent-entries.ts';
import { type Removed, RetentionSweep } from './retention-sweep.ts';

export interface SqliteChannelLogOptions extends DatabaseOptions {
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
  /** Channels whose heads are kept in memory, default 20,000 (about 500 bytes each). */
  readonly maxCachedChannels?: number;
  /**
   * Newest entries that are kept in memory and in the order of their arrival before they move to their channels, default
   * 8,192: enough that a channel has many to move at once. At most 8 MiB of them.
   */
  readonly maxRecentEntries?: number;
}

export interface SqliteChannelLog extends ChannelLog {
  readonly durability: 'synced';
  /** Running totals since the file was opened: how well commits are grouped. */
  readonly counts: { readonly transactions: number; readonly operations: number; readonly syncs: number };
}

/** Heads live in memory, so a file has one log at most. */
const opened = new WeakSet<Database>();

/**
 * Opens the log.
 *
 * @throws DatabaseInUse when another process has the file; Error for a file of another program or of a newer version, or
 *   when this process has a log on the file already.
 */
export async function createChannelLog(options: SqliteChannelLogOptions): Promise<SqliteChannelLog> {
  const database = openDatabase(options);
  try {
    if (opened.has(database)) throw new Error(`database ${database.path} has a channel log open already`);
    const log = new SqliteLog(database, options);
    opened.add(database);
    return log;
  } catch (error) {
    await database.release();
    throw error;
  }
}

class SqliteLog implements SqliteChannelLog {
  readonly durability = 'synced';
  readonly #database: Database;
  readonly #tables: LogTables;
  readonly #sweep: RetentionSweep;
  readonly #leave: () => void;
  #closing: Promise<void> | null = null;

  constructor(database: Database, options: SqliteChannelLogOptions) {
    const { connection, writer } = database;
    const now = options.now ?? Date.now;
    const channels = new ChannelTable(connection, options.maxCachedChannels ?? 20_000);
    const recent = new RecentEntries(connection, options.maxRecentEntries ?? 8192);
    const entries = new EntryTable(connection, recent);
    const receipts = new ReceiptTable(connection);
    const view = new LogView(entries, now);
    this.#database = database;
    const settler = new EntrySettler({ channels, entries, recent, view });
    this.#sweep = new RetentionSweep({ connection, channels, entries, receipts, settler, view, writer, now });
    const markSurplus = (channelId: number): void => this.#sweep.markSurplus(channelId);
    this.#tables = { channels, recent, receipts, view, now, markSurplus };
    const leaves = [settler, recent, channels].map((participant) => writer.join(participant));
    this.#leave = () => {
      for (const leave of leaves) leave();
    };
  }

  get counts(): SqliteChannelLog['counts'] {
    return this.#database.writer.counts;
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#write(new AppendOperation(this.#tables, commit));
  }

  async read(key: ChannelKey, range: ReadRange): Promise<ReadResult> {
    return this.#look(key, (channel) => this.#tables.view.read(channel, range));
  }

  async head(key: ChannelKey): Promise<Position> {
    return this.#look(key, ({ visible }) => ({ streamId: visible.streamId, serial: visible.headSerial }));
  }

  async state(key: ChannelKey): Promise<StreamState> {
    return this.#look(key, (channel) => this.#tables.view.state(channel));
  }

  async receipt(scope: string, key: string): Promise<Receipt | null> {
    return this.#reading(() => this.#tables.receipts.find(scope, key, this.#tables.now()));
  }

  purge(
    key: ChannelKey,
    below: { readonly serial?: number; readonly timeMs?: number } = {},
  ): Promise<Removed> {
    return this.#write(new PurgeOperation(this.#tables, key, below));
  }

  reset(key: ChannelKey): ReturnType<ChannelLog['reset']> {
    return this.#write(new ResetOperation(this.#tables, key));
  }

  trim(): Promise<Removed> {
    return this.#sweep.run();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sweep.close();
    const last = new BarrierOperation();
    this.#database.writer.add(last);
    // A failed store has answered each commit already; closing has to go on.
    await last.outcome.catch(() => {});
    this.#leave();
    opened.delete(this.#database);
    await this.#database.release();
  }

  async #write<T>(operation: LogOperation<T>): Promise<T> {
    this.#refuseClosed();
    this.#database.writer.add(operation);
    return operation.outcome;
  }

  #look<T>(key: ChannelKey, use: (channel: Channel) => T): T {
    return this.#reading(() => {
      const { channels } = this.#tables;
      const answer = use(channels.open(key));
      channels.trimCache();
      return answer;
    });
  }

  #reading<T>(use: () => T): T {
    this.#refuseClosed();
    try {
      return use();
    } catch (error) {
      throw new StoreUnavailable('the store could not read', { cause: error });
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the log is closed');
  }
}
