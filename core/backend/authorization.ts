// The answers of an application's auth endpoints: who may join a channel, and who a connection belongs to
// (realtime.md 3.3). Whether the user may join is the application's decision, taken before it calls these.
import { channelSignatureInput, userSignatureInput } from '@sockudo/protocol';
import { isEncryptedChannel, sharedSecret } from './encryption.ts';
import { assertChannel, assertSocketId, assertUserId } from './names.ts';
import type { Token } from './token.ts';

/** Who joins a presence channel. */
export interface PresenceData {
  /** A non-empty string; the server refuses numbers. */
  readonly user_id: string;
  /** Shown to all members; any JSON. */
  readonly user_info?: unknown;
}

/** Body of the channel auth endpoint's answer. */
export interface ChannelAuthorization {
  readonly auth: string;
  /** JSON text of the presence data exactly as signed; presence channels only. */
  readonly channel_data?: string;
  /** Base64 key of an encrypted channel. */
  readonly shared_secret?: string;
}

/** Whom a connection signs in as. Further members are passed on. */
export interface UserData {
  readonly id: string;
  readonly user_info?: unknown;
  /** Ids of users whose coming and going this connection hears of. */
  readonly watchlist?: readonly string[] | undefined;
  readonly [member: string]: unknown;
}

/** Body of the user auth endpoint's answer. */
export interface UserAuthentication {
  readonly auth: string;
  /** JSON text exactly as signed. */
  readonly user_data: string;
}

/**
 * Signs a connection's wish to join a channel. Presence data counts on presence channels only: on others the server leaves
 * it out of the signature, so an endpoint may pass it for every channel. A presence channel without it joins as the
 * signed-in user (divergence D12). Throws a `TypeError` on a malformed socket id, channel or user id.
 */
export function authorizeChannel(
  { token, masterKey }: { readonly token: Token; readonly masterKey: Buffer | null },
  socketId: string,
  channel: string,
  presence?: PresenceData,
): ChannelAuthorization {
  assertSocketId(socketId);
  assertChannel(channel);
  const isPresence = channel.startsWith('presence-') && presence !== undefined && presence !== null;
  if (isPresence) assertUserId(presence.user_id);
  const channelData = isPresence ? JSON.stringify(presence) : undefined;
  return {
    auth: `${token.key}:${token.sign(channelSignatureInput(socketId, channel, channelData))}`,
    ...(channelData === undefined ? {} : { channel_data: channelData }),
    ...(isEncryptedChannel(channel)
      ? { shared_secret: sharedSecret(channel, masterKey).toString('base64') }
      : {}),
  };
}

/** Signs whom a connection belongs to. Throws a `TypeError` on a malformed socket id or an id that is no non-empty string. */
export function authenticateUser(token: Token, socketId: string, user: UserData): UserAuthentication {
  assertSocketId(socketId);
  if (user === null || typeof user !== 'object') throw new TypeError('user data must be an object');
  assertUserId(user.id);
  const userData = JSON.stringify(user);
  return { auth: `${token.key}:${token.sign(userSignatureInput(socketId, userData))}`, user_data: userData };
}
