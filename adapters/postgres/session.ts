// Statements on a connection, and what their failures mean.

import { StoreUnavailable } from '@sockudo/server/ports';
import pg from 'pg';
import type { Direction, Statements } from './statements.ts';

export interface Session {
  /** Rows as the statement's file names its columns; the caller names their type. */
  query<Row>(name: string, values: readonly unknown[], direction?: Direction): Promise<Row[]>;
}

interface Queryable {
  query(config: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
}

export function createSession(queryable: Queryable, statements: Statements): Session {
  return {
    async query<Row>(name: string, values: readonly unknown[], direction?: Direction): Promise<Row[]> {
      const { rows } = await queryable.query({ ...statements.get(name, direction), values: [...values] });
      // CAST: each statement's file says which columns it answers; the contract suites hold the callers to it.
      return rows as Row[];
    },
  };
}

/** For readers: each statement on any connection of the pool, once more where the connection turned out to be dead. */
export function createReadSession(pool: pg.Pool, statements: Statements): Session {
  const session = createSession(pool, statements);
  return {
    async query<Row>(name: string, values: readonly unknown[], direction?: Direction): Promise<Row[]> {
      try {
        return await session.query<Row>(name, values, direction).catch((error: unknown) => {
          if (!isConnectionLost(error)) throw error;
          return session.query<Row>(name, values, direction);
        });
      } catch (error) {
        throw new StoreUnavailable('the store could not read', { cause: error });
      }
    },
  };
}

/** int8 as numbers: serials and times stay far below 2^53. */
export const TYPES = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    id === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(id, format),
};

/** SQLSTATE of an error of the server, if it is one. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

/** The connection can't be used any more: it broke, or the server is going down, starting or out of connections. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === null) return true;
  return state.startsWith('08') || state.startsWith('57P') || state === '53300';
}

/** The same transaction may succeed when it is run again: serialization failure, deadlock. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}
