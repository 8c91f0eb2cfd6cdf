// GET /apps/:appId/channels/:channel: whether a channel is occupied, and what `info` asks about it.
import { channelKind, httpError, infoSet } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { channelParameter } from '../path-parameters.ts';

/** Members in the order in which they are written. */
interface ChannelState {
  occupied: boolean;
  user_count?: number;
  subscription_count?: number;
  cache?: { data: string; ttl: number };
}

async function showChannel(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app, query } = call;
  const channel = channelParameter(call, deps);
  const kind = channelKind(channel);
  const wanted = infoSet(query.get('info') ?? '');
  if (wanted.has('user_count') && !kind.isPresence) {
    throw httpError('invalid_input', 'user_count is only available for presence channels');
  }
  const subscriptions = await deps.occupancy.count(app.id, channel);
  const state: ChannelState = { occupied: subscriptions > 0 };
  if (wanted.has('user_count')) state.user_count = (await deps.presence.members(app.id, channel)).length;
  if (wanted.has('subscription_count')) state.subscription_count = subscriptions;
  if (wanted.has('cache') && kind.isCache) {
    const cached = await deps.cachedEvent(app, channel);
    if (cached !== null) state.cache = { data: cached.data, ttl: cached.ttlSeconds };
  }
  return jsonAnswer(JSON.stringify({ ...state, ...(await deps.channelFacts(app, channel)) }));
}

export const channelRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel',
  methods: { GET: showChannel },
};
