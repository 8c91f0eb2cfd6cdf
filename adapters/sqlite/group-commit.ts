// Writes operations of the whole process in groups: one transaction, then one fdatasync of the write-ahead log in the thread
// pool, which the event loop does not wait for. What an operation does is its own business; this file owns when.
//
//   queue → BEGIN, plan and write each, COMMIT (the WAL is written, not yet on the disk) → fdatasync → done
//
// At most one group is between COMMIT and the end of its fdatasync, so whatever asked for a sync in an earlier group is durable.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreUnavailable } from '@sockudo/server/ports';

export interface Operation {
  /** false: done at COMMIT; a loss of power may take it back, the death of the process can't. */
  readonly needsSync: boolean;
  /** Rough size, for the bounds of group and queue. */
  readonly bytes: number;
  /** Changes that it makes of the kind of which others make one: a group has a bound of them; absent: 1. */
  readonly weight?: number;
  /** Reads and decides, writes nothing. What it throws refuses this operation alone. Runs again if its group is retried. */
  plan(): void;
  /** What it throws rolls the group back; each operation is then tried in a transaction of its own. */
  write(): void;
  done(): void;
  failed(error: Error): void;
}

/** Keeps state in memory beside the tables, and follows what happens to the transaction. */
export interface Participant {
  beforeCommit(): void;
  committed(): void;
  /** All that was committed is on the disk. */
  synced(): void;
  rolledBack(): void;
}

export interface GroupCommitOptions {
  readonly connection: DatabaseSync;
  /** Resolves when all that was written to the WAL before the call is on the disk. */
  readonly syncWal: () => Promise<void>;
  /** Called when a group has ended, in the turn in which its operations were done. */
  readonly onGroupEnd?: () => void;
}

const MAX_GROUP_WEIGHT = 512;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
const MAX_QUEUED_WEIGHT = 100_000;
const MAX_QUEUED_BYTES = 256 * 1024 * 1024;
/**
 * A group costs about 200 µs of CPU (system calls, thread hand-over) and an operation 2-5 µs, so a busy log waits for company:
 * after a group of several the next starts this long after it, or as soon as enough are waiting. See bench/channel-log.ts.
 */
const COMPANY_WINDOW_MS = 2;
const COMPANY_FROM = 3;
const COMPANY_ENOUGH = 16;

