// A prepared query whose rows are arrays: half the cost of rows with named columns, and pages are read by the thousand.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export type ArrayRow = readonly SQLOutputValue[];

/** For objects that are put together from the columns of a row. */
export type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

export class ArrayStatement {
  readonly #statement: StatementSync;

  constructor(connection: DatabaseSync, query: string) {
    this.#statement = connection.prepare(query);
    this.#statement.setReturnArrays(true);
  }

  get(...parameters: SQLInputValue[]): ArrayRow | undefined {
    // CAST: what setReturnArrays says; its type has no place for it.
    return this.#statement.get(...parameters) as unknown as ArrayRow | undefined;
  }

  all(...parameters: SQLInputValue[]): ArrayRow[] {
    // CAST: as above.
    return this.#statement.all(...parameters) as unknown as ArrayRow[];
  }

  allNamed(parameters: Record<string, SQLInputValue>): ArrayRow[] {
    // CAST: as above.
    return this.#statement.all(parameters) as unknown as ArrayRow[];
  }
}
