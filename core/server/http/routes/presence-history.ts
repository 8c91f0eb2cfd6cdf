// GET /apps/:appId/channels/:channel/presence/history: who joined, changed and left a presence channel, page by page.
import { type HistoryScope, nextCursor, parseHistoryQuery } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import {
  availableJson,
  presenceHistoryChannel,
  streamStateJson,
  transitionJson,
} from './presence-history-shapes.ts';

async function listTransitions(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app, query: parameters } = call;
  const { presenceHistory } = deps;
  const channel = presenceHistoryChannel(call, deps);
  const scope: HistoryScope = {
    appId: app.id,
    channel,
    maxLimit: presenceHistory.maxPageRows,
    noun: 'Presence history',
  };
  const query = parseHistoryQuery(parameters, scope);
  const page = await presenceHistory.page(app, channel, query);
  const { transitions, next, retained, isTruncated, condition } = page;
  const isHealthy = condition.ailment === null;
  return jsonAnswer(
    JSON.stringify({
      items: transitions.map(transitionJson),
      direction: query.direction,
      limit: query.limit,
      has_more: next !== null,
      next_cursor: next === null ? null : nextCursor(scope, query, next.streamId, next.serial),
      bounds: query.bounds,
      continuity: {
        ...availableJson(retained),
        degraded: !isHealthy,
        complete: next === null && !isTruncated && isHealthy,
        truncated_by_retention: isTruncated,
      },
      stream_state: streamStateJson(condition),
    }),
  );
}

export const presenceHistoryRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/presence/history',
  methods: { GET: listTransitions },
};
