// The WorkQueue port in the SQLite file of the other stores. A job that was accepted survives kill -9; a loss of power may take
// the newest ones, which is the price of not waiting for the disk on every webhook. Writes go through the file's group commit.
import { randomUUID } from 'node:crypto';
import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import {
  type AttemptEnd,
  type Claim,
  type ClaimedJob,
  createLeasedWorkQueue,
  type DeadLetter,
  type JobCounts,
  type JobDraft,
  type JobStore,
  type Lease,
  type LeasedWorkQueueOptions,
  QueueFull,
  type WorkQueue,
} from '@sockudo/server/ports';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { silentLogger } from './logger.ts';
import { EXPIRE_LEASES, SCHEMA, STATEMENTS } from './work-queue-schema.ts';

export interface SqliteJobStoreOptions extends DatabaseOptions {
  /** Most jobs over all queues, dead letters not counted; default 1,000,000. */
  readonly maxJobs?: number;
  /** Most bytes of payload over all queues; default 1 GiB. */
  readonly maxPayloadBytes?: number;
  /** Most dead letters of a queue, the newest are kept; default 10,000. Over all queues they take a quarter of `maxPayloadBytes`. */
  readonly maxDeadLetters?: number;
}

export type SqliteWorkQueueOptions = SqliteJobStoreOptions & LeasedWorkQueueOptions;

/**
 * The queue of a file; one queue a file. Without `onError` failures go to `logger`.
 *
 * @throws DatabaseInUse when another process has the file; Error when it can't be opened or has a queue already.
 */
export async function createWorkQueue(options: SqliteWorkQueueOptions): Promise<WorkQueue> {
  const logger = options.logger ?? silentLogger;
  const onError = (error: unknown) => logger.error({ err: error }, 'the work queue met a failure');
  return createLeasedWorkQueue(createSqliteJobStore(options), { onError, ...options });
}

/** The storage alone; for the queue use `createWorkQueue`. */
export function createSqliteJobStore(options: SqliteJobStoreOptions): JobStore {
  return new SqliteJobStore(options);
}

type Row = Record<string, SQLOutputValue>;

/** Databases of this process that have a queue: a second one would take the first one's leases for those of a dead process. */
const databasesWithQueue = new WeakSet<Database>();

/** What a row of a group commit costs beside its payload, roughly. */
const ROW_BYTES = 100;

class SqliteJobStore implements JobStore {
  readonly durability = 'process';
  readonly #database: Database;
  readonly #statements = new Map<string, StatementSync>();
  readonly #limits: { readonly jobs: number; readonly payloadBytes: number; readonly deadLetters: number };
  /** Leases of this run are unlike those of any other. */
  readonly #owner = randomUUID();
  #lastClaim = 0;

  constructor(options: SqliteJobStoreOptions) {
    this.#limits = {
      jobs: options.maxJobs ?? 1_000_000,
      payloadBytes: options.maxPayloadBytes ?? 1024 * 1024 * 1024,
      deadLetters: options.maxDeadLetters ?? 10_000,
    };
    this.#database = openDatabase(options);
    try {
      if (databasesWithQueue.has(this.#database)) throw new Error(`${options.path} already has a work queue`);
      this.#database.connection.exec(`BEGIN IMMEDIATE; ${SCHEMA} ${EXPIRE_LEASES} COMMIT`);
    } catch (error) {
      if (this.#database.connection.isTransaction) this.#database.connection.exec('ROLLBACK');
      void this.#database.release();
      throw error;
    }
    databasesWithQueue.add(this.#database);
  }

  add(jobs: readonly JobDraft[]): Promise<void> {
    const bytes = jobs.reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0);
    return this.#write({
      bytes: bytes + jobs.length * ROW_BYTES,
      plan: () => {
        const totals = this.#statement('totals').get();
        const isTooLong = integer(totals, 'jobs') + jobs.length > this.#limits.jobs;
        const isTooLarge = integer(totals, 'payload_bytes') + bytes > this.#limits.payloadBytes;
        if (isTooLong || isTooLarge) throw new QueueFull('the queue is full');
      },
      write: () => {
        for (const { queue, payload, dueAtMs, enqueuedAtMs } of jobs) {
          this.#statement('insert').run({ queue, payload, dueAtMs, enqueuedAtMs });
        }
      },
    });
  }

