// Settings of a server that is one of several nodes, on a Redis and a PostgreSQL of the test's own.
import { type PostgresCluster, startPostgres } from './postgres.ts';
import { type RedisProcess, startRedis } from './redis.ts';

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

/** What the nodes of a cluster share. */
export interface SharedStores {
  readonly redis: RedisProcess;
  readonly postgres: PostgresCluster;
  close(): Promise<void>;
}

/** For tests in which nodes die, but not the machine: PostgreSQL does not wait for the disk. */
export async function startSharedStores(): Promise<SharedStores> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres({ fsync: 'off' })]);
  return {
    redis,
    postgres,
    async close() {
      await Promise.all([redis.close(), postgres.close()]);
    },
  };
}

/** Everything durable is on, as by default, in the log that the nodes share. */
export function durableNodeConfig({ redis, postgres }: SharedStores): Record<string, unknown> {
  const { adapter, cache } = nodeConfig(redis);
  const { host, port, user: username, database } = postgres.connection;
  return {
    ...{ adapter, cache },
    queue: { driver: 'postgres' },
    history: { enabled: true, backend: 'postgres' },
    versioned_messages: { enabled: true },
    annotations: { enabled: true },
    presence_history: { enabled: true },
    connection_recovery: { enabled: true },
    idempotency: { enabled: true },
    database: { redis: { host: redis.host, port: redis.port }, postgres: { host, port, username, database } },
  };
}
