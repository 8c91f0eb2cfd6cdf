// One server process, from parsed settings to a listening port and back. Everything is put together here and in
// realtime-context.ts and nowhere else; the parts know each other only through what they are given.
import { channelNameErrorHttp } from '@sockudo/protocol';
import type { Logger } from 'pino';
import { AppRegistry } from './apps/app-registry.ts';
import { channelNameRules } from './apps/channel-rules.ts';
import { announceDepartures } from './cluster/departures.ts';
import { closeRevokedEverywhere } from './cluster/questions.ts';
import { type Drivers, openDrivers } from './compose.ts';
import type { Route } from './http/exchange-types.ts';
import { createHttpFront, type HttpFront } from './http/front.ts';
import type { HealthCheck, HttpDeps } from './http/http-deps.ts';
import { createWebSocketRateLimiter } from './http/rate-limit.ts';
import { eventStreamRoute } from './http/routes/event-stream.ts';
import {
  type ClientEventsDeps,
  clientEventsRoute,
  socketTicketRoute,
} from './http/routes/event-stream-client.ts';
import { type Counters, createCounters } from './metrics/counters.ts';
import { startMetrics } from './metrics/prometheus.ts';
import { loadPlugins } from './plugins/load.ts';
import type { Plugin } from './plugins/plugin.ts';
import { PluginStages } from './plugins/stages.ts';
import { cachedEventKey } from './publish/cached-event.ts';
import type { RealtimeContext } from './realtime/context.ts';
import { closeAllConnections } from './realtime/drain.ts';
import { serverStats } from './realtime/stats.ts';
import { acceptUpgrades } from './realtime/upgrade.ts';
import { createRealtimeContext } from './realtime-context.ts';
import type { Settings } from './settings.ts';
import { EventStreams } from './streams/event-streams.ts';

export interface RunningServer {
  /** Where HTTP and WebSocket are served. */
  readonly address: { readonly host: string; readonly port: number };
  /** Drains and stops; resolves when everything accepted is stored and sent. Idempotent. */
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly logger: Logger;
  /** Routes of a program that embeds the server, served on the same port beside the HTTP API. Default: none. */
  readonly routes?: readonly Route[];
  /** Plug-ins besides those that the settings ask for. Default: none. */
  readonly plugins?: readonly Plugin[];
}

export async function startServer(
  settings: Settings,
  { logger, routes = [], plugins: given = [] }: ServerOptions,
): Promise<RunningServer> {
  const plugins = [...(await loadPlugins(settings)), ...given];
  const drivers = await openDrivers(settings, logger);
  try {
    return await start(settings, drivers, { logger, routes, plugins });
  } catch (error) {
    await drivers.close();
    throw error;
  }
}

async function start(
  settings: Settings,
  drivers: Drivers,
  { logger, routes, plugins }: Required<ServerOptions>,
): Promise<RunningServer> {
  const counters = createCounters();
  const stages = new PluginStages(plugins);
  const apps = new AppRegistry(settings.apps);
  const context = createRealtimeContext({ settings, drivers, counters, logger, stages });
  for (const plugin of plugins) plugin.start?.(context);
  if (drivers.cluster !== null) announceDepartures(drivers.cluster.nodes, context);
  let isDraining = false;
  const deps = httpDeps(context, drivers, apps, counters, () => isDraining);
  const rateLimiter = createWebSocketRateLimiter(deps);
  const events = { streams: new EventStreams(context), context, apps, limiter: rateLimiter };
  const front = await createHttpFront(deps, {
    routes: [...eventRoutes(events), ...stages.routes, ...routes],
  });
  acceptUpgrades(front.httpServer, {
    context,
    apps,
    rateLimiter,
    isDraining: () => isDraining,
  });
  const metrics = await startMetrics({
    ...deps,
    pluginMetrics: stages.metrics,
    ...(drivers.cluster !== null && {
      cluster: { driver: settings.drivers.fanout, parts: drivers.cluster },
    }),
  });
  const { port } = await front.listen().catch(async (error: unknown) => {
    await metrics.close();
    throw error;
  });
  let closing: Promise<void> | null = null;
  return {
    address: { host: settings.host, port },
    close() {
      isDraining = true;
      closing ??= stop(context, drivers, front, plugins).then(() => metrics.close());
      return closing;
    },
  };
}

