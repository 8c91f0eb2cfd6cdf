// Opens the stores on PostgreSQL. Their package is loaded by name when it is asked for: core never imports an adapter.
import type { Logger } from 'pino';
import type { DurableLog, KeyedStore } from './ports/index.ts';
import type { Settings } from './settings.ts';

const PACKAGE = '@sockudo/postgres';

/** What the package exports; its contract tests hold it to the port. */
interface PostgresPackage {
  openStores(options: {
    connection: { host: string; port: number; user: string; password: string; database: string };
    schema: string;
    writers: number;
    readers: number;
    statementTimeoutMs: number;
    logger: Logger;
  }): Promise<{ readonly channelLog: DurableLog; readonly keyedStore: KeyedStore }>;
}

/** Connections that write to the log. Another one writes to the keyed store, and one removes in the background; the others read. */
const LOG_WRITERS = 2;

export interface Stores {
  readonly durableLog: DurableLog;
  readonly keyedStore: KeyedStore;
}

export async function openPostgresStores({ postgres }: Settings, logger: Logger): Promise<Stores> {
  const { schema, maxConnections, statementTimeoutMs, ...connection } = postgres;
  const store = await load();
  try {
    const { channelLog, keyedStore } = await store.openStores({
      connection,
      schema,
      writers: LOG_WRITERS,
      readers: Math.max(1, maxConnections - LOG_WRITERS - 2),
      statementTimeoutMs,
      logger,
    });
    return { durableLog: channelLog, keyedStore };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const place = `${connection.host}:${connection.port}`;
    throw new Error(`database.postgres: the stores on ${place} could not be opened: ${reason}`, {
      cause: error,
    });
  }
}

async function load(): Promise<PostgresPackage> {
  try {
    // CAST: the package exports what PostgresPackage says.
    return (await import(PACKAGE)) as PostgresPackage;
  } catch (error) {
    throw new Error(`history.backend: the driver 'postgres' needs the package ${PACKAGE}`, { cause: error });
  }
}
