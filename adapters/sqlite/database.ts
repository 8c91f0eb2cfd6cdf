// An open database file: lock, schema, connection, group commit and checkpoints. All stores of a process that name the same
// file share one Database; the last one to release it closes it. Knows no table.
import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Checkpointer } from './checkpointer.ts';
import { DatabaseInUse, lockDatabase } from './database-lock.ts';
import { GroupCommit } from './group-commit.ts';
import { type Logger, silentLogger } from './logger.ts';
import { migrate } from './migrations.ts';

export interface DatabaseOptions {
  /** The database file; its folder is made if need be. Beside it stand `-wal`, `-shm` and `.lock`. */
  readonly path: string;
  readonly logger?: Logger;
  /** Length of the write-ahead log from which it is copied back, default 16 MiB. */
  readonly walBytes?: number;
  /** How the write-ahead log is brought to the disk, default `fs.fdatasync`; tests hold it up or let it fail. */
  readonly syncFile?: (descriptor: number, done: (error: Error | null) => void) => void;
}

const DEFAULT_WAL_BYTES = 16 * 1024 * 1024;
/** `wal_checkpoint(NOOP)`, which tells the length of the WAL, is younger than WAL itself. */
const OLDEST_SQLITE = [3, 51] as const;

const openDatabases = new Map<string, Database>();

/**
 * The process's Database of a file. Every call is paired with one `release`. Options other than `path` count for the call
 * that opens the file.
 *
 * @throws DatabaseInUse when another process has it; Error for a file of another program or of a newer version.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const path = resolve(options.path);
  const known = openDatabases.get(path);
  if (known?.isClosing === true) throw new DatabaseInUse(path, process.pid);
  const database = known ?? new Database({ ...options, path });
  openDatabases.set(path, database);
  return database.retain();
}

export class Database {
  readonly connection: DatabaseSync;
  readonly writer: GroupCommit;
  readonly path: string;
  readonly #checkpointer: Checkpointer;
  readonly #lock: { release(): void };
  readonly #walFd: number;
  readonly #syncFile: NonNullable<DatabaseOptions['syncFile']>;
  #users = 0;

  /** Use `openDatabase`. */
  constructor(options: DatabaseOptions) {
    this.path = options.path;
    this.#syncFile = options.syncFile ?? fdatasync;
    const walBytes = options.walBytes ?? DEFAULT_WAL_BYTES;
    prepareFile(this.path);
    this.#lock = lockDatabase(this.path);
    try {
      this.connection = connect(this.path, walBytes);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#walFd = openSync(`${this.path}-wal`, 'r+');
    // What a killed process wrote is read from now on, so it has to be on the disk from now on; so have the files' names.
    fsyncSync(this.#walFd);
    syncDirectory(dirname(this.path));
    this.writer = new GroupCommit({
      connection: this.connection,
      syncWal: () => this.#syncWal(),
      onGroupEnd: () => this.#checkpointer.check(),
    });
    this.#checkpointer = new Checkpointer({
      path: this.path,
      connection: this.connection,
      walBytes,
      writer: this.writer,
      logger: options.logger ?? silentLogger,
    });
  }

  get isClosing(): boolean {
    return this.#users === 0;
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  /** The last release writes what is queued, copies the WAL back and closes the file. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    await this.writer.close();
    await this.#checkpointer.close();
    closeSync(this.#walFd);
    this.connection.close();
    this.#lock.release();
    openDatabases.delete(this.path);
  }

  #syncWal(): Promise<void> {
    return new Promise((synced, failed) => {
      this.#syncFile(this.#walFd, (error) => (error === null ? synced() : failed(error)));
    });
  }
}

/** Readable by its owner alone: it holds everything that was published. Before the first connection, because closing any
 *  descriptor of the file later would drop the locks that SQLite holds on it (POSIX advisory locks). */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, 'a', 0o600));
}

function connect(path: string, walBytes: number): DatabaseSync {
  const connection = new DatabaseSync(path);
  try {
    requireVersion(connection);
    connection.exec('PRAGMA journal_mode = WAL');
    // NORMAL: COMMIT doesn't sync, and the first frame of a WAL that begins anew syncs its header, without which a loss of
    // power could bring back frames of the round before.
    connection.exec('PRAGMA synchronous = NORMAL');
    connection.exec('PRAGMA wal_autocheckpoint = 0');
    connection.exec(`PRAGMA journal_size_limit = ${4 * walBytes}`);
    connection.exec('PRAGMA cache_size = -16384');
    migrate(connection, path);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function requireVersion(connection: DatabaseSync): void {
  const version = String(connection.prepare('SELECT sqlite_version() AS version').get()?.version);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_SQLITE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(`SQLite ${version} of this Node is too old; ${OLDEST_SQLITE.join('.')} is needed`);
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
