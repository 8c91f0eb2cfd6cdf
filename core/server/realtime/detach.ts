// The other end of attach: a subscription goes, by unsubscribe or because its connection is gone, and everybody who counted
// it is told.
import { channelTypeOf } from '../metrics/channel-type.ts';
import { announceMemberRemoved, announceSubscriptionCount } from './announcements.ts';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import type { Departure, LeaveCause } from './presence-leaves.ts';
import type { Subscription } from './subscription.ts';

/**
 * `graceMs`: how long a presence member is kept listed; 0 for everyone who left on purpose. `cause`: why it left, where it is
 * not kept.
 */
export function detach(
  subscription: Subscription,
  graceMs: number,
  context: RealtimeContext,
  cause: LeaveCause = 'disconnect',
): void {
  const { connection, channel } = subscription;
  const { app } = connection;
  context.hub.unsubscribe(subscription);
  connection.counters.channelUnsubscriptions[channelTypeOf(channel.kind)] += 1;
  if (subscription.memberId !== null) {
    const { socketId } = connection;
    context.presenceLeaves.leave({ app, channel: channel.name, socketId, cause }, graceMs);
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
export function leavePresence(departure: Departure, context: RealtimeContext): void {
  const { app, channel } = departure;
  endMembership(departure, context).then(
    (userId) => {
      if (userId !== null) announceMemberRemoved(context, app, channel, userId);
    },
    (error: unknown) => context.logger.error({ err: error, app_id: app.id }, 'a member could not be removed'),
  );
}

/** Ends it without a word to anybody but the history; the user's id when this was its last connection, else null. */
export async function endMembership(
  { app, channel, socketId, cause }: Departure,
  context: RealtimeContext,
): Promise<string | null> {
  const left = await context.presence.leave(app.id, channel, socketId);
  if (left?.isLast !== true) return null;
  context.presenceHistory.record(app, channel, {
    event: 'member_removed',
    cause,
    userId: left.userId,
    // Whoever was held and did not come back left as a user, not with one socket.
    connectionId: cause === 'timeout' ? null : socketId,
    info: null,
  });
  return left.userId;
}

/** Codes with which the server closes a connection that has gone silent: it had vanished before, nobody sent it away. */
const SILENCE_CODES: ReadonlySet<number> = new Set([1001, 4201]);

/** The connection is gone: nothing of it stays in any map. */
export function disconnect(connection: Connection, context: RealtimeContext): void {
  const hub = context.hub.app(connection.app.id);
  connection.dispose();
  connection.token?.close();
  connection.waitingPositions?.close();
  const { v1, v2 } = context.settings.presence.leaveGraceMs;
  const graceMs = connection.closedByClient ? 0 : connection.protocol === 1 ? v1 : v2;
  const isForced = connection.closeCode !== null && !SILENCE_CODES.has(connection.closeCode);
  const cause = isForced ? 'forced_disconnect' : 'disconnect';
  for (const subscription of [...connection.subscriptions.values()]) {
    detach(subscription, graceMs, context, cause);
  }
  context.watchlists.signedOut(hub, connection);
  hub.remove(connection);
  connection.counters.connected -= 1;
  connection.counters.newDisconnections += 1;
  context.stages.disconnected(connection);
}
