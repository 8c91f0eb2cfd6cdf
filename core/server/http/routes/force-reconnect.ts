// POST /apps/:appId/users/:userId/force_reconnect: closes every connection of a user, who may come back at once (4200).
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { userParameter } from '../path-parameters.ts';

async function forceReconnect(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  deps.closeUser(call.app, userParameter(call), 4200);
  return jsonAnswer('{"ok":true}');
}

export const forceReconnectRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/users/:userId/force_reconnect',
  methods: { POST: forceReconnect },
};
