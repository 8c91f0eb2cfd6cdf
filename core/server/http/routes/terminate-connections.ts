// POST /apps/:appId/users/:userId/terminate_connections: closes every connection of a user for good (4009).
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { userParameter } from '../path-parameters.ts';

async function terminate(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  deps.closeUser(call.app, userParameter(call), 4009);
  return jsonAnswer('{"ok":true}');
}

export const terminateConnectionsRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/users/:userId/terminate_connections',
  methods: { POST: terminate },
};
