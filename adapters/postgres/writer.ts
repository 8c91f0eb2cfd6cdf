// One connection that writes: operations that came while the last transaction ran share the next one. Answers nobody before
// COMMIT has returned. Owns the connection and its coming back; knows nothing of channels or keys.
import { StoreUnavailable } from '@sockudo/server/ports';
import type pg from 'pg';
import type { Logger } from './logger.ts';
import { createSession, isConnectionLost, isTransient, type Session, sqlStateOf } from './session.ts';
import { Outrun } from './staged-rows.ts';
import type { Statements } from './statements.ts';
import { StepFailed } from './write-step.ts';

/** What a writer has to know of what it is asked to do. */
export interface WriterOperation<Step> {
  /** About how much it writes. */
  readonly bytes: number;
  /** Runs inside a transaction, again if that is retried. @throws StepFailed, Outrun: then the transaction is over */
  attempt(step: Step): Promise<void>;
  /** The transaction of the last attempt is committed. */
  settle(): void;
  fail(error: StoreUnavailable): void;
}

/** One transaction as its operations see it. */
export interface WriterStep<Operation> {
  /** Reads and locks what the operations need. @throws StepFailed, Outrun, as `flush` */
  prepare(operations: readonly Operation[]): Promise<void>;
  /** Writes what they have staged. */
  flush(): Promise<void>;
  committed(): void;
}

/** Keeps a writer from going on while another one runs an operation that concerns channels of both. */
export interface Hold {
  readonly kind: 'hold';
  arrived(): void;
  readonly released: Promise<void>;
}

/** An operation of its own transaction, which begins when all writers concerned have arrived. */
export interface Joint<Operation> {
  readonly kind: 'joint';
  readonly operation: Operation;
  readonly ready: Promise<void>;
  release(): void;
}

interface Single<Operation> {
  readonly kind: 'single';
  readonly operation: Operation;
}

type Item<Operation> = Single<Operation> | Joint<Operation> | Hold;

export interface WriterOptions<Step> {
  readonly connect: () => Promise<pg.Client>;
  readonly statements: Statements;
  readonly begin: (session: Session) => Step;
  readonly logger: Logger;
}

/** Of one transaction: beyond it latency grows and throughput does not. */
const MAX_OPERATIONS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Of all that wait; beyond it a commit is refused. */
const MAX_WAITING = 50_000;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const MAX_ATTEMPTS = 8;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;
/** How often the outcome of a lost COMMIT is asked for. */
const OUTCOME_ATTEMPTS = 8;

export class Writer<Operation extends WriterOperation<Step>, Step extends WriterStep<Operation>> {
  readonly counts = { transactions: 0, operations: 0 };
  readonly #options: WriterOptions<Step>;
  #waiting: Item<Operation>[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  #client: pg.Client | null = null;
  #backoffMs = 0;
  #retryAt = 0;

  constructor(options: WriterOptions<Step>) {
    this.#options = options;
  }

