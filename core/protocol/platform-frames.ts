/**
 * Ready-made frames the server itself speaks, as JSON text with the prefix of the connection's protocol.
 * STR data is a string holding JSON, OBJ data a plain object; which is which is fixed by the protocol.
 * `messageId` is put on V2 frames only. Must not know: when a frame is due.
 * Sources: Pusher protocol, Sockudo 5.0.1 as recorded, divergences D4, D9, D27, D28.
 */
import { asStringData, encodeV1, encodeV2, type V2Envelope } from './encode.ts';
import { ERRORS } from './error-table.ts';
import type { ProtocolError } from './errors.ts';
import { eventPrefix, internalEventPrefix, type Protocol } from './prefix.ts';

/** Encodes for a protocol; V1 gets only what V1 knows. */
function encodeFor(protocol: Protocol, envelope: V2Envelope): string {
  return protocol === 1 ? encodeV1(envelope) : encodeV2(envelope);
}

/** `connection_established` (STR). */
export function connectionEstablished(
  protocol: Protocol,
  socketId: string,
  activityTimeoutSeconds: number,
  messageId?: string,
): string {
  const data = asStringData(
    JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeoutSeconds }),
  );
  return encodeFor(protocol, { event: `${eventPrefix(protocol)}connection_established`, data, messageId });
}

/** `error` (OBJ) `{code, message, ai_code?}`. */
export function errorFrame(
  protocol: Protocol,
  code: number,
  message: string,
  aiCode?: number,
  messageId?: string,
): string {
  const data = JSON.stringify({ code, message, ai_code: aiCode });
  return encodeFor(protocol, { event: `${eventPrefix(protocol)}error`, data, messageId });
}

/** The error frame of a ProtocolError. */
export const errorFrameOf = (protocol: Protocol, error: ProtocolError, messageId?: string): string =>
  errorFrame(protocol, error.wsCode, error.message, error.aiCode, messageId);

/** The error frame sent for anything that is no ProtocolError: generic text, nothing of the cause. */
export const unknownErrorFrame = (protocol: Protocol, messageId?: string): string =>
  errorFrame(protocol, 4000, `${ERRORS.internal.prefix ?? ''}Something went wrong`, undefined, messageId);

const PONG_V1 = '{"event":"pusher:pong"}';
const PONG_V2 = '{"event":"sockudo:pong"}';

/** `pong`: no data, no message id. */
export const pong = (protocol: Protocol): string => (protocol === 1 ? PONG_V1 : PONG_V2);

/** `ping` of the server (V1 only; V2 is probed with native pings). */
export const PING_V1 = '{"event":"pusher:ping"}';

/** What the acknowledgement of a subscription may carry. */
export interface SubscriptionSucceeded {
  readonly channel: string;
  /** JSON text of `{ids, hash, count}` on presence channels. */
  readonly presence?: string | undefined;
  /** History head at the moment of subscribing; V2 with durable history. */
  readonly attachSerial?: number | undefined;
  /** V2 with recovery: the head, on the envelope. */
  readonly streamId?: string | undefined;
  readonly serial?: number | undefined;
  readonly messageId?: string | undefined;
}

/** `subscription_succeeded` (STR). V1 gets `presence` alone. */
export function subscriptionSucceeded(protocol: Protocol, ack: SubscriptionSucceeded): string {
  const parts: string[] = [];
  if (protocol === 2 && ack.attachSerial !== undefined) parts.push(`"attach_serial":${ack.attachSerial}`);
  if (ack.presence !== undefined) parts.push(`"presence":${ack.presence}`);
  return encodeFor(protocol, {
    event: `${internalEventPrefix(protocol)}subscription_succeeded`,
    channel: ack.channel,
    data: asStringData(`{${parts.join(',')}}`),
    messageId: ack.messageId,
    streamId: ack.streamId,
    serial: ack.serial,
  });
}

