// /apps/:appId/channels/:channel/history: pages of what was published, the state of the stream, and the two ways to cut it. The
// bodies of the latter name channel and operation once more, so that nobody does it by accident.
import { parseHistoryPurge, parseHistoryQuery, parseHistoryReset } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { channelParameter } from '../path-parameters.ts';

async function page(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app, query } = call;
  const channel = channelParameter(call, deps);
  deps.history.requireEnabled(app, channel);
  const wish = parseHistoryQuery(query, {
    appId: app.id,
    channel,
    maxLimit: deps.history.pageSize,
    noun: 'History',
  });
  return jsonAnswer(await deps.history.page(app, channel, wish));
}

async function state(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = channelParameter(call, deps);
  return jsonAnswer(await deps.history.state(call.app, channel));
}

async function purge(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app } = call;
  const body = parseJsonBody(call.request);
  const channel = channelParameter(call, deps);
  deps.history.requireEnabled(app, channel);
  const request = parseHistoryPurge(body, channel);
  const answer = await deps.history.purge(app, channel, request);
  deps.logger.info({ app_id: app.id, channel, ...request }, 'a history was purged');
  return jsonAnswer(answer);
}

async function reset(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app } = call;
  const body = parseJsonBody(call.request);
  const channel = channelParameter(call, deps);
  deps.history.requireEnabled(app, channel);
  const request = parseHistoryReset(body, channel);
  const answer = await deps.history.reset(app, channel, request);
  deps.logger.info({ app_id: app.id, channel, ...request }, 'a history was reset');
  return jsonAnswer(answer);
}

const HISTORY = '/apps/:appId/channels/:channel/history';

export const historyRoutes: readonly AppRoute[] = [
  { kind: 'app', path: HISTORY, methods: { GET: page } },
  { kind: 'app', path: `${HISTORY}/state`, methods: { GET: state } },
  { kind: 'app', path: `${HISTORY}/purge`, methods: { POST: purge } },
  { kind: 'app', path: `${HISTORY}/reset`, methods: { POST: reset } },
];
