export { createCache, type SqliteCacheOptions } from './cache.ts';
export {
  createChannelLog,
  type SqliteChannelLog,
  type SqliteChannelLogOptions,
} from './channel-log.ts';
export { type Database, type DatabaseOptions, openDatabase } from './database.ts';
export { DatabaseInUse } from './database-lock.ts';
export type { Operation, Participant } from './group-commit.ts';
export { createKeyedStore, type SqliteKeyedStoreOptions } from './keyed-store.ts';
export type { Logger } from './logger.ts';
export { createWorkQueue, type SqliteWorkQueueOptions } from './work-queue.ts';
