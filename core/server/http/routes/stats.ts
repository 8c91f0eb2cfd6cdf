// GET /stats and /operator/stats: what this node holds, in total and by app.
import { type HttpAnswer, jsonAnswer, type OpenRoute } from '../exchange-types.ts';
import type { AppStats, HttpDeps, StoreStats } from '../http-deps.ts';
import { memoryUsage } from './usage.ts';

async function showStats(deps: HttpDeps): Promise<HttpAnswer> {
  const { apps, history, presenceHistory } = deps.stats();
  return jsonAnswer(
    JSON.stringify({
      memory: memoryUsage(),
      history: storeJson(history),
      presence_history: storeJson(presenceHistory),
      totals: { apps: apps.length, ...countsJson(totalOf(apps)) },
      apps: apps.map((app) => ({ app_id: app.appId, ...countsJson(app) })),
    }),
  );
}

function storeJson(store: StoreStats): Record<string, unknown> {
  return {
    enabled: store.enabled,
    backend: store.backend,
    state_authority: store.stateAuthority,
    degraded_channels: store.degradedChannels,
    reset_required_channels: store.resetRequiredChannels,
    queue_depth: store.queueDepth,
  };
}

type Counts = Omit<AppStats, 'appId' | 'activeChannels'>;

function countsJson(counts: Counts): Record<string, unknown> {
  return {
    connections: counts.connections,
    authenticated_connections: counts.authenticatedConnections,
    users: counts.users,
    connections_with_meta: counts.connectionsWithMeta,
    occupancy: {
      channels: counts.channels,
      subscriptions: counts.subscriptions,
      presence_channels: counts.presenceChannels,
      presence_subscriptions: counts.presenceSubscriptions,
      presence_members: counts.presenceMembers,
    },
  };
}

function totalOf(apps: readonly AppStats[]): Counts {
  const sum = (count: (app: AppStats) => number): number =>
    apps.reduce((total, app) => total + count(app), 0);
  return {
    connections: sum((app) => app.connections),
    authenticatedConnections: sum((app) => app.authenticatedConnections),
    users: sum((app) => app.users),
    connectionsWithMeta: sum((app) => app.connectionsWithMeta),
    channels: sum((app) => app.channels),
    subscriptions: sum((app) => app.subscriptions),
    presenceChannels: sum((app) => app.presenceChannels),
    presenceSubscriptions: sum((app) => app.presenceSubscriptions),
    presenceMembers: sum((app) => app.presenceMembers),
  };
}

export const statsRoute: OpenRoute = {
  kind: 'open',
  path: '/stats',
  methods: { GET: (_request, deps) => showStats(deps) },
};

export const operatorStatsRoute: OpenRoute = {
  kind: 'open',
  path: '/operator/stats',
  methods: { GET: (_request, deps) => showStats(deps) },
};
