// Settings of a server that is one of several nodes on a Redis of the test's own.
import type { RedisProcess } from './redis.ts';

/** A node is noticed to be dead within this time. */
export const NODE_DEATH_MS = 1500;

/** Without a log that nodes share, nothing is kept: no history, no recovery, no request keys. */
export function nodeConfig(redis: Pick<RedisProcess, 'host' | 'port'>): Record<string, unknown> {
  return {
    adapter: {
      driver: 'redis',
      cluster_health: { heartbeat_interval_ms: 100, node_timeout_ms: 1000, cleanup_interval_ms: 200 },
    },
    cache: { driver: 'redis' },
    queue: { driver: 'none' },
    history: { enabled: false },
    versioned_messages: { enabled: false },
    annotations: { enabled: false },
    presence_history: { enabled: false },
    connection_recovery: { enabled: false },
    idempotency: { enabled: false },
    database: { redis: { host: redis.host, port: redis.port } },
  };
}
