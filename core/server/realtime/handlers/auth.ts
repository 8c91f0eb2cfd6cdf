// sockudo:auth: a connection brings a capability token, its first or the next one (realtime.md section 4.5).
import {
  authenticationError,
  type ClientFrame,
  encodeV2,
  invalidMessage,
  isJsonObject,
  stringMember,
  type TokenGrant,
  tryParseJson,
} from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { useToken } from '../token-session.ts';

export async function handleAuth(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  if (connection.protocol === 1) {
    throw authenticationError('sockudo:auth is only supported on protocol V2');
  }
  const data = typeof frame.data === 'string' ? tryParseJson(frame.data) : frame.data;
  const token = isJsonObject(data) ? stringMember(data, 'token') : undefined;
  if (token === undefined) throw invalidMessage('sockudo:auth requires data.token');
  const grant = await context.tokens.verify(connection.app, token);
  requireSameIdentity(connection, grant);
  await context.revocations.requireNotRevoked(connection.app, grant);
  if (!connection.isOpen) return;
  useToken(connection, grant, context);
  const answer = { client_id: grant.clientId, jti: grant.jti, exp: grant.expiresAtSeconds };
  connection.sendText(
    encodeV2({
      event: 'sockudo:auth_success',
      data: JSON.stringify(answer),
      messageId: connection.messageId(),
    }),
  );
}

function requireSameIdentity(connection: Connection, grant: TokenGrant): void {
  const current = connection.token?.grant;
  if (current !== undefined && current.clientId !== grant.clientId) {
    throw authenticationError('capability token refresh cannot change client_id');
  }
  if (current === undefined && connection.userId !== null && connection.userId !== grant.clientId) {
    throw authenticationError('capability token refresh cannot change authenticated identity');
  }
}
