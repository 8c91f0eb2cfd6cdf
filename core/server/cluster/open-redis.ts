// Opens the package that makes a cluster of nodes on Redis, and puts a fan-out on its bus. The package is loaded by name when it
// is asked for: core never imports an adapter.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { ClusterParts, Drivers } from '../compose.ts';
import type { Bus } from '../ports/bus.ts';
import type { Cache } from '../ports/cache.ts';
import type { NodeWatch } from '../ports/node-watch.ts';
import type { Occupancy } from '../ports/occupancy.ts';
import type { Presence } from '../ports/presence.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import type { RedisPlace, Settings } from '../settings.ts';
import { createClusterFanout } from './cluster-fanout.ts';

const PACKAGE = '@sockudo/redis';

/** The ports of a node that are different among several. */
export interface OpenCluster extends Pick<Drivers, 'fanout' | 'presence' | 'occupancy'> {
  readonly cluster: ClusterParts;
  close(): Promise<void>;
}

interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls: ConnectionOptions | null;
}

/** What the package exports; its contract tests hold it to the ports. */
interface RedisPackage {
  createCache(options: { address: RedisAddress; prefix: string; logger: Logger }): Promise<Cache>;
  openCluster(options: {
    address: RedisAddress;
    prefix: string;
    timings: Settings['nodeHealth'];
    logger: Logger;
  }): Promise<{
    readonly bus: Bus;
    readonly presence: Presence;
    readonly occupancy: Occupancy;
    readonly nodes: NodeWatch;
    close(): Promise<void>;
  }>;
}

/** Rejects with a text that names the setting where Redis cannot be reached (divergence D81). */
export async function openRedisCluster(
  settings: Settings,
  logs: ChannelLogs,
  logger: Logger,
): Promise<OpenCluster> {
  const { redis, nodeHealth: timings } = settings;
  const apps = new Map(settings.apps.map((app) => [app.id, app]));
  const opened = await named('adapter.driver', 'database.redis', async ({ openCluster }) =>
    openCluster({ address: addressOf(redis.address), prefix: redis.prefix, timings, logger }),
  );
  const { bus, presence, occupancy, nodes } = opened;
  const fanout = createClusterFanout({
    bus,
    // Not the process id of the settings: a process that starts again is another node.
    nodeId: randomUUID(),
    logOf(appId) {
      const app = apps.get(appId);
      return app === undefined ? null : logs.of(app);
    },
    countPeers: () => nodes.countPeers(),
    onError: (err) => logger.error({ err }, 'a delivery failed'),
  });
  return {
    fanout,
    presence,
    occupancy,
    cluster: { bus, nodes, counts: fanout.counts },
    async close() {
      // What is left of this node is cleared away while the others can still be told.
      await nodes.close();
      await fanout.close();
      await opened.close();
    },
  };
}

export function openRedisCache({ redis }: Settings, logger: Logger): Promise<Cache> {
  return named('cache.driver', 'database.redis', async ({ createCache }) =>
    createCache({ address: addressOf(redis.cacheAddress), prefix: redis.cachePrefix, logger }),
  );
}

async function named<T>(
  driverSetting: string,
  placeSetting: string,
  open: (redis: RedisPackage) => Promise<T>,
): Promise<T> {
  let redis: RedisPackage;
  try {
    // CAST: see RedisPackage.
    redis = (await import(PACKAGE)) as RedisPackage;
  } catch (error) {
    throw new Error(`${driverSetting}: the driver 'redis' needs the package ${PACKAGE}`, { cause: error });
  }
  try {
    return await open(redis);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${driverSetting}: ${reason} (see ${placeSetting})`, { cause: error });
  }
}

function addressOf({ tls, ...place }: RedisPlace): RedisAddress {
  if (tls === null) return { ...place, tls: null };
  const pem = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readFileSync(path);
  return {
    ...place,
    tls: {
      rejectUnauthorized: !tls.acceptsAnyCertificate,
      ca: pem(tls.caPath),
      cert: pem(tls.certPath),
      key: pem(tls.keyPath),
    },
  };
}
