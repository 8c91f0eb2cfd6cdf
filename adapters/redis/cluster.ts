// Everything that the nodes of a cluster share on Redis except the cache: bus, presence, counts and the registry of nodes. They
// have two connections between them, one that commands and one that listens.
import type { Bus, NodeWatch, Occupancy, Presence } from '@sockudo/server/ports';
import type { RedisAddress } from './address.ts';
import { RedisBus } from './bus.ts';
import { closeConnection, openConnection } from './connection.ts';
import { type Logger, silentLogger } from './logger.ts';
import { NodeIdentity } from './node-identity.ts';
import { type NodeTimings, RedisNodes } from './nodes.ts';
import { RedisOccupancy } from './occupancy.ts';
import { RedisPresence } from './presence.ts';

export interface RedisClusterOptions {
  readonly address: RedisAddress;
  /** What every key and topic begins with; the same on all nodes of one cluster, and on no others. */
  readonly prefix: string;
  /** Defaults: 10, 30 and 10 seconds. */
  readonly timings?: NodeTimings;
  readonly logger?: Logger;
}

export interface RedisCluster {
  readonly bus: Bus;
  readonly presence: Presence;
  readonly occupancy: Occupancy;
  readonly nodes: NodeWatch;
  /** Takes this node's things out of Redis and closes all parts. */
  close(): Promise<void>;
}

const DEFAULT_TIMINGS: NodeTimings = { heartbeatMs: 10_000, timeoutMs: 30_000, sweepMs: 10_000 };

/** @throws Error with the address, where Redis cannot be reached or is too old */
export async function openCluster(options: RedisClusterOptions): Promise<RedisCluster> {
  const { address, prefix, timings = DEFAULT_TIMINGS, logger = silentLogger } = options;
  const client = await openConnection(address, 'commands', logger);
  try {
    const subscriber = await openConnection(address, 'bus', logger);
    const node = new NodeIdentity(prefix);
    const onError = (err: unknown): void => logger.warn({ err }, 'Redis does not answer');
    const bus = new RedisBus({ commands: client, subscriber, prefix, logger });
    const presence = new RedisPresence(client, prefix, node);
    const occupancy = new RedisOccupancy(client, prefix, node, onError);
    const nodes = new RedisNodes({ client, node, presence, occupancy, timings, logger });
    const close = async (): Promise<void> => {
      await nodes.close();
      await presence.close();
      await occupancy.close();
      await bus.close();
      await closeConnection(subscriber);
      await closeConnection(client);
    };
    try {
      await nodes.start();
    } catch (error) {
      await close();
      throw error;
    }
    return { bus, presence, occupancy, nodes, close };
  } catch (error) {
    await closeConnection(client);
    throw error;
  }
}
