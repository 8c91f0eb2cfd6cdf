// The DurableLog port on a SQLite file: whatever stores resolves when what it stores is on the disk. Hands each
// call to the views of readers, the operations of writers or the background sweep; see docs/storage.md for the whole design.
import {
  type AnnotationDraft,
  type AnnotationRecord,
  type AnnotationResult,
  type ChannelKey,
  type ChannelLog,
  type ChannelRecord,
  type Commit,
  type CommitResult,
  type DurableLog,
  type MessageState,
  type MutationDraft,
  type MutationResult,
  type Position,
  type Projection,
  type ReadRange,
  type ReadResult,
  type Receipt,
  type RecordChange,
  type RecordPage,
  type RecordResult,
  type RecordSearch,
  type ReplayResult,
  type RowsResult,
  StoreUnavailable,
  type StreamState,
  type VersionsRange,
} from '@sockudo/server/ports';
import type { Channel } from './channel-table.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { assembleLog } from './log-assembly.ts';
import {
  AppendOperation,
  BarrierOperation,
  findReceipt,
  type LogOperation,
  type LogTables,
  PurgeOperation,
  ResetOperation,
} from './log-operations.ts';
import { AnnotateOperation, MutateInOrderOperation, MutateOperation } from './message-operations.ts';
import { ChangeRecordOperation } from './record-operations.ts';
import type { Removed, RetentionSweep } from './retention-sweep.ts';

export interface SqliteChannelLogOptions extends DatabaseOptions {
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
  /** Channels whose heads are kept in memory, default 20,000 (about 500 bytes each). */
  readonly maxCachedChannels?: number;
  /**
   * Newest entries that are kept in memory and in the order of their arrival before they move to their channels, default
   * 8,192 creates and, because they are smaller, 32,768 versions and as many receipts: enough that a channel has many to move
   * at once. At most 8 MiB of creates, 8 of versions and 16 of receipts.
   */
  readonly maxRecentEntries?: number;
}

export interface SqliteChannelLog extends DurableLog {
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
    this.#database = database;
    const { tables, sweep, participants } = assembleLog(database, {
      now: options.now ?? Date.now,
      maxCachedChannels: options.maxCachedChannels ?? 20_000,
      maxRecentEntries: options.maxRecentEntries ?? 8192,
      maxRecentVersions: options.maxRecentEntries ?? 32_768,
      maxRecentReceipts: options.maxRecentEntries ?? 32_768,
    });
    this.#tables = tables;
    this.#sweep = sweep;
    const leaves = participants.map((participant) => database.writer.join(participant));
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

  mutate(draft: MutationDraft): Promise<MutationResult> {
    return this.#write(new MutateOperation(this.#tables, draft));
  }

  async mutateInOrder(drafts: readonly MutationDraft[]): Promise<readonly MutationResult[]> {
    return drafts.length === 0 ? [] : this.#write(new MutateInOrderOperation(this.#tables, drafts));
  }

  annotate(draft: AnnotationDraft): Promise<AnnotationResult> {
    return this.#write(new AnnotateOperation(this.#tables, draft));
  }

  change(key: ChannelKey, change: RecordChange): Promise<RecordResult> {
    return this.#write(new ChangeRecordOperation(this.#tables, key, change));
  }

  async record(key: ChannelKey, kind: string, id: string): Promise<ChannelRecord | null> {
    return this.#look(key, ({ visible }) =>
      visible.id === null ? null : this.#tables.records.visible(visible.id, key, kind, id),
    );
  }

  async records(
    key: ChannelKey,
    kind: string,
    range: Parameters<DurableLog['records']>[2],
  ): Promise<RecordPage> {
    return this.#look(key, ({ visible }) =>
      visible.id === null
        ? { records: [], more: false }
        : this.#tables.records.page(visible.id, key, kind, range),
    );
  }

  async search(search: RecordSearch): Promise<readonly ChannelRecord[]> {
    return this.#reading(() => this.#tables.records.search(search));
  }

  async message(key: ChannelKey, messageSerial: string): Promise<MessageState | null> {
    return this.#look(key, (channel) => this.#tables.messages.state(channel, messageSerial));
  }

  async versions(
    key: ChannelKey,
    messageSerial: string,
    range: VersionsRange,
  ): ReturnType<DurableLog['versions']> {
    return this.#look(key, (channel) => this.#tables.messages.versions(channel, messageSerial, range));
  }

  async annotations(
    key: ChannelKey,
    messageSerial: string,
    range: Parameters<DurableLog['annotations']>[2],
  ): ReturnType<DurableLog['annotations']> {
    return this.#look(key, (channel) => this.#tables.messages.annotations(channel, messageSerial, range));
  }

  async annotation(key: ChannelKey, annotationSerial: string): Promise<AnnotationRecord | null> {
    return this.#look(key, (channel) =>
      this.#tables.messages.annotation(channel, channel.visible, annotationSerial),
    );
  }

  async projections(key: ChannelKey, limit: number): Promise<readonly Projection[]> {
    return this.#look(key, (channel) => this.#tables.messages.projections(channel, limit));
  }

  async rows(key: ChannelKey, range: ReadRange): Promise<RowsResult> {
    return this.#look(key, (channel) => this.#tables.messages.rows(channel, range));
  }

  async replay(key: ChannelKey, from: Position, limit: number): Promise<ReplayResult> {
    return this.#look(key, (channel) => this.#tables.messages.replay(channel, from, limit));
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
    return this.#reading(() => findReceipt(this.#tables, { scope, key }, ({ visible }) => visible));
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
