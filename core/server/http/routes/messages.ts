// /apps/:appId/channels/:channel/messages/:serial: one mutable message as it stands, its versions, and the three mutations.
import { type AnyMutationRequest, parseAppend, parseDelete, parseUpdate } from '@sockudo/protocol';
import {
  type AppCall,
  type AppHandler,
  type AppRoute,
  type HttpAnswer,
  jsonAnswer,
} from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { channelParameter, serialParameter } from '../path-parameters.ts';

async function latest(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = channelParameter(call, deps);
  return jsonAnswer(await deps.mutations.latest(call.app, channel, serialParameter(call)));
}

async function versions(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const { app, query } = call;
  const channel = channelParameter(call, deps);
  return jsonAnswer(await deps.mutations.versions(app, channel, serialParameter(call), query));
}

const mutation =
  (parse: (body: unknown) => AnyMutationRequest): AppHandler =>
  async (call, deps) => {
    const body = parseJsonBody(call.request);
    const channel = channelParameter(call, deps);
    deps.mutations.requireMutable(call.app, channel);
    return jsonAnswer(await deps.mutations.change(call.app, channel, serialParameter(call), parse(body)));
  };

export const MESSAGE = '/apps/:appId/channels/:channel/messages/:serial';

export const appendRoute: AppRoute = {
  kind: 'app',
  path: `${MESSAGE}/append`,
  methods: { POST: mutation(parseAppend) },
};

export const messageRoutes: readonly AppRoute[] = [
  { kind: 'app', path: MESSAGE, methods: { GET: latest } },
  { kind: 'app', path: `${MESSAGE}/versions`, methods: { GET: versions } },
  { kind: 'app', path: `${MESSAGE}/update`, methods: { POST: mutation(parseUpdate) } },
  { kind: 'app', path: `${MESSAGE}/delete`, methods: { POST: mutation(parseDelete) } },
  appendRoute,
];
