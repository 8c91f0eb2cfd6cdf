// The DurableLog port on PostgreSQL, for any number of nodes: the lock on a channel's row is its order, `commit` resolves
// after COMMIT. Puts together connections, writers, readers and the background sweep; see docs/storage.md for the design.
import {
  type AnnotationDraft,
  type AnnotationResult,
  type ChannelKey,
  type ChannelLog,
  type ChannelRecord,
  type Commit,
  type CommitResult,
  type DurableLog,
  type MessageLog,
  type MutationDraft,
  type MutationResult,
  type Position,
  type ReadRange,
  type RecordChange,
  type RecordPage,
  type RecordResult,
  type RecordSearch,
  StoreUnavailable,
  type VersionsRange,
} from '@sockudo/server/ports';
import { CommitOperation } from './commit-operation.ts';
import { type ConnectionOptions, type Database, openDatabase } from './database.ts';
import { HotTexts } from './hot-texts.ts';
import { LogReader } from './log-reader.ts';
import { type Logger, silentLogger } from './logger.ts';
import { AnnotateOperation, MutateOperation } from './message-operations.ts';
import { MessageReader } from './message-reader.ts';
import { ChangeRecordOperation } from './record-operation.ts';
import { RecordReader } from './record-reader.ts';
import { PurgeOperation, ResetOperation } from './removal-operations.ts';
import { RetentionSweep } from './retention-sweep.ts';
import { WriteStep } from './write-step.ts';
import { Writers } from './writers.ts';

export interface PostgresChannelLogOptions {
  readonly connection: ConnectionOptions;
  /** Schema of all tables, made when it is missing; default `sockudo`. */
  readonly schema?: string;
  /** Connections that write, default 2; the channels are divided among them. */
  readonly writers?: number;
  /** Connections that read, default 4. */
  readonly readers?: number;
  /** A statement that takes longer fails, default 10 s. */
  readonly statementTimeoutMs?: number;
  /** Between two runs of retention, default 10 s. */
  readonly retentionIntervalMs?: number;
  /** Bytes of message texts that are kept in memory, default 32 MiB. */
  readonly maxHotTextBytes?: number;
  /** Milliseconds since the epoch; default `Date.now`. The nodes' clocks should agree. */
  readonly now?: () => number;
  readonly logger?: Logger;
}

export interface PostgresChannelLog extends DurableLog {
  readonly durability: 'synced';
  /** Running totals since the log was opened: how well commits are grouped. */
  readonly counts: { readonly transactions: number; readonly operations: number };
}

/**
 * Opens the log and brings its schema up to date.
 *
 * @throws Error for a server older than PostgreSQL 14 or a schema of a newer version; what the driver throws when it is not
 *   reachable.
 */
export async function createChannelLog(options: PostgresChannelLogOptions): Promise<PostgresChannelLog> {
  const logger = options.logger ?? silentLogger;
  const database = await openDatabase({ ...options, logger });
  return new PostgresLog(database, { ...options, logger });
}

/** Closes the database when it is closed. */
export class PostgresLog implements PostgresChannelLog {
  readonly durability = 'synced';
  readonly #database: Database;
  readonly #writers: Writers;
  readonly #reader: LogReader;
  readonly #messages: MessageReader;
  readonly #records: RecordReader;
  readonly #sweep: RetentionSweep;
  #closing: Promise<void> | null = null;

