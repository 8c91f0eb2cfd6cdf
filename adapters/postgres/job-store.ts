// Jobs in PostgreSQL through pg-boss: it keeps them, hands each to one worker with SKIP LOCKED, and gives them back when a worker
// vanishes. Pauses, ends and counts are decided here, because the port leaves them to the handler: an attempt that is to be
// followed by another one ends in one transaction that removes its job and adds the next.
import { randomUUID } from 'node:crypto';
import {
  type AttemptEnd,
  type Claim,
  type ClaimedJob,
  type DeadLetter,
  type JobCounts,
  type JobDraft,
  type Lease,
  QueueFull,
  type SharedJobStore,
} from '@sockudo/server/ports';
import type { Db, PgBoss } from 'pg-boss';
import { GroupedWrites } from './grouped-writes.ts';
import {
  claimedJobOf,
  envelopeOf,
  type FetchedJob,
  inOrder,
  type JobEnvelope,
  nextEnvelope,
} from './job-envelope.ts';
import { JobLooks } from './job-looks.ts';
import { JobQueues, type QueueSettings } from './job-queues.ts';
import type { Statements } from './statements.ts';
import { fromStored, toStored } from './stored-text.ts';

export interface JobStoreOptions {
  readonly boss: PgBoss;
  readonly statements: Statements;
  /** Schema of pg-boss, quoted. */
  readonly jobsSchema: string;
  readonly queues: QueueSettings;
  readonly pollMs: number;
  readonly maxDeadLetters: number;
  readonly now: () => number;
}

/** Jobs of one `add`. */
type Addition = readonly { readonly queue: string; readonly id: string; readonly data: JobEnvelope }[];

interface Held {
  readonly queue: string;
  readonly fetched: FetchedJob;
  readonly job: ClaimedJob;
}

/** An attempt that somebody else has by now: nothing of its end is kept. */
class LeaseLost extends Error {}

const ADDITIONS_OF_A_WRITE = 500;
const REMOVALS_OF_A_WRITE = 500;
/** Beyond it additions are refused: the database does not keep up. */
const MAX_WAITING_ADDITIONS = 10_000;
/** Dead letters between two removals of the oldest. */
const BURIALS_OF_A_SWEEP = 64;

export class PgBossJobStore implements SharedJobStore {
  readonly durability = 'synced';
  readonly #options: JobStoreOptions;
  readonly #boss: PgBoss;
  readonly #queues: JobQueues;
  readonly #looks: JobLooks;
  /** By lease; bounded by the concurrency of the workers. */
  readonly #held = new Map<string, Held>();
  readonly #additions: GroupedWrites<Addition>;
  readonly #removals: GroupedWrites<Held>;
  #places = 0;
  #burials = 0;

  constructor(options: JobStoreOptions) {
    this.#options = options;
    this.#boss = options.boss;
    this.#queues = new JobQueues(options.boss, options.queues);
    this.#looks = new JobLooks(options.pollMs);
    this.#additions = new GroupedWrites((additions) => this.#insert(additions.flat()), ADDITIONS_OF_A_WRITE);
    this.#removals = new GroupedWrites((done) => this.#remove(done), REMOVALS_OF_A_WRITE);
  }