  add(item: Item<Operation>): void {
    const bytes = bytesOf(item);
    if (item.kind === 'single') {
      if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
        item.operation.fail(new StoreUnavailable('too many commits wait for the database'));
        return;
      }
    }
    this.#waiting.push(item);
    this.#waitingBytes += bytes;
    this.#running ??= this.#run();
  }

  /** Resolves when everything added so far has an outcome; ends the connection. */
  async close(): Promise<void> {
    while (this.#running !== null) await this.#running;
    await this.#drop();
  }

  async #run(): Promise<void> {
    // What is added in the same turn belongs to the first transaction.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = this.#take(); next !== null; next = this.#take()) {
      if (next.kind === 'hold') {
        next.arrived();
        await next.released;
      } else if (next.kind === 'joint') {
        await next.ready;
        await this.#commit([next.operation]);
        next.release();
      } else await this.#commit(next.operations);
    }
    this.#running = null;
  }

  #take(): Hold | Joint<Operation> | { readonly kind: 'batch'; readonly operations: Operation[] } | null {
    const [first] = this.#waiting;
    if (first === undefined) return null;
    if (first.kind !== 'single') {
      this.#waiting.shift();
      this.#waitingBytes -= bytesOf(first);
      return first;
    }
    const operations: Operation[] = [];
    let bytes = 0;
    for (const item of this.#waiting) {
      if (item.kind !== 'single' || operations.length >= MAX_OPERATIONS || bytes > MAX_BYTES) break;
      operations.push(item.operation);
      bytes += item.operation.bytes;
    }
    this.#waiting = this.#waiting.slice(operations.length);
    this.#waitingBytes -= bytes;
    return { kind: 'batch', operations };
  }

  /** Gives each operation its outcome. Never throws. */
  async #commit(operations: readonly Operation[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#transaction(operations);
        return;
      } catch (error) {
        const cause = error instanceof StepFailed ? error.cause : error;
        if (error instanceof Outrun || isTransient(cause)) {
          if (attempt < MAX_ATTEMPTS) continue;
        } else if (!isConnectionLost(cause) && operations.length > 1) {
          // One of them is what the server refuses: its neighbours go on.
          for (const operation of operations) await this.#commit([operation]);
          return;
        }
        const unavailable = new StoreUnavailable('the store could not write', { cause });
        for (const operation of operations) operation.fail(unavailable);
        this.#options.logger.error({ err: cause }, 'a transaction failed');
        return;
      }
    }
  }

  async #transaction(operations: readonly Operation[]): Promise<void> {
    const client = await this.#connected();
    const step = this.#options.begin(createSession(client, this.#options.statements));
    let transactionId: string;
    try {
      transactionId = await begin(client);
      await step.prepare(operations);
      for (const operation of operations) await operation.attempt(step);
      await step.flush();
    } catch (error) {
      await this.#rollBack(client);
      throw error;
    }
    await this.#end(client, transactionId);
    this.counts.transactions += 1;
    this.counts.operations += operations.length;
    step.committed();
    for (const operation of operations) operation.settle();
  }

  async #rollBack(client: pg.Client): Promise<void> {
    try {
      await client.query('ROLLBACK');
    } catch {
      await this.#drop();
    }
  }

  /** COMMIT. Where its answer was lost, the server is asked what became of it: an acknowledged message is stored, a refused not. */
  async #end(client: pg.Client, transactionId: string): Promise<void> {
    try {
      await client.query('COMMIT');
    } catch (error) {
      await this.#drop();
      if (!isConnectionLost(error)) throw error;
      if (!(await this.#isCommitted(transactionId))) throw error;
    }
  }

  async #isCommitted(transactionId: string): Promise<boolean> {
    for (let attempt = 1; attempt <= OUTCOME_ATTEMPTS; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, this.#retryAt - performance.now()));
      try {
        const client = await this.#connected();
        const { rows } = await client.query<{ status: string | null }>(
          'SELECT pg_xact_status($1::xid8) AS status',
          [transactionId],
        );
        const status = rows[0]?.status;
        if (status !== 'in progress') return status === 'committed';
        this.#retryAt = performance.now() + FIRST_BACKOFF_MS;
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the outcome of a transaction is not known yet');
        if (sqlStateOf(error) === '22023') return false;
      }
    }
    return false;
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    if (performance.now() < this.#retryAt) throw new Error('the database is not reachable');
    try {
      const client = await this.#options.connect();
      client.once('end', () => {
        if (this.#client === client) this.#client = null;
      });
      this.#client = client;
      this.#backoffMs = 0;
      return client;
    } catch (error) {
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.#backoffMs * 2));
      this.#retryAt = performance.now() + this.#backoffMs;
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }
}

/** Begins a transaction and answers its id, by which its outcome can be asked for. */
async function begin(client: pg.Client): Promise<string> {
  // CAST: two statements in one text have two results, which the types of the driver do not know.
  const results = (await client.query(
    'BEGIN; SELECT pg_current_xact_id()::text AS id',
  )) as unknown as readonly pg.QueryResult<{ id: string }>[];
  const id = results[1]?.rows[0]?.id;
  if (id === undefined) throw new Error('a transaction has an id');
  return id;
}

const bytesOf = (item: Item<{ readonly bytes: number }>): number =>
  item.kind === 'single' ? item.operation.bytes : 0;