/** JSON text `{ids, hash, count}`; `userInfo` values are JSON text. */
export function encodePresence(members: Iterable<readonly [userId: string, userInfo: string]>): string {
  let ids = '';
  let hash = '';
  let count = 0;
  for (const [userId, userInfo] of members) {
    const id = JSON.stringify(userId);
    ids += `${count === 0 ? '' : ','}${id}`;
    hash += `${count === 0 ? '' : ','}${id}:${userInfo}`;
    count += 1;
  }
  return `{"ids":[${ids}],"hash":{${hash}},"count":${count}}`;
}

/** `member_added` (STR); `userInfo` is JSON text. */
export const memberAdded = (protocol: Protocol, channel: string, userId: string, userInfo: string): string =>
  encodeV1({
    event: `${internalEventPrefix(protocol)}member_added`,
    channel,
    data: asStringData(`{"user_id":${JSON.stringify(userId)},"user_info":${userInfo}}`),
  });

/** `member_removed` (STR). */
export const memberRemoved = (protocol: Protocol, channel: string, userId: string): string =>
  encodeV1({
    event: `${internalEventPrefix(protocol)}member_removed`,
    channel,
    data: asStringData(`{"user_id":${JSON.stringify(userId)}}`),
  });

/** `presence_update` (STR), V2 only; `userInfo` is JSON text. */
export const presenceUpdate = (channel: string, userId: string, userInfo: string): string =>
  encodeV1({
    event: 'sockudo_internal:presence_update',
    channel,
    data: asStringData(`{"user_id":${JSON.stringify(userId)},"user_info":${userInfo}}`),
  });

/** `cache_miss` (STR, `"{}"`). */
export const cacheMiss = (protocol: Protocol, channel: string, messageId?: string): string =>
  encodeFor(protocol, { event: `${eventPrefix(protocol)}cache_miss`, channel, data: '"{}"', messageId });

/** `signin_success` (OBJ); `userData` is the string exactly as it came. */
export const signinSuccess = (protocol: Protocol, userData: string, messageId?: string): string =>
  encodeFor(protocol, {
    event: `${eventPrefix(protocol)}signin_success`,
    data: JSON.stringify({ user_data: userData }),
    messageId,
  });

/** Watched users who came or went, in watchlist order. */
export interface WatchlistChange {
  readonly online?: readonly string[];
  readonly offline?: readonly string[];
}

/**
 * The frames of one change of a watchlist: `online`, `offline` (OBJ, each only when somebody is in it), then one
 * `watchlist_events` with both (divergence D28). Nothing when nobody changed. Three ids at most are used on V2.
 */
export function watchlistFrames(
  protocol: Protocol,
  change: WatchlistChange,
  newMessageId?: () => string,
): readonly string[] {
  const parts = (['online', 'offline'] as const).flatMap((name) => {
    const ids = change[name] ?? [];
    return ids.length === 0 ? [] : [{ name, user_ids: ids }];
  });
  if (parts.length === 0) return [];
  const frame = (event: string, data: unknown) =>
    encodeFor(protocol, { event, data: JSON.stringify(data), messageId: newMessageId?.() });
  return [
    ...parts.map((part) => frame(part.name, { user_ids: part.user_ids })),
    frame(`${internalEventPrefix(protocol)}watchlist_events`, { events: parts }),
  ];
}

/** Counts on a meta channel (OBJ), V2 only. */
export const metaCount = (
  event: 'channel_occupied' | 'subscription_count' | 'channel_vacated',
  channel: string,
  subscriptionCount: number,
): string =>
  encodeV1({
    event: `sockudo_internal:${event}`,
    channel: `[meta]${channel}`,
    data: JSON.stringify({ channel, subscription_count: subscriptionCount }),
  });

/** Members on a meta channel (OBJ, without user_info), V2 only. */
export const metaMember = (
  event: 'member_added' | 'member_removed' | 'presence_update',
  channel: string,
  userId: string,
): string =>
  encodeV1({
    event: `sockudo_internal:${event}`,
    channel: `[meta]${channel}`,
    data: JSON.stringify({ channel, user_id: userId }),
  });
