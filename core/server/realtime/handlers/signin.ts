// pusher:signin: the connection proves to be a user (realtime.md section 4.1). Watchlist frames come before the answer.
import {
  authenticationError,
  type ClientFrame,
  parseSignin,
  parseSigninCapabilities,
  parseUserData,
  signinSuccess,
  userSignatureInput,
} from '@sockudo/protocol';
import { isSignedBy } from '../../apps/app-signature.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';

export function handleSignin(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> | void {
  const { app } = connection;
  if (!app.userAuthenticationEnabled) {
    throw authenticationError('User authentication is disabled for this app');
  }
  if (connection.token !== null) {
    throw authenticationError('signin is not allowed on capability-token authenticated connections');
  }
  const { auth, userData } = parseSignin(frame.data);
  if (!isSignedBy(app, auth, userSignatureInput(connection.socketId, userData))) {
    throw authenticationError('Connection not authorized for signin.');
  }
  const user = parseUserData(userData);
  const capabilities = user.capabilities === undefined ? null : parseSigninCapabilities(user.capabilities);
  const hub = context.hub.app(app.id);
  context.watchlists.signedOut(hub, connection, user.id);
  connection.user = {
    id: user.id,
    watchlist: [...new Set(user.watchlist ?? [])],
    info: JSON.stringify(user.userInfo ?? {}),
  };
  connection.capabilities = capabilities;
  const heard = hub.setUserId(connection, user.id);
  connection.proveIdentity();
  context.watchlists.signedIn(hub, connection);
  const answer = (): void =>
    connection.sendText(signinSuccess(connection.protocol, userData, connection.messageId()));
  return heard === undefined ? answer() : heard.then(answer);
}
