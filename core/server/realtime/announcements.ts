// Tells the world that a channel's subscribers or members changed: member events to the channel, counts to its meta channel,
// webhooks to the app's backend. Always after the change, never able to undo it; counts go out for every cause (divergence D15).
import { asStringData, metaChannelName } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Message } from '../ports/message.ts';
import type { Member } from '../ports/presence.ts';
import type { Channel } from './channel.ts';
import type { RealtimeContext } from './context.ts';

/** How long a vacated channel or a leaving member is given to come back before the webhook goes out (http.md section 11.2). */
const WEBHOOK_DELAY_MS = 3000;

export function announceMemberAdded(
  context: RealtimeContext,
  app: App,
  channel: string,
  member: Member,
  exceptSocketId: string,
): void {
  const data = `{"user_id":${JSON.stringify(member.userId)},"user_info":${member.info}}`;
  context.fanout.publish({
    key: { appId: app.id, channel },
    message: {
      ...platformMessage(channel, 'pusher_internal:member_added', asStringData(data)),
      membership: { change: 'added', userId: member.userId },
    },
    exceptSocketId,
  });
  announceToMeta(context, app, channel, 'sockudo_internal:member_added', { channel, user_id: member.userId });
  context.webhooks.emit(app, { name: 'member_added', channel, user_id: member.userId });
}

export function announceMemberRemoved(
  context: RealtimeContext,
  app: App,
  channel: string,
  userId: string,
): void {
  const data = asStringData(JSON.stringify({ user_id: userId }));
  context.fanout.publish({
    key: { appId: app.id, channel },
    message: {
      ...platformMessage(channel, 'pusher_internal:member_removed', data),
      membership: { change: 'removed', userId },
    },
  });
  announceToMeta(context, app, channel, 'sockudo_internal:member_removed', { channel, user_id: userId });
  context.webhooks.emitLater(
    app,
    { name: 'member_removed', channel, user_id: userId },
    WEBHOOK_DELAY_MS,
    async () => !(await context.presence.members(app.id, channel)).some((member) => member.userId === userId),
  );
}

/** Protocol 2 only, the sender included; later joiners see the new info in their acknowledgement (divergence D25). */
export function announcePresenceUpdate(
  context: RealtimeContext,
  app: App,
  channel: string,
  member: Member,
  socketId: string,
): void {
  context.presenceHistory.record(app, channel, {
    event: 'member_updated',
    cause: 'join',
    userId: member.userId,
    connectionId: socketId,
    info: member.info,
  });
  const data = `{"user_id":${JSON.stringify(member.userId)},"user_info":${member.info}}`;
  context.fanout.publish({
    key: { appId: app.id, channel },
    message: {
      ...platformMessage(channel, 'sockudo_internal:presence_update', asStringData(data)),
      protocol2Only: true,
    },
  });
  announceToMeta(context, app, channel, 'sockudo_internal:presence_update', {
    channel,
    user_id: member.userId,
  });
  context.webhooks.emit(app, {
    name: 'member_updated',
    channel,
    user_id: member.userId,
    user_info: JSON.parse(member.info),
  });
}

/** `count`: subscriptions of the channel across all nodes, after the change. */
export function announceSubscriptionCount(
  context: RealtimeContext,
  app: App,
  { name, kind }: Channel,
  count: number,
  change: 'subscribed' | 'unsubscribed',
): void {
  const data = { channel: name, subscription_count: count };
  if (change === 'subscribed' && count === 1) {
    announceToMeta(context, app, name, 'sockudo_internal:channel_occupied', data);
    context.webhooks.emit(app, { name: 'channel_occupied', channel: name });
  }
  if (count === 0) {
    announceToMeta(context, app, name, 'sockudo_internal:channel_vacated', data);
    context.webhooks.emitLater(
      app,
      { name: 'channel_vacated', channel: name },
      WEBHOOK_DELAY_MS,
      async () => (await context.occupancy.count(app.id, name)) === 0,
    );
  } else {
    announceToMeta(context, app, name, 'sockudo_internal:subscription_count', data);
  }
  if (kind.isPresence) return;
  context.webhooks.emit(app, { name: 'subscription_count', channel: name, subscription_count: count });
}

function announceToMeta(
  context: RealtimeContext,
  app: App,
  channel: string,
  event: string,
  data: Readonly<Record<string, unknown>>,
): void {
  const meta = metaChannelName(channel);
  context.fanout.publish({
    key: { appId: app.id, channel: meta },
    message: platformMessage(meta, event, JSON.stringify(data)),
  });
}

/** `data` is the JSON text of the frame's data. Never stored, so it has no position and no id (divergence D15). */
function platformMessage(channel: string, event: string, data: string): Message {
  return { channel, event, data, publishedAtMs: Date.now(), platform: true };
}
