// One process owns a database file: heads, receipts and the order of commits live in its memory. The lock is SQLite's own
// exclusive lock on a small file beside the database: the kernel drops it when the process dies, so it can't go stale.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isSqliteError, SQLITE_BUSY } from './sqlite-error.ts';

/** Another process has the database open. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
  /** The owner, if it can be told. */
  readonly pid: number | null;

  constructor(path: string, pid: number | null) {
    super(`database ${path} is in use by ${pid === null ? 'another process' : `process ${pid}`}`);
    this.pid = pid;
  }
}

/**
 * Holds the lock until `release`.
 *
 * @throws DatabaseInUse
 */
export function lockDatabase(path: string): { release(): void } {
  const lockPath = `${path}.lock`;
  const lock = new DatabaseSync(lockPath);
  try {
    // In this mode the lock that the commit needs is kept until the connection closes.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE');
    lock.exec(`BEGIN EXCLUSIVE; PRAGMA user_version = ${process.pid}; COMMIT`);
  } catch (error) {
    lock.close();
    if (isSqliteError(error, SQLITE_BUSY)) throw new DatabaseInUse(path, ownerOf(lockPath));
    throw error;
  }
  return { release: () => lock.close() };
}

/** SQLite file format, database header: the user version is a big-endian integer at byte 60. */
function ownerOf(lockPath: string): number | null {
  const header = readFileSync(lockPath);
  const pid = header.length >= 64 ? header.readInt32BE(60) : 0;
  return pid > 0 ? pid : null;
}
