// Which implementation stands behind each port, by the driver names of the configuration. Adapters are packages that are
// loaded by name when they are asked for: core never imports one.
import type { Logger } from 'pino';
import { createMemoryCache } from './memory/cache.ts';
import { createMemoryChannelLog } from './memory/channel-log.ts';
import { createLocalFanout } from './memory/fanout.ts';
import { createMemoryOccupancy } from './memory/occupancy.ts';
import { createMemoryPresence } from './memory/presence.ts';
import { createMemoryWorkQueue } from './memory/work-queue.ts';
import type { Cache } from './ports/cache.ts';
import type { ChannelLog } from './ports/channel-log.ts';
import type { Fanout } from './ports/fanout.ts';
import type { Occupancy } from './ports/occupancy.ts';
import type { Presence } from './ports/presence.ts';
import type { WorkQueue } from './ports/work-queue.ts';
import type { Settings } from './settings.ts';

/** Every port of one node, ready for use. */
export interface Drivers {
  readonly durableLog: ChannelLog;
  /** Log of channels whose messages need serials but are not kept. */
  readonly volatileLog: ChannelLog;
  readonly workQueue: WorkQueue;
  readonly cache: Cache;
  readonly fanout: Fanout;
  readonly presence: Presence;
  readonly occupancy: Occupancy;
  close(): Promise<void>;
}

/** What a store package offers. */
interface StorePackage {
  createChannelLog(options: { path: string; logger: Logger }): Promise<ChannelLog>;
  createWorkQueue(options: { path: string; logger: Logger }): Promise<WorkQueue>;
  createCache(options: { path: string; logger: Logger }): Promise<Cache>;
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
    const { drivers } = settings;
    const options = { path: settings.databasePath, logger };
    const durableLog = await open(
      drivers.channelLog === 'memory'
        ? createMemoryChannelLog()
        : storePackage('history.backend', drivers.channelLog).then((store) =>
            store.createChannelLog(options),
          ),
    );
    const cache = await open(
      drivers.cache === 'memory'
        ? createMemoryCache()
        : storePackage('cache.driver', drivers.cache).then((store) => store.createCache(options)),
    );
    const workQueue = await open(
      drivers.workQueue === 'memory'
        ? createMemoryWorkQueue()
        : storePackage('queue.driver', drivers.workQueue).then((store) => store.createWorkQueue(options)),
    );
    return {
      durableLog,
      volatileLog: await open(createMemoryChannelLog()),
      workQueue,
      cache,
      fanout: await open(createLocalFanout({ onError: (err) => logger.error({ err }, 'a delivery failed') })),
      presence: await open(createMemoryPresence()),
      occupancy: await open(createMemoryOccupancy()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
