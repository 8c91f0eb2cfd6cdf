// Which implementation stands behind each port, by the driver names of the configuration. Adapters are packages that are
// loaded by name when they are asked for: core never imports one.
import type { Logger } from 'pino';
import type { ClusterCounts } from './cluster/cluster-fanout.ts';
import { type OpenCluster, openRedisCache, openRedisCluster } from './cluster/open-redis.ts';
import { createMemoryCache } from './memory/cache.ts';
import { createMemoryChannelLog } from './memory/channel-log.ts';
import { createLocalFanout } from './memory/fanout.ts';
import { createMemoryKeyedStore } from './memory/keyed-store.ts';
import { createMemoryOccupancy } from './memory/occupancy.ts';
import { createMemoryPresence } from './memory/presence.ts';
import { createMemoryWorkQueue } from './memory/work-queue.ts';
import { openPostgresQueue, openPostgresStores, type Stores } from './open-postgres.ts';
import type { Bus } from './ports/bus.ts';
import type { Cache } from './ports/cache.ts';
import type { Fanout } from './ports/fanout.ts';
import type { DurableLog } from './ports/index.ts';
import type { KeyedStore } from './ports/keyed-store.ts';
import type { LeasedWorkQueueOptions } from './ports/leased-work-queue.ts';
import type { NodeWatch } from './ports/node-watch.ts';
import type { Occupancy } from './ports/occupancy.ts';
import type { Presence } from './ports/presence.ts';
import type { WorkQueue } from './ports/work-queue.ts';
import { ChannelLogs } from './publish/channel-logs.ts';
import type { Settings } from './settings.ts';

/** Every port of one node, ready for use. */
export interface Drivers {
  readonly durableLog: DurableLog;
  /** Log of channels whose messages need serials but are not kept. */
  readonly volatileLog: DurableLog;
  /** Where plug-ins keep what is neither a message nor a job; with the durable log. */
  readonly keyedStore: KeyedStore;
  readonly workQueue: WorkQueue;
  readonly cache: Cache;
  readonly fanout: Fanout;
  readonly presence: Presence;
  readonly occupancy: Occupancy;
  /** What several nodes have besides; null: this is the only one. */
  readonly cluster: ClusterParts | null;
  close(): Promise<void>;
}

export interface ClusterParts {
  readonly bus: Pick<Bus, 'state' | 'counts'>;
  readonly nodes: NodeWatch;
  readonly counts: ClusterCounts;
}

/** What a store package offers. */
interface StorePackage {
  createChannelLog(options: { path: string; logger: Logger }): Promise<DurableLog>;
  createWorkQueue(options: { path: string } & LeasedWorkQueueOptions): Promise<WorkQueue>;
  createCache(options: { path: string; logger: Logger }): Promise<Cache>;
  createKeyedStore(options: { path: string; logger: Logger }): Promise<KeyedStore>;
}

const STORE_PACKAGES: Readonly<Record<string, string>> = { sqlite: '@sockudo/sqlite' };

