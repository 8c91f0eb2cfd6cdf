// The schema, as steps that are only ever added to. `user_version` says how many steps a file has had.
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Marks a file as ours ("SOCK"), so that somebody else's database is never written to. */
const APPLICATION_ID = 0x534f434b;

/**
 * Step 1. channels: one row per channel that was ever written to. A row without a name is a channel that was reset: its entries
 * wait for removal. `oldest_serial` is the first entry that is still to be seen; rows below it wait for removal.
 * recent: entries in the order of their arrival; at each start, and while the server runs, they move to `entries`, which holds
 * them by channel. `bytes_before` is the running size of all earlier entries of the channel, so that the size of any range is one
 * subtraction. receipts: no index on the end of life, because such an index costs each commit a page; a slow scan in key
 * order removes what has ended.
 *
 * Step 2, messages that change. `entries` are the creates, now with holes between their serials; `messages_before` counts those
 * before (null: serial - 1, a row of step 1). `oldest_serial` bounds the history, `purged_below` everything, and a message
 * between the two is kept while its newest version is not older than `versions_since_ms`. versions: `data` is the fragment of
 * an append; `base_serial` names the entry whose whole data the fragments follow; the newest row has the sums of its message,
 * so that no row is ever changed. recent_versions: as `recent`. receipts with a message go with it.
 *
 * Step 3, records of channels. `sequence` has the order in which they were made in all channels; ordinals count within a channel
 * and kind. Ordinals in use go with the row of their channel; records of a channel that was reset wait for removal as entries do.
 *
 * Step 4, the keyed store. `reserved_revision`: up to here revisions may have been used; raised by many at once, so that a batch costs
 * no page for its revision.
 *
 * Step 5, recent_receipts: as `recent`, for receipts.
 */
const VERSION_COLUMNS = `
    published_at_ms INTEGER NOT NULL,
    action TEXT NOT NULL,
    version_serial TEXT NOT NULL,
    event TEXT,
    data TEXT,
    extras TEXT,
    user_id TEXT,
    description TEXT,
    metadata TEXT,
    base_serial INTEGER NOT NULL,
    data_kind TEXT NOT NULL,
    data_bytes INTEGER NOT NULL,
    append_count INTEGER NOT NULL`;

/** Of records that are never due: a number, so that one index has them in the order in which searches want them. */
export const NEVER_DUE_MS = Number.MAX_SAFE_INTEGER;

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
  `
  ALTER TABLE channels ADD COLUMN messages_total INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE channels ADD COLUMN purged_below INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE channels ADD COLUMN versions_since_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE channels ADD COLUMN retention_versions_age_ms INTEGER;
  UPDATE channels SET messages_total = head_serial, purged_below = oldest_serial;
  ALTER TABLE entries ADD COLUMN creator_id TEXT;
  ALTER TABLE entries ADD COLUMN messages_before INTEGER;
  ALTER TABLE recent ADD COLUMN creator_id TEXT;
  ALTER TABLE recent ADD COLUMN messages_before INTEGER;
  ALTER TABLE receipts ADD COLUMN channel_id INTEGER;
  ALTER TABLE receipts ADD COLUMN history_serial INTEGER;
  CREATE TABLE versions (
    channel_id INTEGER NOT NULL,
    history_serial INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    ${VERSION_COLUMNS},
    PRIMARY KEY (channel_id, history_serial, serial)
  ) WITHOUT ROWID;
  CREATE INDEX versions_by_serial ON versions (channel_id, serial);
  CREATE TABLE recent_versions (
    sequence INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    history_serial INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    ${VERSION_COLUMNS}
  );
  CREATE TABLE annotations (
    channel_id INTEGER NOT NULL,
    history_serial INTEGER NOT NULL,
    annotation_serial TEXT NOT NULL,
    serial INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL,
    target_serial TEXT,
    type TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (channel_id, history_serial, annotation_serial)
  ) WITHOUT ROWID;
  CREATE INDEX annotations_by_serial ON annotations (channel_id, serial);
  CREATE INDEX annotations_by_target ON annotations (channel_id, history_serial, target_serial)
    WHERE target_serial IS NOT NULL;
  CREATE TABLE projections (
    channel_id INTEGER NOT NULL,
    history_serial INTEGER NOT NULL,
    type TEXT NOT NULL,
    message_serial TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (channel_id, history_serial, type)
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE channel_records (
    sequence INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (channel_id, kind, id)
  );
  CREATE UNIQUE INDEX channel_records_by_ordinal ON channel_records (channel_id, kind, ordinal);
  CREATE INDEX channel_records_by_state ON channel_records (kind, state, due_at_ms);
  CREATE INDEX channel_records_by_due ON channel_records (kind, due_at_ms) WHERE due_at_ms < ${NEVER_DUE_MS};
  CREATE TABLE channel_record_kinds (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    last_ordinal INTEGER NOT NULL,
    PRIMARY KEY (channel_id, kind)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE store ADD COLUMN reserved_revision INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE keyed_entries (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    revision INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX keyed_entries_by_end ON keyed_entries (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  `,
  `
  CREATE TABLE recent_receipts (
    sequence INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    fingerprint TEXT,
    answer TEXT NOT NULL,
    channel_id INTEGER,
    history_serial INTEGER
  );
  `,
];

/**
 * Brings a file to the newest schema, each step in a transaction of its own.
 *
 * @param until how many steps it is to have had, default all: tests make old files
 * @throws Error for a file that is not ours or was written by a newer version.
 */
export function migrate(connection: DatabaseSync, path: string, until = MIGRATIONS.length): void {
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
    if (index >= version && index < until) runStep(connection, statements, index + 1);
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
