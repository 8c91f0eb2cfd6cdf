export {
  createChannelLog,
  type PostgresChannelLog,
  type PostgresChannelLogOptions,
} from './channel-log.ts';
export type { ConnectionOptions } from './database.ts';
export type { Logger } from './logger.ts';
