// The stores of one node on one database, with a pool of connections for the reads of all of them.
import { type PostgresChannelLog, type PostgresChannelLogOptions, PostgresLog } from './channel-log.ts';
import { type Database, openDatabase } from './database.ts';
import { PostgresKeyedStore } from './keyed-store.ts';
import { silentLogger } from './logger.ts';

export interface PostgresStores {
  readonly channelLog: PostgresChannelLog;
  readonly keyedStore: PostgresKeyedStore;
}

/**
 * Opens channel log and keyed store; each is closed on its own. Connections: `writers` and one more that write, `readers`, and one
 * for removal now and then.
 *
 * @throws Error as `createChannelLog`
 */
export async function openStores(options: PostgresChannelLogOptions): Promise<PostgresStores> {
  const logger = options.logger ?? silentLogger;
  const database = sharedBy(2, await openDatabase({ ...options, logger }));
  return {
    channelLog: new PostgresLog(database, { ...options, logger }),
    keyedStore: new PostgresKeyedStore(database, { ...options, logger }),
  };
}

/** Closed by the last of its users. */
function sharedBy(users: number, database: Database): Database {
  let left = users;
  return {
    ...database,
    close: async () => {
      left -= 1;
      if (left === 0) await database.close();
    },
  };
}