  claim({ queue, limit, nowMs, untilMs }: Claim): Promise<ClaimedJob[]> {
    return this.#write({
      bytes: limit * ROW_BYTES,
      write: () => {
        const due = this.#statement('due').all({ queue, nowMs, limit });
        return due.map((row) => this.#take(row, nowMs, untilMs));
      },
    });
  }

  settle({ id, lease }: Lease, end: AttemptEnd): Promise<void> {
    const held = { id: Number(id), lease };
    return this.#write({ bytes: ROW_BYTES, write: () => this.#end(held, end) });
  }

  renew(leases: readonly Lease[], untilMs: number): Promise<string[]> {
    return this.#write({
      bytes: leases.length * ROW_BYTES,
      write: () => {
        const isLost = ({ id, lease }: Lease) =>
          this.#statement('renew').run({ id: Number(id), lease, untilMs }).changes === 0;
        return leases.filter(isLost).map(({ lease }) => lease);
      },
    });
  }

  nextDueAtMs(queue: string): number | null {
    const row = this.#statement('nextDue').get({ queue });
    return row?.due_at_ms === null ? null : integer(row, 'due_at_ms');
  }

  deadLetters(queue: string, page: { readonly limit: number; readonly before?: string }): DeadLetter[] {
    const before = page.before === undefined ? Number.MAX_SAFE_INTEGER : Number(page.before);
    return this.#statement('dead')
      .all({ queue, before, limit: page.limit })
      .map((row) => ({
        id: String(integer(row, 'id')),
        payload: text(row, 'payload'),
        attempts: integer(row, 'attempts'),
        reason: text(row, 'reason'),
        enqueuedAtMs: integer(row, 'enqueued_at_ms'),
        diedAtMs: integer(row, 'died_at_ms'),
      }));
  }

  counts(queue: string): JobCounts {
    const row = this.#statement('counts').get({ queue });
    return { waiting: integer(row, 'waiting'), running: integer(row, 'running'), dead: integer(row, 'dead') };
  }

  async close(): Promise<void> {
    databasesWithQueue.delete(this.#database);
    await this.#database.release();
  }

  #take(due: Row, nowMs: number, untilMs: number): ClaimedJob {
    this.#lastClaim += 1;
    const id = integer(due, 'id');
    const lease = `${this.#owner}:${this.#lastClaim}`;
    const addedFaults = integer(due, 'had_lease');
    const row = this.#statement('take').get({ id, lease, untilMs, nowMs, addedFaults });
    return {
      id: String(id),
      lease,
      payload: text(row, 'payload'),
      attempt: integer(row, 'attempts'),
      faults: integer(row, 'faults'),
      enqueuedAtMs: integer(row, 'enqueued_at_ms'),
      firstAttemptAtMs: integer(row, 'first_attempt_at_ms'),
    };
  }

  #end(held: { readonly id: number; readonly lease: string }, end: AttemptEnd): void {
    switch (end.kind) {
      case 'done':
        this.#statement('remove').run(held);
        return;
      case 'retry':
        this.#statement('postpone').run({ ...held, dueAtMs: end.dueAtMs, addedFaults: end.isFault ? 1 : 0 });
        return;
      case 'release':
        this.#statement('release').run({ ...held, dueAtMs: end.dueAtMs });
        return;
      case 'dead': {
        const buried = this.#statement('bury').get({ ...held, reason: end.reason, diedAtMs: end.diedAtMs });
        if (buried === undefined) return;
        this.#statement('remove').run(held);
        this.#forgetDeadLetters(text(buried, 'queue'));
        return;
      }
    }
  }

  #forgetDeadLetters(queue: string): void {
    this.#statement('forgetDead').run({ queue, kept: this.#limits.deadLetters });
    const maxBytes = this.#limits.payloadBytes / 4;
    while (integer(this.#statement('totals').get(), 'dead_bytes') > maxBytes) {
      if (this.#statement('forgetOldestDead').run().changes === 0) return;
    }
  }

  /** Prepared at first use, kept for the life of the store: one for each name of STATEMENTS. */
  #statement(name: keyof typeof STATEMENTS): StatementSync {
    let statement = this.#statements.get(name);
    if (statement === undefined) {
      statement = this.#database.connection.prepare(STATEMENTS[name]);
      this.#statements.set(name, statement);
    }
    return statement;
  }

  /** `write` runs again if its group is rolled back; what it answered last is what was committed. */
  #write<T>(step: { readonly bytes: number; plan?: () => void; write: () => T }): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: T } | null = null;
      this.#database.writer.add({
        needsSync: false,
        bytes: step.bytes,
        plan: () => step.plan?.(),
        write: () => {
          result = { value: step.write() };
        },
        done: () => (result === null ? reject(new Error('done without a write')) : resolve(result.value)),
        failed: reject,
      });
    });
  }
}

function integer(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`work queue: column ${column} holds no number`);
  return value;
}

function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value !== 'string') throw new TypeError(`work queue: column ${column} holds no text`);
  return value;
}
