// The other end of attach: a subscription goes, by unsubscribe or because its connection is gone, and everybody who counted
// it is told.
import type { App } from '../apps/app.ts';
import { channelTypeOf } from '../metrics/channel-type.ts';
import { announceMemberRemoved, announceSubscriptionCount } from './announcements.ts';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import type { Subscription } from './subscription.ts';

/** `graceMs`: how long a presence member is kept listed; 0 for everyone who left on purpose. */
export function detach(subscription: Subscription, graceMs: number, context: RealtimeContext): void {
  const { connection, channel } = subscription;
  const { app } = connection;
  context.hub.unsubscribe(subscription);
  connection.counters.channelUnsubscriptions[channelTypeOf(channel.kind)] += 1;
  if (subscription.memberId !== null) {
    context.presenceLeaves.leave(app, channel.name, connection.socketId, graceMs);
  }
  if (!subscription.isCounted) return;
  subscription.isCounted = false;
  context.occupancy.change(app.id, channel.name, -1).then(
    (count) => announceSubscriptionCount(context, app, channel, count, 'unsubscribed'),
    (error: unknown) =>
      context.logger.error({ err: error, app_id: app.id }, 'a subscription could not be uncounted'),
  );
}

/** Ends the membership of one socket; the user's last one is announced. Never throws. */
export function leavePresence(app: App, channel: string, socketId: string, context: RealtimeContext): void {
  context.presence.leave(app.id, channel, socketId).then(
    (left) => {
      if (left?.isLast === true) announceMemberRemoved(context, app, channel, left.userId);
    },
    (error: unknown) => context.logger.error({ err: error, app_id: app.id }, 'a member could not be removed'),
  );
}

/** The connection is gone: nothing of it stays in any map. */
export function disconnect(connection: Connection, context: RealtimeContext): void {
  const hub = context.hub.app(connection.app.id);
  connection.dispose();
  const { v1, v2 } = context.settings.presence.leaveGraceMs;
  const graceMs = connection.closedByClient ? 0 : connection.protocol === 1 ? v1 : v2;
  for (const subscription of [...connection.subscriptions.values()]) detach(subscription, graceMs, context);
  context.watchlists.signedOut(hub, connection);
  hub.remove(connection);
  connection.counters.connected -= 1;
  connection.counters.newDisconnections += 1;
}
