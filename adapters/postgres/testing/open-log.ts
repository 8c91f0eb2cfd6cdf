// Logs on a cluster of a test's own, each in a schema of its own.
import pg from 'pg';
import type { PostgresCluster } from '../../../test/support/postgres.ts';
import { createChannelLog, type PostgresChannelLog, type PostgresChannelLogOptions } from '../index.ts';

let count = 0;

export const unusedSchema = (): string => {
  count += 1;
  return `log_${count}`;
};

/** For the contract suites. */
export function opensIn(cluster: () => PostgresCluster, limits: Partial<PostgresChannelLogOptions> = {}) {
  return async ({ now }: { readonly now: () => number }) => {
    const schema = unusedSchema();
    const options = { connection: cluster().connection, schema, now, ...limits };
    let log: PostgresChannelLog = await createChannelLog(options);
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await createChannelLog(options);
        return log;
      },
      close: async () => {
        await log.close();
        await runSql(cluster(), `SET client_min_messages = warning; DROP SCHEMA ${schema} CASCADE`);
      },
    };
  };
}

/** Statements without parameters, on a connection of their own. */
export async function runSql(
  { connection }: PostgresCluster,
  text: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