/** Rejects with a text that names the setting when a driver cannot be had (divergence D81). */
export async function openDrivers(settings: Settings, logger: Logger): Promise<Drivers> {
  const opened: { close(): Promise<void> }[] = [];
  const open = async <Port extends { close(): Promise<void> }>(port: Port | Promise<Port>): Promise<Port> => {
    const ready = await port;
    opened.push(ready);
    return ready;
  };
  const close = async (): Promise<void> => {
    for (const port of opened.reverse()) await port.close();
  };
  try {
    const stores = await openStores(settings, logger);
    const durableLog = await open(stores.durableLog);
    const keyedStore = await open(stores.keyedStore);
    // Nodes count serials together, so a log of one node's own has no use among several.
    const isCluster = settings.drivers.fanout !== 'local';
    const volatileLog = isCluster ? durableLog : await open(createMemoryChannelLog());
    const logs = new ChannelLogs(durableLog, volatileLog);
    return {
      durableLog,
      volatileLog,
      keyedStore,
      cache: await open(cache(settings, logger)),
      workQueue: await open(workQueue(settings, logger)),
      ...(isCluster
        ? await open(cluster(settings, logs, logger))
        : await open(singleNode((err) => logger.error({ err }, 'a delivery failed')))),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function singleNode(onError: (error: unknown) => void): Omit<OpenCluster, 'cluster'> & { cluster: null } {
  const [fanout, presence, occupancy] = [
    createLocalFanout({ onError }),
    createMemoryPresence(),
    createMemoryOccupancy(),
  ];
  return {
    fanout,
    presence,
    occupancy,
    cluster: null,
    async close() {
      for (const port of [fanout, presence, occupancy]) await port.close();
    },
  };
}

function cluster(settings: Settings, logs: ChannelLogs, logger: Logger): Promise<OpenCluster> {
  const { fanout } = settings.drivers;
  if (fanout === 'redis') return openRedisCluster(settings, logs, logger);
  throw new Error(`adapter.driver: there is no driver '${fanout}' in this version`);
}

/** Log and keyed store of one driver. */
async function openStores(settings: Settings, logger: Logger): Promise<Stores> {
  const { drivers, databasePath } = settings;
  if (drivers.channelLog === 'postgres') return openPostgresStores(settings, logger);
  if (drivers.channelLog === 'memory') {
    return { durableLog: createMemoryChannelLog(), keyedStore: createMemoryKeyedStore() };
  }
  const store = await storePackage('history.backend', drivers.channelLog);
  const durableLog = await store.createChannelLog({ path: databasePath, logger });
  try {
    return { durableLog, keyedStore: await store.createKeyedStore({ path: databasePath, logger }) };
  } catch (error) {
    await durableLog.close();
    throw error;
  }
}

async function cache(settings: Settings, logger: Logger): Promise<Cache> {
  const { drivers, databasePath, cacheMaxKeys } = settings;
  if (drivers.cache === 'memory') return createMemoryCache({ maxEntries: cacheMaxKeys });
  if (drivers.cache === 'redis') return openRedisCache(settings, logger);
  const store = await storePackage('cache.driver', drivers.cache);
  return store.createCache({ path: databasePath, logger });
}

async function workQueue(settings: Settings, logger: Logger): Promise<WorkQueue> {
  const { drivers, databasePath, queue } = settings;
  const options: LeasedWorkQueueOptions = {
    leaseMs: queue.leaseMs,
    renewMs: queue.leaseRenewMs,
    pollMs: queue.pollIntervalMs,
    maxFaults: queue.maxAttempts,
    faultBackoffMs: queue.retryBaseDelayMs,
    maxFaultBackoffMs: queue.retryMaxDelayMs,
    onError: (err) => logger.error({ err }, 'the work queue failed'),
  };
  // `none` is for apps without webhooks: nothing ever enters it.
  if (drivers.workQueue === 'memory' || drivers.workQueue === 'none') {
    return createMemoryWorkQueue({
      ...options,
      maxJobs: queue.memoryCapacity,
      maxDeadLetters: queue.failedRetention,
    });
  }
  if (drivers.workQueue === 'postgres') return openPostgresQueue(settings, options, logger);
  const store = await storePackage('queue.driver', drivers.workQueue);
  return store.createWorkQueue({ ...options, path: databasePath });
}

async function storePackage(setting: string, driver: string): Promise<StorePackage> {
  const name = STORE_PACKAGES[driver];
  if (name === undefined) throw new Error(`${setting}: there is no driver '${driver}' in this version`);
  try {
    // CAST: the packages named above export what StorePackage says; their contract tests hold them to it.
    return (await import(name)) as StorePackage;
  } catch (error) {
    throw new Error(`${setting}: the driver '${driver}' needs the package ${name}`, { cause: error });
  }
}