/** Readiness is off already: clients are sent away, what they and publishers left behind is finished, then the stores close. */
async function stop(
  context: RealtimeContext,
  drivers: Drivers,
  front: HttpFront,
  plugins: readonly Plugin[],
): Promise<void> {
  front.drain();
  await closeAllConnections(context.hub, context.settings.shutdownGraceMs);
  await front.close();
  context.hub.rollup?.close();
  context.presenceLeaves.close();
  context.recovery.close();
  context.wheel.close();
  await context.tokens.close();
  for (const plugin of plugins) await plugin.close?.();
  await context.webhooks.close();
  await context.presenceHistory.close();
  await drivers.close();
}

function httpDeps(
  context: RealtimeContext,
  drivers: Drivers,
  apps: AppRegistry,
  counters: Counters,
  isDraining: () => boolean,
): HttpDeps {
  const { publisher, cache } = context;
  return {
    settings: context.settings,
    logger: context.logger,
    apps,
    publishEvent: (app, request, headerKey) => publisher.publishEvent(app, request, headerKey),
    publishBatch: (app, requests, headerKey) => publisher.publishBatch(app, requests, headerKey),
    validateChannelName: (app, channel) => channelNameErrorHttp(channel, channelNameRules(app)),
    occupancy: context.occupancy,
    presence: context.presence,
    presenceHistory: context.presenceHistory,
    history: context.history,
    mutations: context.mutations,
    annotations: context.annotations,
    cache,
    async cachedEvent(app, channel) {
      const cached = await cache.get(cachedEventKey(app.id, channel));
      if (cached === null) return null;
      return {
        data: cached.value,
        ttlSeconds: Math.max(0, Math.ceil((cached.expiresAtMs - Date.now()) / 1000)),
      };
    },
    closeUser: (app, userId, code) =>
      context.fanout.control({ kind: 'close-user', appId: app.id, userId, code }),
    async revokeTokens(app, tokens, ttlMs) {
      await context.revocations.add(app, tokens, ttlMs);
      return closeRevokedEverywhere(context, app.id, tokens);
    },
    channelFacts: (app, channel) => context.stages.channelFacts(app, channel),
    isDraining,
    counters,
    stats: () => serverStats(context),
    healthChecks: healthChecks(drivers),
  };
}

/** Channels as Server-Sent Events, for servers and for clients. */
const eventRoutes = (deps: ClientEventsDeps): readonly Route[] => [
  eventStreamRoute(deps.streams, deps.context.settings),
  clientEventsRoute(deps),
  socketTicketRoute(deps),
];

/** What /up asks besides the cache: reads that every driver answers without touching anything. */
function healthChecks({ durableLog, workQueue, cluster }: Drivers): readonly HealthCheck[] {
  return [
    ...clusterChecks(cluster),
    {
      name: 'channel log',
      weight: 'required',
      check: async () => {
        await durableLog.receipt('health', 'check');
      },
    },
    {
      name: 'work queue',
      weight: 'optional',
      check: async () => {
        await workQueue.counts('health');
      },
    },
  ];
}

/** A node that the others do not hear of serves its own clients only: it is not ready. */
function clusterChecks(cluster: Drivers['cluster']): readonly HealthCheck[] {
  if (cluster === null) return [];
  return [
    {
      name: 'cluster',
      weight: 'required',
      check: async () => {
        if (cluster.bus.state === 'down') throw new Error('the bus between the nodes is down');
        await cluster.nodes.check();
      },
    },
  ];
}
