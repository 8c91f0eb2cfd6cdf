export {
  createChannelLog,
  type PostgresChannelLog,
  type PostgresChannelLogOptions,
} from './channel-log.ts';
export type { ConnectionOptions } from './database.ts';
export { createKeyedStore, type PostgresKeyedStoreOptions } from './keyed-store.ts';
export type { Logger } from './logger.ts';
export { openStores, type PostgresStores } from './stores.ts';
export { createWorkQueue, type PostgresWorkQueueOptions } from './work-queue.ts';
