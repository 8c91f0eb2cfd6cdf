// One transaction of the keyed store's writer: locks the entries of all its batches, decides each batch on what those before it
// left, and writes what they come to with one statement for each kind of change.
import {
  compareKeys,
  conflictingKeys,
  type KeyedBatch,
  type KeyedChange,
  type StoreUnavailable,
  type WriteResult,
} from '@sockudo/server/ports';
import type { Session } from './session.ts';
import { columnsOf, Outrun } from './staged-rows.ts';
import { StepFailed } from './write-step.ts';
import type { WriterOperation, WriterStep } from './writer.ts';

/** Numbers that nobody else has, over all nodes. Not in the order of time. */
export class Revisions {
  #next = 1;
  #end = 0;

  /** As many as a transaction has batches, without a question to the server for nearly all of them. */
  async reserve(count: number, session: Session): Promise<void> {
    if (this.#end - this.#next >= count) return;
    const [row] = await session.query<{ first: number }>('next-revisions', []);
    if (row === undefined) throw new Error('a sequence has a next value');
    this.#next = row.first;
    this.#end = row.first + REVISIONS_OF_A_BLOCK;
  }

  take(): number {
    const revision = this.#next;
    if (revision >= this.#end) throw new Error('revisions are reserved before they are taken');
    this.#next += 1;
    return revision;
  }
}

/** The increment of the sequence. */
const REVISIONS_OF_A_BLOCK = 1_000_000;

/** As it stands in the transaction. */
interface Standing {
  /** Null: absent, or its end has come. */
  readonly revision: number | null;
}

interface LockedRow {
  readonly key: string;
  readonly revision: number;
  readonly expires_at_ms: number | null;
}

interface Staged {
  readonly change: KeyedChange;
  readonly revision: number;
}

export interface KeyedStepDeps {
  readonly session: Session;
  readonly revisions: Revisions;
  readonly nowMs: number;
}

export class KeyedStep implements WriterStep<WriteOperation> {
  readonly #deps: KeyedStepDeps;
  readonly #standings = new Map<string, Standing>();
  /** Keys that have a row, which is locked. */
  readonly #locked = new Set<string>();
  /** What becomes of each key. */
  readonly #staged = new Map<string, Staged>();

  constructor(deps: KeyedStepDeps) {
    this.#deps = deps;
  }

  async prepare(operations: readonly WriteOperation[]): Promise<void> {
    await this.#deps.revisions.reserve(operations.length, {
      query: (name, values) => this.#query(name, values),
    });
    const keys = new Set(operations.flatMap(({ batch }) => batch.operations.map(({ key }) => key)));
    if (keys.size === 0) return;
    for (const row of await this.#query<LockedRow>('lock-keyed', [[...keys]])) {
      const hasEnded = row.expires_at_ms !== null && row.expires_at_ms <= this.#deps.nowMs;
      this.#locked.add(row.key);
      this.#standings.set(row.key, { revision: hasEnded ? null : row.revision });
    }
  }

  apply({ operations, changes }: KeyedBatch): WriteResult {
    const keys = conflictingKeys(operations, (key) => this.#standings.get(key)?.revision ?? null);
    if (keys.length > 0) return { kind: 'conflict', keys };
    const revision = this.#deps.revisions.take();
    for (const change of changes) {
      const { key, value, expiresAtMs } = change;
      const isLive = value !== null && (expiresAtMs === null || expiresAtMs > this.#deps.nowMs);
      this.#standings.set(key, { revision: isLive ? revision : null });
      this.#staged.set(key, { change, revision });
    }
    return { kind: 'written', revision };
  }

  /** @throws Outrun when another node made an entry whose absence something here was built on */
  async flush(): Promise<void> {
    const staged = [...this.#staged.values()].sort((one, other) =>
      compareKeys(one.change.key, other.change.key),
    );
    const puts = staged.filter(({ change }) => change.value !== null);
    const added = puts.filter(({ change }) => !this.#locked.has(change.key)).map(rowOf);
    const replaced = puts.filter(({ change }) => this.#locked.has(change.key)).map(rowOf);
    const removed = staged.flatMap(({ change }) => (change.value === null ? [change.key] : []));
    await this.#remove(removed);
    if (replaced.length > 0) await this.#query('update-keyed', columnsOf(replaced));
    if (added.length === 0) return;
    const inserted = await this.#query('insert-keyed', columnsOf(added));
    if (inserted.length < added.length) throw new Outrun('an entry was made by another writer');
  }

  committed(): void {}

  /** Keys without a row are asked for, too: another node may have made one since. */
  async #remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const rows = await this.#query<{ key: string }>('delete-keyed', [keys]);
    if (rows.some(({ key }) => !this.#locked.has(key)))
      throw new Outrun('an entry was made by another writer');
  }

  async #query<Row>(name: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.#deps.session.query<Row>(name, values);
    } catch (error) {
      throw new StepFailed(`the statement ${name} failed`, { cause: error });
    }
  }
}

/** One batch in the hands of the writer, and how its caller learns the outcome. */
export class WriteOperation implements WriterOperation<KeyedStep> {
  readonly batch: KeyedBatch;
  readonly bytes: number;
  readonly #outcome = Promise.withResolvers<WriteResult>();
  #result: WriteResult | null = null;

  constructor(batch: KeyedBatch) {
    this.batch = batch;
    this.bytes = batch.bytes + 100 * (1 + batch.operations.length);
  }

  get outcome(): Promise<WriteResult> {
    return this.#outcome.promise;
  }

  async attempt(step: KeyedStep): Promise<void> {
    this.#result = step.apply(this.batch);
  }

  settle(): void {
    if (this.#result === null) this.#outcome.reject(new Error('the operation did not run'));
    else this.#outcome.resolve(this.#result);
  }

  fail(error: StoreUnavailable): void {
    this.#outcome.reject(error);
  }
}

function rowOf({ change, revision }: Staged): (string | number | null)[] {
  return [change.key, change.value, revision, change.expiresAtMs];
}
