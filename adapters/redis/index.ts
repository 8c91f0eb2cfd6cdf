export type { RedisAddress } from './address.ts';
export { createCache, type RedisCacheOptions } from './cache.ts';
export { openCluster, type RedisCluster, type RedisClusterOptions } from './cluster.ts';
export type { Logger } from './logger.ts';
export type { NodeTimings } from './nodes.ts';
