// GET /apps/:appId/channels/:channel/users: who is in a presence channel.
import { channelKind, httpError } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { channelParameter } from '../path-parameters.ts';

async function listUsers(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = channelParameter(call, deps);
  if (!channelKind(channel).isPresence) {
    throw httpError('invalid_input', 'Only presence channels support this endpoint');
  }
  const members = await deps.presence.members(call.app.id, channel);
  return jsonAnswer(JSON.stringify({ users: members.map(({ userId }) => ({ id: userId })) }));
}

export const channelUsersRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/users',
  methods: { GET: listUsers },
};
