// Opens the channel log on PostgreSQL. Its package is loaded by name when it is asked for: core never imports an adapter.
import type { Logger } from 'pino';
import type { DurableLog } from './ports/index.ts';
import type { Settings } from './settings.ts';

const PACKAGE = '@sockudo/postgres';

/** What the package exports; its contract tests hold it to the port. */
interface PostgresPackage {
  createChannelLog(options: {
    connection: { host: string; port: number; user: string; password: string; database: string };
    schema: string;
    writers: number;
    readers: number;
    statementTimeoutMs: number;
    logger: Logger;
  }): Promise<DurableLog>;
}

/** Connections that write; the others of the pool read. */
const WRITERS = 2;

export async function openPostgresLog({ postgres }: Settings, logger: Logger): Promise<DurableLog> {
  const { schema, maxConnections, statementTimeoutMs, ...connection } = postgres;
  const store = await load();
  try {
    return await store.createChannelLog({
      connection,
      schema,
      writers: WRITERS,
      // One connection is for the removal in the background.
      readers: Math.max(1, maxConnections - WRITERS - 1),
      statementTimeoutMs,
      logger,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const place = `${connection.host}:${connection.port}`;
    throw new Error(`database.postgres: the log on ${place} could not be opened: ${reason}`, {
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
