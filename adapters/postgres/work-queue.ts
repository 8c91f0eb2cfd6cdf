// The WorkQueue port on PostgreSQL, for any number of nodes. pg-boss has a schema and connections of its own; dead letters are in
// the schema of the other stores. See README.md for what differs from the embedded queues.
import { createLeasedWorkQueue, type LeasedWorkQueueOptions, type WorkQueue } from '@sockudo/server/ports';
import { PgBoss } from 'pg-boss';
import { type ConnectionOptions, openDatabase } from './database.ts';
import { PgBossJobStore } from './job-store.ts';
import { type Logger, silentLogger, withoutClient } from './logger.ts';
import { quoted } from './statements.ts';

export interface PostgresWorkQueueOptions extends LeasedWorkQueueOptions {
  readonly connection: ConnectionOptions;
  /** Schema of the other stores, default `sockudo`; that of pg-boss is the same with `_jobs`. Both are made when they are missing. */
  readonly schema?: string;
  /** Connections at most, default 4. */
  readonly connections?: number;
  /** Most jobs of a queue, more or less; default 1,000,000. */
  readonly maxJobs?: number;
  /** Most dead letters of a queue, the newest are kept; default 10,000. */
  readonly maxDeadLetters?: number;
  /** How often one of the nodes looks for jobs whose worker has vanished, in whole seconds; default 10. */
  readonly superviseSeconds?: number;
  readonly logger?: Logger;
}

/** pg-boss takes no shorter one. */
const SHORTEST_HEARTBEAT_SECONDS = 10;
const STATEMENT_TIMEOUT = '-c statement_timeout=60s';

/**
 * Opens the queue and brings the schemas up to date. `leaseMs` is rounded up to whole seconds, 10 at least.
 *
 * @throws Error for a server older than PostgreSQL 14 or a schema of a newer version; what the driver throws when it is not
 *   reachable.
 */
export async function createWorkQueue(options: PostgresWorkQueueOptions): Promise<WorkQueue> {
  const {
    schema = 'sockudo',
    logger = silentLogger,
    leaseMs = 30_000,
    pollMs = 500,
    now = Date.now,
  } = options;
  const onError =
    options.onError ?? ((err: unknown) => logger.error({ err }, 'the work queue met a failure'));
  const jobsSchema = quoted(`${schema}_jobs`);
  // For the table of dead letters; pg-boss has connections of its own.
  const { statements, close } = await openDatabase({ connection: options.connection, schema, logger });
  await close();
  const boss = openBoss(options, `${schema}_jobs`);
  boss.on('error', (error) => onError(withoutClient(error)));
  boss.on('warning', ({ message }) => logger.warn({}, `the work queue: ${message}`));
  try {
    await boss.start();
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {});
    throw error;
  }
  const store = new PgBossJobStore({
    boss,
    statements,
    jobsSchema,
    queues: {
      heartbeatSeconds: Math.max(SHORTEST_HEARTBEAT_SECONDS, Math.ceil(leaseMs / 1000)),
      maxJobs: options.maxJobs ?? 1_000_000,
      now,
    },
    pollMs,
    maxDeadLetters: options.maxDeadLetters ?? 10_000,
    now,
  });
  return createLeasedWorkQueue(store, { ...options, onError });
}

function openBoss(options: PostgresWorkQueueOptions, schema: string): PgBoss {
  const { connection, connections = 4, superviseSeconds = 10 } = options;
  return new PgBoss({
    ...connection,
    schema,
    max: connections,
    application_name: 'sockudo-jobs',
    options: STATEMENT_TIMEOUT,
    connectionTimeoutMillis: 5000,
    // No recurring jobs, no chains of jobs: nothing to look for.
    schedule: false,
    flowIntervalSeconds: 86_400,
    registerInstance: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
  });
}