  async add(jobs: readonly JobDraft[]): Promise<void> {
    for (const [queue, drafts] of Map.groupBy(jobs, (draft) => draft.queue)) {
      await this.#queues.ensure(queue);
      const isFull = this.#additions.waiting >= MAX_WAITING_ADDITIONS;
      if (isFull || !(await this.#queues.hasRoomFor(queue, drafts.length))) {
        throw new QueueFull('the queue is full');
      }
    }
    const rows = jobs.map((draft) => {
      this.#places += 1;
      return { queue: draft.queue, id: randomUUID(), data: envelopeOf(draft, randomUUID(), this.#places) };
    });
    await this.#additions.add(rows);
    for (const { queue, data } of rows) this.#tellOf(queue, data.dueAtMs);
  }

  async claim({ queue, limit, nowMs }: Claim): Promise<ClaimedJob[]> {
    await this.#queues.ensure(queue);
    const end = this.#looks.begin(queue, nowMs);
    const fetched = await this.#boss.fetch<JobEnvelope>(queue, { batchSize: limit, includeMetadata: true });
    end(fetched.length === limit);
    return inOrder(fetched).map(({ id, data, retryCount }) => {
      const taken = { id, data, retryCount };
      const job = claimedJobOf(taken, nowMs);
      this.#held.set(job.lease, { queue, fetched: taken, job });
      return job;
    });
  }

  async settle({ lease }: Lease, end: AttemptEnd): Promise<void> {
    const held = this.#held.get(lease);
    if (held === undefined) return;
    try {
      if (end.kind === 'done') await this.#removals.add(held);
      else await this.#inTransaction((db) => this.#follow(held, end, db));
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
    }
    this.#held.delete(lease);
    if (end.kind === 'retry' || end.kind === 'release') this.#tellOf(held.queue, end.dueAtMs);
  }

  /** The leases hold for the heartbeat of the queue from now on. */
  async renew(leases: readonly Lease[]): Promise<string[]> {
    const held = leases.flatMap(({ lease }) => this.#held.get(lease) ?? []);
    const lost = leases.flatMap(({ lease }) => (this.#held.has(lease) ? [] : [lease]));
    for (const [queue, jobs] of Map.groupBy(held, (each) => each.queue)) {
      const fetched = jobs.map((each) => each.fetched);
      // CAST: what it answers is not in its types: the ids of the jobs that are still this attempt's.
      const { settled } = (await this.#boss.touch(queue, fetched)) as {
        readonly settled?: readonly string[];
      };
      const kept = new Set(settled);
      for (const { fetched: each, job } of jobs) {
        if (kept.has(each.id)) continue;
        lost.push(job.lease);
        this.#held.delete(job.lease);
      }
    }
    return lost;
  }

  nextDueAtMs(queue: string): number {
    return this.#looks.next(queue);
  }

  async deadLetters(
    queue: string,
    page: { readonly limit: number; readonly before?: string },
  ): Promise<DeadLetter[]> {
    const rows = await this.#query('dead-letters-page', [queue, page.before ?? null, page.limit]);
    return rows.map((row) => ({
      id: String(row.id),
      payload: fromStored(String(row.payload)),
      attempts: Number(row.attempts),
      reason: fromStored(String(row.reason)),
      enqueuedAtMs: Number(row.enqueued_at_ms),
      diedAtMs: Number(row.died_at_ms),
    }));
  }

  async counts(queue: string): Promise<JobCounts> {
    const [row] = await this.#query('count-jobs', [queue]);
    return { waiting: Number(row?.waiting), running: Number(row?.running), dead: Number(row?.dead) };
  }

  async close(): Promise<void> {
    await Promise.all([this.#additions.end(), this.#removals.end()]);
    await this.#boss.stop({ graceful: false });
  }

  /** The ids decide: what an attempt has stored although its answer was lost is not added again. */
  async #insert(rows: Addition): Promise<void> {
    const byQueue = Map.groupBy(rows, ({ queue }) => queue);
    const write = async (db?: Db): Promise<void> => {
      for (const [queue, jobs] of byQueue) {
        await this.#boss.insert(queue, jobs.map(this.#insertOf), db && { db });
      }
    };
    // A single statement is a transaction of its own.
    if (byQueue.size === 1) await write();
    else await this.#inTransaction(write);
  }

  async #remove(done: readonly Held[]): Promise<void> {
    for (const [queue, held] of Map.groupBy(done, (each) => each.queue)) {
      await this.#boss.deleteJob(
        queue,
        held.map(({ fetched }) => fetched),
      );
    }
  }

  readonly #insertOf = ({ id, data }: { readonly id: string; readonly data: JobEnvelope }) => {
    const delayMs = Math.max(0, data.dueAtMs - this.#options.now());
    // Seconds from the transaction on: the clocks of node and database need not agree.
    return { id, data, ...(delayMs > 0 && { startAfter: (delayMs / 1000).toFixed(3) }) };
  };

  /** Ends one attempt that is not the last word of a handler that is done. @throws LeaseLost */
  async #follow(held: Held, end: Exclude<AttemptEnd, { readonly kind: 'done' }>, db: Db): Promise<void> {
    const { queue, fetched, job } = held;
    // CAST: what it answers is not in its types: how many jobs it removed.
    const { affected } = (await this.#boss.deleteJob(queue, fetched, { db })) as {
      readonly affected: number;
    };
    if (affected === 0) throw new LeaseLost();
    if (end.kind === 'dead') {
      await this.#bury(held, end, db);
      return;
    }
    const isFault = end.kind === 'retry' && end.isFault;
    const data = nextEnvelope(job, fetched, {
      dueAtMs: end.dueAtMs,
      isCounted: end.kind === 'retry',
      isFault,
    });
    await this.#boss.insert(queue, [this.#insertOf({ id: randomUUID(), data })], { db });
  }

  async #bury(
    { queue, fetched, job }: Held,
    { reason, diedAtMs }: { readonly reason: string; readonly diedAtMs: number },
    db: Db,
  ): Promise<void> {
    const text = toStored(reason.toWellFormed());
    const { payload, enqueuedAtMs } = fetched.data;
    await this.#query('bury-job', [queue, payload, job.attempt, text, enqueuedAtMs, diedAtMs], db);
    if (this.#burials % BURIALS_OF_A_SWEEP === 0) {
      await this.#query('forget-dead-letters', [queue, this.#options.maxDeadLetters], db);
    }
    this.#burials += 1;
  }

  /** What was stored just now is due as much later as it was to be from now on. */
  #tellOf(queue: string, dueAtMs: number): void {
    this.#looks.added(queue, Math.max(dueAtMs, this.#options.now()));
  }

  async #inTransaction(work: (db: Db) => Promise<void>): Promise<void> {
    const transaction = await this.#boss.getDb().beginTransaction?.();
    if (transaction === undefined) throw new Error('the connections of pg-boss have transactions');
    try {
      await work(transaction.db);
      await transaction.commit();
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  async #query(
    name: string,
    values: unknown[],
    db: Db = this.#boss.getDb(),
  ): Promise<Readonly<Record<string, unknown>>[]> {
    const text = this.#options.statements.get(name).text.replaceAll('{jobs}', this.#options.jobsSchema);
    const { rows } = await db.executeSql(text, values);
    return rows;
  }
}
