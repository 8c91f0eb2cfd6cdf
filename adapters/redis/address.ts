// Where a Redis is and what its keys begin with: what every part of this package is opened with.
import type { ConnectionOptions } from 'node:tls';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** Number of the database; default 0. */
  readonly db?: number;
  readonly username?: string;
  readonly password?: string;
  /** Null or absent: without TLS. */
  readonly tls?: ConnectionOptions | null;
}

/** The address as an operator may read it: without the password. */
export function shownAddress({ host, port, db = 0 }: RedisAddress): string {
  return `${host}:${port}/${db}`;
}
