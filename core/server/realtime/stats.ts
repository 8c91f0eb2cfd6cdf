// What this node holds right now, for GET /stats and the gauges of the metrics.

import { isDurable } from '../apps/durability.ts';
import type { AppStats, ServerStats, StoreStats } from '../http/http-deps.ts';
import { channelTypeOf } from '../metrics/channel-type.ts';
import type { CountByChannelType } from '../metrics/counters.ts';
import type { PresenceHistory } from '../presence-history/presence-history.ts';
import type { Settings } from '../settings.ts';
import type { RealtimeContext } from './context.ts';
import type { AppHub } from './hub.ts';

export function serverStats({ hub, settings, presenceHistory }: RealtimeContext): ServerStats {
  const apps = [...hub.apps()].map(appStats);
  const isOnDisk = settings.drivers.channelLog !== 'memory';
  const history: StoreStats = {
    enabled: settings.apps.some(isDurable),
    backend: settings.drivers.channelLog,
    stateAuthority: isOnDisk ? 'durable_store' : 'in_memory',
    degradedChannels: 0,
    resetRequiredChannels: 0,
    queueDepth: 0,
  };
  return { apps, history, presenceHistory: presenceHistoryStats(settings, presenceHistory) };
}

/** It is kept where the messages of its app are: in the durable log where history is on, else in memory. */
function presenceHistoryStats(settings: Settings, presenceHistory: PresenceHistory): StoreStats {
  const apps = settings.apps.filter(
    (app) =>
      app.presenceHistory.enabled ||
      [...app.namespaces.values()].some((namespace) => namespace.presenceHistory?.enabled === true),
  );
  const enabled = apps.length > 0;
  const backend = apps.some(isDurable) ? settings.drivers.channelLog : 'memory';
  const stateAuthority = backend === 'memory' ? 'in_memory' : 'durable_store';
  return {
    enabled,
    backend: enabled ? backend : 'disabled',
    stateAuthority: enabled ? stateAuthority : 'disabled',
    ...presenceHistory.counts(),
  };
}

function appStats({ app, connections, channels, patterns, users }: AppHub): AppStats {
  const activeChannels: CountByChannelType = {
    public: 0,
    private: 0,
    presence: 0,
    private_encrypted: 0,
    cache: 0,
  };
  let subscriptions = 0;
  let presenceChannels = 0;
  let presenceSubscriptions = 0;
  const members = new Set<string>();
  for (const [name, channel] of channels) {
    subscriptions += channel.subscriptions.size;
    activeChannels[channelTypeOf(channel.kind)] += 1;
    if (!channel.kind.isPresence) continue;
    presenceChannels += 1;
    presenceSubscriptions += channel.subscriptions.size;
    for (const { memberId } of channel.subscriptions)
      if (memberId !== null) members.add(`${name}\n${memberId}`);
  }
  for (const pattern of patterns.values()) subscriptions += pattern.subscriptions.size;
  const all = [...connections.values()];
  return {
    appId: app.id,
    connections: connections.size,
    authenticatedConnections: all.filter((connection) => connection.user !== null).length,
    users: users.size,
    connectionsWithMeta: all.filter((connection) =>
      [...connection.subscriptions.keys()].some((name) => name.startsWith('[meta]')),
    ).length,
    channels: channels.size,
    subscriptions,
    presenceChannels,
    presenceSubscriptions,
    presenceMembers: members.size,
    activeChannels,
  };
}
