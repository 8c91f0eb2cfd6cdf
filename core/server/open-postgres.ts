// Opens the stores and the queue on PostgreSQL. Their package is loaded by name when it is asked for: core never imports an adapter.
import type { Logger } from 'pino';
import type { DurableLog, KeyedStore, LeasedWorkQueueOptions, WorkQueue } from './ports/index.ts';
import type { Settings } from './settings.ts';

const PACKAGE = '@sockudo/postgres';

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What the package exports; its contract tests hold it to the ports. */
interface PostgresPackage {
  openStores(options: {
    connection: Connection;
    schema: string;
    writers: number;
    readers: number;
    statementTimeoutMs: number;
    logger: Logger;
  }): Promise<{ readonly channelLog: DurableLog; readonly keyedStore: KeyedStore }>;
  createWorkQueue(
    options: LeasedWorkQueueOptions & {
      connection: Connection;
      schema: string;
      connections: number;
      maxDeadLetters: number;
      logger: Logger;
    },
  ): Promise<WorkQueue>;
}

/** Connections that write to the log. Another one writes to the keyed store, and one removes in the background; the others read. */
const LOG_WRITERS = 2;
/** Connections of the queue, where it is on PostgreSQL. */
const QUEUE_CONNECTIONS = 3;

export interface Stores {
  readonly durableLog: DurableLog;
  readonly keyedStore: KeyedStore;
}

export async function openPostgresStores(settings: Settings, logger: Logger): Promise<Stores> {
  const { schema, maxConnections, statementTimeoutMs, ...connection } = settings.postgres;
  const taken = LOG_WRITERS + 2 + (settings.drivers.workQueue === 'postgres' ? QUEUE_CONNECTIONS : 0);
  const store = await load('history.backend');
  return naming('stores', connection, async () => {
    const { channelLog, keyedStore } = await store.openStores({
      connection,
      schema,
      writers: LOG_WRITERS,
      readers: Math.max(1, maxConnections - taken),
      statementTimeoutMs,
      logger,
    });
    return { durableLog: channelLog, keyedStore };
  });
}

export async function openPostgresQueue(
  { postgres, queue }: Settings,
  options: LeasedWorkQueueOptions,
  logger: Logger,
): Promise<WorkQueue> {
  const { schema, maxConnections: _, statementTimeoutMs: __, ...connection } = postgres;
  const store = await load('queue.driver');
  return naming('queue', connection, () =>
    store.createWorkQueue({
      ...options,
      connection,
      schema,
      connections: QUEUE_CONNECTIONS,
      maxDeadLetters: queue.failedRetention,
      logger,
    }),
  );
}

/** What it rejects with tells an operator what could not be opened, and where. */
async function naming<Opened>(
  what: string,
  { host, port }: Connection,
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`database.postgres: the ${what} on ${host}:${port} could not be opened: ${reason}`, {
      cause: error,
    });
  }
}

async function load(setting: string): Promise<PostgresPackage> {
  try {
    // CAST: the package exports what PostgresPackage says.
    return (await import(PACKAGE)) as PostgresPackage;
  } catch (error) {
    throw new Error(`${setting}: the driver 'postgres' needs the package ${PACKAGE}`, { cause: error });
  }
}
