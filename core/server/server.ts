// One server process, from parsed settings to a listening port and back. Everything is put together here and nowhere else;
// the parts know each other only through what they are given.
import { channelKind, channelNameErrorHttp, createVersionSerials } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { App } from './apps/app.ts';
import { AppRegistry } from './apps/app-registry.ts';
import { channelNameRules } from './apps/channel-rules.ts';
import { type Drivers, openDrivers } from './compose.ts';
import type { Route } from './http/exchange-types.ts';
import { createHttpFront, type HttpFront } from './http/front.ts';
import type { HttpDeps } from './http/http-deps.ts';
import { createWebSocketRateLimiter } from './http/rate-limit.ts';
import { type Counters, createCounters } from './metrics/counters.ts';
import { startMetrics } from './metrics/prometheus.ts';
import { PresenceHistory } from './presence-history/presence-history.ts';
import { AfterEffects } from './publish/after-effects.ts';
import { Append } from './publish/append.ts';
import { cachedEventKey } from './publish/cached-event.ts';
import { ChannelLogs } from './publish/channel-logs.ts';
import { MessageIdentities } from './publish/message-identities.ts';
import { Publisher } from './publish/publisher.ts';
import { RequestKeys } from './publish/request-keys.ts';
import { closeUserConnections } from './realtime/close-user.ts';
import type { RealtimeContext } from './realtime/context.ts';
import { DeadlineWheel } from './realtime/deadline-wheel.ts';
import { leavePresence } from './realtime/detach.ts';
import { closeAllConnections } from './realtime/drain.ts';
import { Hub } from './realtime/hub.ts';
import { PresenceLeaves } from './realtime/presence-leaves.ts';
import { serverStats } from './realtime/stats.ts';
import { acceptUpgrades } from './realtime/upgrade.ts';
import { Watchlists } from './realtime/watchlists.ts';
import type { Settings } from './settings.ts';
import { createWebhooks } from './webhooks/webhooks.ts';

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
}

export async function startServer(
  settings: Settings,
  { logger, routes = [] }: ServerOptions,
): Promise<RunningServer> {
  const drivers = await openDrivers(settings, logger);
  try {
    return await start(settings, drivers, logger, routes);
  } catch (error) {
    await drivers.close();
    throw error;
  }
}

async function start(
  settings: Settings,
  drivers: Drivers,
  logger: Logger,
  routes: readonly Route[],
): Promise<RunningServer> {
  const counters = createCounters();
  const apps = new AppRegistry(settings.apps);
  const context = realtimeContext(settings, drivers, counters, logger);
  let isDraining = false;
  const deps = httpDeps(context, apps, counters, () => isDraining);
  const front = await createHttpFront(deps, { routes });
  acceptUpgrades(front.httpServer, {
    context,
    apps,
    rateLimiter: createWebSocketRateLimiter(deps),
    isDraining: () => isDraining,
  });
  const metrics = await startMetrics(deps);
  const { port } = await front.listen().catch(async (error: unknown) => {
    await metrics.close();
    throw error;
  });
  let closing: Promise<void> | null = null;
  return {
    address: { host: settings.host, port },
    close() {
      isDraining = true;
      closing ??= stop(context, drivers, front).then(() => metrics.close());
      return closing;
    },
  };
}

/** Readiness is off already: clients are sent away, what they and publishers left behind is finished, then the stores close. */
async function stop(context: RealtimeContext, drivers: Drivers, front: HttpFront): Promise<void> {
  front.drain();
  await closeAllConnections(context.hub, context.settings.shutdownGraceMs);
  await front.close();
  context.presenceLeaves.close();
  context.wheel.close();
  await context.webhooks.close();
  await context.presenceHistory.close();
  await drivers.close();
}

function realtimeContext(
  settings: Settings,
  drivers: Drivers,
  counters: Counters,
  logger: Logger,
): RealtimeContext {
  const { fanout, presence, occupancy, cache } = drivers;
  const wheel = new DeadlineWheel();
  const logs = new ChannelLogs(drivers.durableLog, drivers.volatileLog);
  const webhooks = createWebhooks({
    queue: drivers.workQueue,
    counters,
    logger,
    settings: settings.webhooks,
  });
  const hub = new Hub(settings.apps, counters, settings.filters, {
    join: (appId, channel) => fanout.join({ appId, channel }),
    leave: (appId, channel) => fanout.leave({ appId, channel }),
  });
  const afterEffects = new AfterEffects({
    cache,
    webhooks,
    counters,
    logger,
    cachedEventTtlMs: settings.cachedEventTtlMs,
  });
  const publisher = new Publisher({
    logs,
    append: new Append(logs, fanout, afterEffects),
    requestKeys: new RequestKeys(logs),
    identities: new MessageIdentities(createVersionSerials(settings.nodeId, Date.now)),
    counters,
    channelInfo: (app, channel, wanted) => channelInfo(drivers, app, channel, wanted),
    ephemeralEnabled: settings.ephemeralEnabled,
  });
  const presenceLeaves = new PresenceLeaves(wheel, (departure) => leavePresence(departure, context));
  const context: RealtimeContext = {
    settings,
    logger,
    hub,
    wheel,
    logs,
    fanout,
    presence,
    occupancy,
    cache,
    webhooks,
    watchlists: new Watchlists(),
    presenceHistory: new PresenceHistory({
      logOf: (app) => logs.receiptsOf(app),
      counters,
      logger,
      maxPageRows: settings.pages.presenceHistory,
    }),
    presenceLeaves,
    publisher,
  };
  fanout.listen({
    onEnvelope: (envelope) => {
      hub.deliver(envelope);
    },
    onControl: (signal) => {
      if (signal.kind === 'close-user') closeUserConnections(hub, signal);
    },
  });
  return context;
}

async function channelInfo(
  { presence, occupancy }: Drivers,
  app: App,
  channel: string,
  wanted: ReadonlySet<string>,
): Promise<{ user_count?: number; subscription_count?: number }> {
  const countsUsers = wanted.has('user_count') && channelKind(channel).isPresence;
  return {
    ...(countsUsers && { user_count: (await presence.members(app.id, channel)).length }),
    ...(wanted.has('subscription_count') && { subscription_count: await occupancy.count(app.id, channel) }),
  };
}

function httpDeps(
  context: RealtimeContext,
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
    isDraining,
    counters,
    stats: () => serverStats(context),
    healthChecks: [],
  };
}
