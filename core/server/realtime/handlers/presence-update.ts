// sockudo:presence_update: a member replaces its user_info (realtime.md section 3.7, divergence D25).
import {
  aiError,
  type ClientFrame,
  channelKind,
  clientEventRate,
  isJsonObject,
  member,
  stringMember,
  tryParseJson,
  utf8Length,
} from '@sockudo/protocol';
import { announcePresenceUpdate } from '../announcements.ts';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { requireCapability } from '../permissions.ts';
import type { Subscription } from '../subscription.ts';

/** Refused for its form or its sender, and refused for its size (divergence D9). */
const INVALID = 104_009;
const TOO_LARGE = 40_009;

export async function handlePresenceUpdate(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  if (connection.protocol === 1) throw aiError('presence_update requires protocol V2', INVALID);
  const { channel, info } = parseRequest(frame);
  if (!channelKind(channel).isPresence) throw aiError('presence_update requires a presence channel', INVALID);
  const { maxUpdateBytes } = context.settings.presence;
  if (utf8Length(info) > maxUpdateBytes) {
    throw aiError(`presence_update data exceeds ${maxUpdateBytes} bytes`, TOO_LARGE);
  }
  requireCapability(connection, 'presence', channel);
  const subscription = connection.subscriptions.get(channel);
  const userId = subscription?.memberId ?? null;
  if (subscription === undefined || userId === null) {
    throw aiError('presence_update requires active membership', INVALID);
  }
  countUpdate(subscription, context.settings.presence.updatesPerSecond);
  const updated = await context.presence.update(connection.app.id, channel, { userId, info });
  if (!updated) throw aiError('presence_update requires active membership', INVALID);
  announcePresenceUpdate(context, connection.app, channel, { userId, info }, connection.socketId);
}

function parseRequest(frame: ClientFrame): { channel: string; info: string } {
  if (frame.data === undefined || frame.data === null)
    throw aiError('presence_update data is required', INVALID);
  const data = typeof frame.data === 'string' ? tryParseJson(frame.data) : frame.data;
  if (!isJsonObject(data)) throw aiError('presence_update data must be a JSON object', INVALID);
  const channel = stringMember(data, 'channel');
  if (channel === undefined) throw aiError('presence_update channel is required', INVALID);
  const info = member(data, 'data');
  if (info === undefined) throw aiError('presence_update data field is required', INVALID);
  return { channel, info: JSON.stringify(info) };
}

function countUpdate(subscription: Subscription, perSecond: number): void {
  const now = Date.now();
  if (now >= subscription.updateWindowEndsMs) {
    subscription.updateWindowEndsMs = now + 1000;
    subscription.updatesInWindow = 0;
  }
  subscription.updatesInWindow += 1;
  if (subscription.updatesInWindow > perSecond) throw clientEventRate();
}