export class GroupCommit {
  /** Running totals, for the bench and metrics. */
  readonly counts = { transactions: 0, operations: 0, syncs: 0 };
  readonly #connection: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #syncWal: () => Promise<void>;
  readonly #onGroupEnd: () => void;
  readonly #participants: Participant[] = [];
  #queue: Operation[] = [];
  #queuedBytes = 0;
  #queuedWeight = 0;
  #isRunning = false;
  #pauses = 0;
  #refusal: StoreUnavailable | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastStart = 0;
  #lastWeight = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#connection = options.connection;
    this.#begin = options.connection.prepare('BEGIN IMMEDIATE');
    this.#commit = options.connection.prepare('COMMIT');
    this.#syncWal = options.syncWal;
    this.#onGroupEnd = options.onGroupEnd ?? (() => {});
  }

  /** Answers how to leave again. */
  join(participant: Participant): () => void {
    this.#participants.push(participant);
    return () => {
      this.#participants.splice(this.#participants.indexOf(participant), 1);
    };
  }

  /** Takes an operation on; its outcome comes through `done` or `failed`, in the order of the calls. */
  add(operation: Operation): void {
    const refusal = this.#refusal ?? this.#refuseWhenFull();
    if (refusal !== null) {
      operation.failed(refusal);
      return;
    }
    this.#queue.push(operation);
    this.#queuedBytes += operation.bytes;
    this.#queuedWeight += operation.weight ?? 1;
    this.#schedule();
  }

  /** No transaction starts until as many `resume` calls. */
  pause(): void {
    this.#pauses += 1;
    this.#unschedule();
  }

  resume(): void {
    this.#pauses -= 1;
    this.#schedule();
  }

  /** Resolves when all that was taken on has ended; later operations fail. */
  async close(): Promise<void> {
    this.#refusal ??= new StoreUnavailable('the store is closed');
    if (this.#isRunning || this.#queue.length > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
  }

  #refuseWhenFull(): StoreUnavailable | null {
    const isFull = this.#queuedWeight >= MAX_QUEUED_WEIGHT || this.#queuedBytes >= MAX_QUEUED_BYTES;
    return isFull ? new StoreUnavailable('too many commits are waiting for the disk') : null;
  }

  #schedule(): void {
    if (this.#isRunning || this.#pauses > 0 || this.#immediate !== null || this.#queue.length === 0) return;
    const waitsForCompany = this.#lastWeight >= COMPANY_FROM && this.#queuedWeight < COMPANY_ENOUGH;
    if (waitsForCompany && this.#timer !== null) return;
    const waitMs = waitsForCompany ? COMPANY_WINDOW_MS - (performance.now() - this.#lastStart) : 0;
    this.#unschedule();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#run(), waitMs);
    else this.#immediate = setImmediate(() => this.#run());
  }

  #unschedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #run(): void {
    this.#unschedule();
    const waiting = this.#queuedWeight;
    const group = this.#take();
    this.#lastWeight = waiting - this.#queuedWeight;
    this.#lastStart = performance.now();
    this.#isRunning = true;
    const written = this.#writeGroup(group);
    const unsynced: Operation[] = [];
    for (const operation of written) {
      if (operation.needsSync) unsynced.push(operation);
      else operation.done();
    }
    if (unsynced.length === 0) this.#endGroup();
    else void this.#sync(unsynced);
  }

  #take(): Operation[] {
    let count = 0;
    let weight = 0;
    let bytes = 0;
    for (const operation of this.#queue) {
      if (weight >= MAX_GROUP_WEIGHT || bytes > MAX_GROUP_BYTES) break;
      weight += operation.weight ?? 1;
      bytes += operation.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    this.#queuedWeight -= weight;
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const group = this.#queue;
    this.#queue = [];
    return group;
  }

  /** Answers the operations that are committed now; the others have failed. */
  #writeGroup(group: readonly Operation[]): readonly Operation[] {
    try {
      return this.#transact(group);
    } catch (error) {
      if (group.length > 1) return group.flatMap((operation) => this.#writeGroup([operation]));
      group[0]?.failed(new StoreUnavailable('the store could not write', { cause: error }));
      return [];
    }
  }

  #transact(group: readonly Operation[]): Operation[] {
    const written: Operation[] = [];
    const refused: { operation: Operation; error: Error }[] = [];
    this.counts.transactions += 1;
    try {
      this.#begin.run();
      for (const operation of group) {
        const error = planned(operation);
        if (error !== null) {
          refused.push({ operation, error });
          continue;
        }
        operation.write();
        written.push(operation);
      }
      for (const participant of this.#participants) participant.beforeCommit();
      this.#commit.run();
    } catch (error) {
      // A full disk and some other failures have rolled back already.
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      for (const participant of this.#participants) participant.rolledBack();
      throw error;
    }
    for (const participant of this.#participants) participant.committed();
    for (const { operation, error } of refused) operation.failed(error);
    this.counts.operations += written.length;
    return written;
  }

  async #sync(waiting: readonly Operation[]): Promise<void> {
    this.counts.syncs += 1;
    try {
      await this.#syncWal();
    } catch (error) {
      this.#failStop(error, waiting);
      return;
    }
    for (const participant of this.#participants) participant.synced();
    for (const operation of waiting) operation.done();
    this.#endGroup();
  }

  #endGroup(): void {
    this.#isRunning = false;
    this.#onGroupEnd();
    if (this.#queue.length > 0) this.#schedule();
    else for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** After a failed sync the kernel may have dropped the pages: what is on the disk is unknown until the file is opened anew. */
  #failStop(cause: unknown, waiting: readonly Operation[]): void {
    const failure = new StoreUnavailable('a sync of the write-ahead log failed; restart the server', {
      cause,
    });
    this.#refusal = failure;
    for (const operation of [...waiting, ...this.#queue.splice(0)]) operation.failed(failure);
    this.#queuedBytes = 0;
    this.#queuedWeight = 0;
    this.#endGroup();
  }
}

function planned(operation: Operation): Error | null {
  try {
    operation.plan();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error('an operation could not be planned', { cause: error });
  }
}
