// For tests: the realtime side of a server on memory drivers, with a clock that only the test moves.
import { pino } from 'pino';
import type { App } from '../../apps/app.ts';
import type { Drivers } from '../../compose.ts';
import { load, withApps } from '../../config/load-fixture.ts';
import { createMemoryCache } from '../../memory/cache.ts';
import { createMemoryChannelLog } from '../../memory/channel-log.ts';
import { createLocalFanout } from '../../memory/fanout.ts';
import { createMemoryKeyedStore } from '../../memory/keyed-store.ts';
import { createMemoryOccupancy } from '../../memory/occupancy.ts';
import { createMemoryPresence } from '../../memory/presence.ts';
import { createMemoryWorkQueue } from '../../memory/work-queue.ts';
import { createCounters } from '../../metrics/counters.ts';
import { NO_PLUGINS, type PluginStages } from '../../plugins/stages.ts';
import { createRealtimeContext } from '../../realtime-context.ts';
import type { RealtimeContext } from '../context.ts';
import { TestClient, type TestClientOptions } from './test-client.ts';

export interface TestRealtimeOptions {
  /** Members of the one app, in the names of the configuration file. */
  readonly app?: Readonly<Record<string, unknown>>;
  /** Settings in the same names. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Drivers in place of those in memory. */
  readonly drivers?: Partial<Drivers>;
  readonly stages?: PluginStages;
}

export interface TestRealtime {
  readonly context: RealtimeContext;
  readonly app: App;
  /** Errors that were logged. */
  readonly errors: readonly string[];
  client(options?: TestClientOptions): TestClient;
  /** Moves the clock and runs what is due. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const OPEN_APP = {
  id: 'app',
  key: 'key',
  secret: 'secret',
  enabled: true,
  enable_client_messages: true,
  enable_user_authentication: true,
  enable_watchlist_events: true,
};

export function memoryDrivers(): Drivers {
  const ports = {
    durableLog: createMemoryChannelLog(),
    volatileLog: createMemoryChannelLog(),
    keyedStore: createMemoryKeyedStore(),
    workQueue: createMemoryWorkQueue(),
    cache: createMemoryCache(),
    fanout: createLocalFanout({
      onError(error) {
        throw error;
      },
    }),
    presence: createMemoryPresence(),
    occupancy: createMemoryOccupancy(),
  };
  return {
    ...ports,
    cluster: null,
    async close() {
      for (const port of Object.values(ports)) await port.close();
    },
  };
}

export function testRealtime(options: TestRealtimeOptions = {}): TestRealtime {
  const { settings } = load({ ...withApps({ ...OPEN_APP, ...options.app }), ...options.config });
  const [app] = settings.apps;
  if (app === undefined) throw new Error('no app');
  const errors: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  const drivers = { ...memoryDrivers(), ...options.drivers };
  let nowMs = 1_000_000;
  const context = createRealtimeContext({
    settings,
    drivers,
    counters: createCounters(),
    logger,
    clock: () => nowMs,
    stages: options.stages ?? NO_PLUGINS,
  });
  return {
    context,
    app,
    errors,
    client: (clientOptions) => new TestClient(context, clientOptions),
    advance(ms) {
      nowMs += ms;
      context.wheel.advance();
      context.hub.rollup?.advance();
    },
    async close() {
      context.hub.rollup?.close();
      context.presenceLeaves.close();
      context.recovery.close();
      context.wheel.close();
      await context.tokens.close();
      await context.webhooks.close();
      await drivers.close();
    },
  };
}
