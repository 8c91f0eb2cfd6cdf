// What a connection may do on a channel besides what signatures prove: capabilities from a token or from sign-in, namespace
// flags, and channels limited to named users. Binding on both protocols (divergence D19).
import {
  allows,
  authenticationError,
  type CapabilityOperation,
  capabilityError,
  userLimit,
} from '@sockudo/protocol';
import { namespaceFor } from '../apps/channel-rules.ts';
import type { Connection } from './connection.ts';

/** @throws ProtocolError 4009 `Connection is not allowed to OPERATION channel 'NAME'` */
export function requireCapability(
  connection: Connection,
  operation: CapabilityOperation,
  channel: string,
): void {
  if (!allows(connection.capabilities, operation, channel)) throw capabilityError(operation, channel);
}

/**
 * The same for what nobody has who was not given it in so many words, by a token or at sign-in.
 * @throws ProtocolError 4009 as requireCapability
 */
export function requireGrant(connection: Connection, operation: CapabilityOperation, channel: string): void {
  if (connection.capabilities?.grants.has(operation) !== true) throw capabilityError(operation, channel);
  requireCapability(connection, operation, channel);
}

/** @throws ProtocolError 4009 when the channel's namespace is closed to clients in this way */
export function requireNamespace(
  connection: Connection,
  channel: string,
  action: 'subscribe' | 'publish' | 'presence',
): void {
  const namespace = namespaceFor(connection.app, channel);
  if (namespace === null) return;
  const refuse = (what: string): never => {
    throw authenticationError(`Namespace '${namespace.name}' does not allow client ${what}`);
  };
  if (action === 'subscribe' && !namespace.allowSubscribeForClient) refuse('subscriptions');
  if (action === 'publish' && !namespace.allowPublishForClient) refuse('publishes');
  if (action === 'presence' && !namespace.allowPresenceForClient) refuse('presence subscriptions');
}

/** @throws ProtocolError 4009 unless the channel is open to all or names this connection's user (`BASE#u1,u2`) */
export function requireUserLimit(connection: Connection, channel: string): void {
  const limit = userLimit(channel);
  if (limit === null) return;
  if (connection.userId === null) {
    throw authenticationError('User-limited channels require an authenticated V2 user');
  }
  if (!limit.users.includes(connection.userId)) {
    throw authenticationError(`User '${connection.userId}' is not allowed to access channel '${channel}'`);
  }
}
