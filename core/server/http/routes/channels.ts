// GET /apps/:appId/channels: the occupied channels. Never stale; meta channels and patterns are left out (divergence D58).
import { channelKind, httpError, type InfoAttribute, infoSet } from '@sockudo/protocol';
import type { App } from '../../apps/app.ts';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';

interface ChannelCounts {
  user_count?: number;
  subscription_count?: number;
}

async function listChannels({ app, query }: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const prefix = query.get('filter_by_prefix') ?? '';
  const info = query.get('info');
  const occupied = await deps.occupancy.list(app.id, prefix);
  const listed = [...occupied].filter(([channel]) => isListed(channel));
  if (info === undefined) return channelsAnswer(listed.map(([channel]) => [channel, {}]));

  const wanted = infoSet(info);
  if (wanted.has('user_count') && !listed.every(([channel]) => channelKind(channel).isPresence)) {
    throw httpError(
      'invalid_input',
      'user_count is only available for presence channels. Use filter_by_prefix=presence-',
    );
  }
  // As recorded: a channel about which nothing was asked that it could answer is not in the list.
  if (!wanted.has('user_count') && !wanted.has('subscription_count')) return channelsAnswer([]);
  return channelsAnswer(await Promise.all(listed.map((entry) => countsOf(app, entry, wanted, deps))));
}

function isListed(channel: string): boolean {
  const { kind } = channelKind(channel);
  return kind !== 'meta' && kind !== 'wildcard';
}

async function countsOf(
  app: App,
  [channel, subscriptions]: [string, number],
  wanted: ReadonlySet<InfoAttribute>,
  deps: HttpDeps,
): Promise<[string, ChannelCounts]> {
  const counts: ChannelCounts = {};
  if (wanted.has('user_count')) counts.user_count = (await deps.presence.members(app.id, channel)).length;
  if (wanted.has('subscription_count')) counts.subscription_count = subscriptions;
  return [channel, counts];
}

/** Built by entries, so that a channel named `__proto__` is a channel. */
function channelsAnswer(channels: readonly (readonly [string, ChannelCounts])[]): HttpAnswer {
  return jsonAnswer(JSON.stringify({ channels: Object.fromEntries(channels) }));
}

export const channelsRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels',
  methods: { GET: listChannels },
};
