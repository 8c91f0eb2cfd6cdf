// What a subscribe request has to prove with a signature, and the member that a presence subscription makes of it.
import {
  authenticationError,
  channelError,
  channelSignatureInput,
  invalidMessage,
  parseChannelData,
  type SubscribeRequest,
  utf8Length,
} from '@sockudo/protocol';
import { isSignedBy } from '../apps/app-signature.ts';
import type { Member } from '../ports/presence.ts';
import type { Connection } from './connection.ts';

/** @throws ProtocolError 4009 unless `auth` signs this socket and channel (with channel_data if it was sent to a presence channel) */
export function requireChannelSignature(connection: Connection, request: SubscribeRequest): void {
  const isPresence = request.channel.startsWith('presence-');
  const input = channelSignatureInput(
    connection.proofSocketId,
    request.channel,
    isPresence ? request.channelData : undefined,
  );
  if (!isSignedBy(connection.app, request.auth ?? '', input)) {
    throw authenticationError('Channel requires authentication');
  }
}

/**
 * The member whom a presence subscription is for: from the signed channel_data, or, where none was sent, the signed-in user
 * (divergence D12).
 * @throws ProtocolError 4000, 4009 or 4300
 */
export function requireMember(connection: Connection, request: SubscribeRequest): Member {
  if (request.channelData === undefined) {
    if (connection.user === null) throw invalidMessage('Missing channel_data for presence channel');
    requireChannelSignature(connection, request);
    return { userId: connection.user.id, info: connection.user.info };
  }
  requireChannelSignature(connection, request);
  const { userId, userInfo } = parseChannelData(request.channelData);
  requireMemberSize(connection, userInfo);
  return { userId, info: userInfo };
}

function requireMemberSize(connection: Connection, info: string): void {
  const maxKb = connection.app.limits.maxPresenceMemberSizeKb;
  if (maxKb === null) return;
  const sizeKb = Math.floor(utf8Length(info) / 1024);
  if (sizeKb > maxKb) {
    throw channelError(`Presence member data size (${sizeKb}KB) exceeds limit (${maxKb}KB)`);
  }
}
