// The schema, as steps that are only ever added to. `user_version` says how many steps a file has had.
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Marks a file as ours ("SOCK"), so that somebody else's database is never written to. */
const APPLICATION_ID = 0x534f434b;

/**
 * channels: one row per channel that was ever written to. A row without a name is a channel that was reset: its entries
 * wait for removal. `oldest_serial` is the first entry that is still to be seen; rows below it wait for removal.
 * recent: entries in the order of their arrival; at each start, and while the server runs, they move to `entries`, which holds
 * them by channel. `bytes_before` is the running size of all earlier entries of the channel, so that the size of any range is one
 * subtraction. receipts: no index on the end of life, because such an index costs each commit a page; a slow scan in key
 * order removes what has ended.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE store (
    stream_seed BLOB NOT NULL,
    stream_epoch INTEGER NOT NULL
  );
  CREATE TABLE channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id TEXT,
    channel TEXT,
    stream_id TEXT NOT NULL,
    head_serial INTEGER NOT NULL,
    oldest_serial INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    last_published_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    retention_age_ms INTEGER,
    retention_messages INTEGER,
    retention_bytes INTEGER,
    UNIQUE (app_id, channel)
  );
  CREATE TABLE entries (
    channel_id INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL,
    bytes_before INTEGER NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    message_id TEXT,
    message_serial TEXT,
    user_id TEXT,
    tags TEXT,
    extras TEXT,
    PRIMARY KEY (channel_id, serial)
  ) WITHOUT ROWID;
  CREATE TABLE recent (
    sequence INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL,
    bytes_before INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    message_id TEXT,
    message_serial TEXT,
    user_id TEXT,
    tags TEXT,
    extras TEXT
  );
  CREATE TABLE receipts (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    fingerprint TEXT,
    answer TEXT NOT NULL,
    PRIMARY KEY (scope, key)
  ) WITHOUT ROWID;
  CREATE TABLE cache (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX cache_by_end ON cache (expires_at_ms);
  `,
];

/**
 * Brings a file to the newest schema, each step in a transaction of its own.
 *
 * @throws Error for a file that is not ours or was written by a newer version.
 */
export function migrate(connection: DatabaseSync, path: string): void {
  const version = readNumber(connection, 'PRAGMA user_version');
  const applicationId = readNumber(connection, 'PRAGMA application_id');
  const tables = readNumber(connection, 'SELECT count(*) FROM sqlite_schema');
  if (applicationId !== APPLICATION_ID && (tables > 0 || version > 0)) {
    throw new Error(`${path} is a database of another program`);
  }
  if (version > MIGRATIONS.length) {
    throw new Error(`database ${path} was written by a newer version (schema ${version})`);
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index >= version) runStep(connection, statements, index + 1);
  }
}

function runStep(connection: DatabaseSync, statements: string, version: number): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    connection.exec(statements);
    if (version === 1) {
      connection.prepare('INSERT INTO store VALUES (?, 0)').run(randomBytes(32));
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    }
    connection.exec(`PRAGMA user_version = ${version}`);
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function readNumber(connection: DatabaseSync, query: string): number {
  const [value] = Object.values(connection.prepare(query).get() ?? {});
  return Number(value);
}
