// Connections to one database: how they are set up, the version of the server, the migrations of the schema. Knows nothing of
// channels.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Logger, withoutClient } from './logger.ts';
import { createReadSession, type Session, TYPES } from './session.ts';
import { quoted, readMigrations, readStatements, type Statements } from './statements.ts';

/** Where the database is. What is absent is as libpq has it: PGHOST and its like, then its defaults. */
export interface ConnectionOptions {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ssl?: boolean | object;
}

export interface DatabaseOptions {
  readonly connection: ConnectionOptions;
  /** Schema of all tables, made when it is missing; default `sockudo`. */
  readonly schema?: string;
  /** Connections for reads at most, default 4. */
  readonly readers?: number;
  /** A statement that takes longer fails, default 10 s. */
  readonly statementTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly logger: Logger;
}

export interface Database {
  readonly statements: Statements;
  readonly schema: string;
  readonly streamSeed: string;
  readonly reads: Session;
  /** A new connection, set up; the caller ends it. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** PostgreSQL 14, as `server_version_num` counts. */
const OLDEST_SERVER = 140_000;

/**
 * First number of the advisory locks of this package ("sock" in ASCII); the second tells them apart. Whoever shares the
 * database with it must not take locks under this number.
 */
export const ADVISORY_LOCKS = 0x736f636b;
export const LOCK_OF_MIGRATIONS = 1;
export const LOCK_OF_RETENTION = 2;

/** @throws Error when the server is too old or the schema is that of a newer version; what the driver throws otherwise. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const schema = options.schema ?? 'sockudo';
  quoted(schema);
  const statements = readStatements(schema);
  const config = clientConfig(options);
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(config);
    // Without a listener a lost connection would end the process; the statement at work rejects anyway.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(SET_UP);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    return client;
  };
  const client = await connect();
  let streamSeed: string;
  try {
    await requireServer(client);
    streamSeed = await migrate(client, schema);
  } finally {
    await client.end();
  }
  const pool = new pg.Pool({
    ...config,
    max: Math.max(1, options.readers ?? 4),
    idleTimeoutMillis: 30_000,
    onConnect: async (fresh) => {
      await fresh.query(SET_UP);
    },
  });
  pool.on('error', (error) => {
    options.logger.warn({ err: withoutClient(error) }, 'an idle connection to PostgreSQL was lost');
  });
  const reads = createReadSession(pool, statements);
  return { statements, schema, streamSeed, reads, connect, close: () => pool.end() };
}

/**
 * Every statement names its rows by key, so nested loops over indexes are always right. The planner is told, because it would
 * keep plans that it made while tables were still empty. `synchronous_commit`: an answer is a promise (a stricter one stays).
 */
const SET_UP = `
  SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
`;

function clientConfig({ connection, ...options }: DatabaseOptions): pg.ClientConfig {
  return {
    ...connection,
    application_name: 'sockudo',
    types: TYPES,
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
  };
}

async function requireServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  const version = Number(rows[0]?.server_version_num);
  if (version >= OLDEST_SERVER) return;
  throw new Error(
    `PostgreSQL ${Math.floor(version / 10_000)} is too old: version 14 or newer is needed; upgrade the server that ` +
      '`database.postgres.host` names',
  );
}

/** Brings the schema up to date, one node at a time. Answers the seed of the stream ids. */
async function migrate(client: pg.Client, schema: string): Promise<string> {
  const migrations = readMigrations(schema);
  const name = quoted(schema);
  // A migration of large tables may take its time.
  await client.query('BEGIN; SET LOCAL statement_timeout = 0');
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [ADVISORY_LOCKS, LOCK_OF_MIGRATIONS]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${name}.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<{ version: number | null }>(
    `SELECT max(version) AS version FROM ${name}.migrations`,
  );
  const version = rows[0]?.version ?? 0;
  if (version > migrations.length) {
    throw new Error(
      `the schema ${schema} has version ${version}, this program knows ${migrations.length}: start a newer version of it`,
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    await client.query(migration);
    await client.query(`INSERT INTO ${name}.migrations (version) VALUES ($1)`, [index + 1]);
  }
  await client.query(`INSERT INTO ${name}.store (stream_seed) VALUES ($1) ON CONFLICT DO NOTHING`, [
    randomBytes(16).toString('hex'),
  ]);
  const store = await client.query<{ stream_seed: string }>(`SELECT stream_seed FROM ${name}.store`);
  await client.query('COMMIT');
  return store.rows[0]?.stream_seed ?? '';
}
