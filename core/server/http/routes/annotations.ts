// …/messages/:serial/annotations: add an annotation to a message, list them, take one back.
import { parseAnnotation } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { channelParameter, serialParameter } from '../path-parameters.ts';
import { MESSAGE } from './messages.ts';

async function create(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const body = parseJsonBody(call.request);
  const channel = channelParameter(call, deps);
  deps.annotations.requireEnabled(call.app, channel);
  const request = parseAnnotation(body);
  return jsonAnswer(await deps.annotations.create(call.app, channel, serialParameter(call), request));
}

async function list(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = channelParameter(call, deps);
  return jsonAnswer(await deps.annotations.list(call.app, channel, serialParameter(call), call.query));
}

async function remove(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app, query } = call;
  const channel = channelParameter(call, deps);
  const target = serialParameter(call, 'annotationSerial');
  const serial = serialParameter(call);
  return jsonAnswer(await deps.annotations.remove(app, channel, serial, target, query.get('socket_id')));
}

export const annotationRoutes: readonly AppRoute[] = [
  { kind: 'app', path: `${MESSAGE}/annotations`, methods: { GET: list, POST: create } },
  { kind: 'app', path: `${MESSAGE}/annotations/:annotationSerial`, methods: { DELETE: remove } },
];