  constructor(database: Database, options: PostgresChannelLogOptions & { readonly logger: Logger }) {
    const { statements, streamSeed, reads, connect, schema } = database;
    const { logger } = options;
    const now = options.now ?? Date.now;
    const hot = new HotTexts(options.maxHotTextBytes ?? 32 * 1024 * 1024);
    this.#database = database;
    this.#reader = new LogReader({ session: reads, streamSeed, now });
    this.#messages = new MessageReader({ session: reads, reader: this.#reader, hot });
    this.#records = new RecordReader(reads);
    this.#writers = new Writers(options.writers ?? 2, {
      connect,
      statements,
      logger,
      begin: (session) => new WriteStep({ session, streamSeed, hot, nowMs: now() }),
    });
    const intervalMs = options.retentionIntervalMs ?? 10_000;
    this.#sweep = new RetentionSweep({ connect, statements, schema, now, logger, intervalMs });
  }

  get counts(): PostgresChannelLog['counts'] {
    return this.#writers.counts;
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#writers.run(new CommitOperation(commit));
  }

  async mutate(draft: MutationDraft): Promise<MutationResult> {
    const [result] = await this.#writers.run(new MutateOperation([draft]));
    return result ?? { kind: 'unknown-message' };
  }

  async mutateInOrder(drafts: readonly MutationDraft[]): Promise<readonly MutationResult[]> {
    return drafts.length === 0 ? [] : this.#writers.run(new MutateOperation(drafts));
  }

  annotate(draft: AnnotationDraft): Promise<AnnotationResult> {
    return this.#writers.run(new AnnotateOperation(draft));
  }

  change(key: ChannelKey, change: RecordChange): Promise<RecordResult> {
    return this.#writers.run(new ChangeRecordOperation(key, change));
  }

  async record(key: ChannelKey, kind: string, id: string): Promise<ChannelRecord | null> {
    return this.#open(this.#records).record(key, kind, id);
  }

  async records(
    key: ChannelKey,
    kind: string,
    range: Parameters<DurableLog['records']>[2],
  ): Promise<RecordPage> {
    return this.#open(this.#records).records(key, kind, range);
  }

  async search(search: RecordSearch): Promise<readonly ChannelRecord[]> {
    return this.#open(this.#records).search(search);
  }

  purge(
    key: ChannelKey,
    below: { readonly serial?: number; readonly timeMs?: number } = {},
  ): ReturnType<ChannelLog['purge']> {
    return this.#writers.run(new PurgeOperation(key, below));
  }

  reset(key: ChannelKey): ReturnType<ChannelLog['reset']> {
    return this.#writers.run(new ResetOperation(key));
  }

  async read(key: ChannelKey, range: ReadRange): ReturnType<ChannelLog['read']> {
    return this.#open(this.#reader).read(key, range);
  }

  async head(key: ChannelKey): Promise<Position> {
    return (await this.#open(this.#reader).state(key)).head;
  }

  async state(key: ChannelKey): ReturnType<ChannelLog['state']> {
    return this.#open(this.#reader).state(key);
  }

  async receipt(scope: string, key: string): ReturnType<ChannelLog['receipt']> {
    return this.#open(this.#reader).receipt(scope, key);
  }

  async message(key: ChannelKey, messageSerial: string): ReturnType<MessageLog['message']> {
    return this.#open(this.#messages).message(key, messageSerial);
  }

  async versions(
    key: ChannelKey,
    messageSerial: string,
    range: VersionsRange,
  ): ReturnType<MessageLog['versions']> {
    return this.#open(this.#messages).versions(key, messageSerial, range);
  }

  async annotations(
    key: ChannelKey,
    messageSerial: string,
    range: Parameters<MessageLog['annotations']>[2],
  ): ReturnType<MessageLog['annotations']> {
    return this.#open(this.#messages).annotations(key, messageSerial, range);
  }

  async annotation(key: ChannelKey, annotationSerial: string): ReturnType<MessageLog['annotation']> {
    return this.#open(this.#messages).annotation(key, annotationSerial);
  }

  async projections(key: ChannelKey, limit: number): ReturnType<MessageLog['projections']> {
    return this.#open(this.#messages).projections(key, limit);
  }

  async rows(key: ChannelKey, range: ReadRange): ReturnType<MessageLog['rows']> {
    return this.#open(this.#messages).rows(key, range);
  }

  async replay(key: ChannelKey, from: Position, limit: number): ReturnType<MessageLog['replay']> {
    return this.#open(this.#messages).replay(key, from, limit);
  }

  async trim(): ReturnType<ChannelLog['trim']> {
    return this.#sweep.run();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#sweep.close(), this.#writers.close()]);
    await this.#database.close();
  }

  #open<T>(part: T): T {
    if (this.#closing !== null) throw new StoreUnavailable('the log is closed');
    return part;
  }
}
