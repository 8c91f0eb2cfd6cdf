// GET /apps/:appId/channels/:channel/presence/history/state: what is retained of a presence history, and whether it is whole.
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { presenceHistoryChannel, streamJson } from './presence-history-shapes.ts';

async function showState(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = presenceHistoryChannel(call, deps);
  const { retained, condition } = await deps.presenceHistory.state(call.app, channel);
  return jsonAnswer(JSON.stringify({ channel, stream: streamJson(retained, condition) }));
}

export const presenceHistoryStateRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/presence/history/state',
  methods: { GET: showState },
};
