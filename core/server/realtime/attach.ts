// Joins a connection to a channel: live messages are held from the first moment, the position is read, the acknowledgement
// goes out, and only then what was held. So a client never misses a message behind the position it was told, and never
// gets one twice. A connection that is subscribed already is acknowledged again with its new options.
import {
  type ChannelKind,
  cacheMiss,
  type DeltaOption,
  encodeV1,
  encodeV2,
  type Filter,
  overCapacity,
  type Rewind,
  withPrefixOf,
} from '@sockudo/protocol';
import { hasPositions } from '../apps/durability.ts';
import type { Member } from '../ports/presence.ts';
import { cachedEventKey, parseCachedEvent } from '../publish/cached-event.ts';
import { announceMemberAdded, announceSubscriptionCount } from './announcements.ts';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import { subscriptionDelta } from './delta/negotiate.ts';
import { endMembership } from './detach.ts';
import { HoldingGate } from './gates.ts';
import { acknowledge, acknowledgeFirst, type Opening, open, openAgain, release } from './opening.ts';
import { NO_PAST, readPast } from './past.ts';
import type { Subscription } from './subscription.ts';

export interface AttachRequest {
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly filter: Filter | null;
  /** What the subscriber said about deltas; undefined: nothing. */
  readonly delta?: DeltaOption | undefined;
  /** The past that the subscriber wants to see; undefined: none. */
  readonly rewind?: Rewind | undefined;
  readonly hearsAnnotations?: boolean;
  /** The member that a presence subscription adds; null on every other kind. */
  readonly member: Member | null;
}

export function attach(
  connection: Connection,
  request: AttachRequest,
  context: RealtimeContext,
): Promise<void> | void {
  const isNew = !connection.subscriptions.has(request.channel);
  const needsPosition = connection.protocol === 2 && hasPosition(connection, request);
  if (request.member === null && !needsPosition && !request.kind.isCache) {
    const subscription = subscribe(connection, request, context);
    if (subscription.channel.ready === null) {
      acknowledge(subscription, null, null);
      if (!isNew) return;
      return connection.waitingPositions === null
        ? countIn(subscription, context)
        : context.recovery.attached(subscription).then(() => countIn(subscription, context));
    }
  }
  return attachGated(connection, request, needsPosition, isNew, context);
}

async function attachGated(
  connection: Connection,
  request: AttachRequest,
  needsPosition: boolean,
  isNew: boolean,
  context: RealtimeContext,
): Promise<void> {
  const subscription = subscribe(connection, request, context);
  const gate = new HoldingGate(connection);
  const gateBefore = subscription.gate;
  subscription.gate = gate;
  try {
    const { app } = connection;
    // What other nodes publish from here on is heard, so no acknowledgement promises too much.
    if (subscription.channel.ready !== null) await subscription.channel.ready;
    const head = needsPosition ? await context.logs.head(app, request.channel) : null;
    const past = head === null ? NO_PAST : await readPast(subscription, request.rewind, head, context);
    // Joined last: a store that fails leaves no member behind.
    const joined = request.member === null ? null : await join(subscription, request.member, context);
    if (!isAttached(subscription)) {
      // Nobody has heard of the member yet, so it goes as silently as it came.
      if (joined !== null) {
        const { socketId } = connection;
        await endMembership({ app, channel: request.channel, socketId, cause: 'disconnect' }, context);
      }
      return;
    }
    const members = joined?.members ?? null;
    const opening: Opening = { subscription, gate, gateBefore, members, head, past };
    if (isNew) acknowledgeFirst(opening);
    else openAgain(opening, context);
    if (joined?.isFirst === true && request.member !== null) {
      announceMemberAdded(context, app, request.channel, request.member, connection.socketId);
    }
    if (isNew) await open(opening, context);
    if (!isAttached(subscription)) return;
  } catch (error) {
    if (isNew) context.hub.unsubscribe(subscription);
    else {
      subscription.gate = gateBefore;
      release(gate.take(), { subscription, members: null, head: null, past: NO_PAST }, context);
    }
    throw error;
  }
  if (isNew) await countIn(subscription, context);
  if (request.kind.isCache) await sendCachedEvent(subscription, context);
}

function subscribe(connection: Connection, request: AttachRequest, context: RealtimeContext): Subscription {
  const subscription = context.hub.subscribe(connection, request.channel);
  subscription.filter = request.filter;
  subscription.hearsAnnotations = request.hearsAnnotations === true;
  subscription.delta = subscriptionDelta(connection, request.channel, request.delta, context.settings.delta);
  return subscription;
}

async function join(
  subscription: Subscription,
  member: Member,
  context: RealtimeContext,
): Promise<{ isFirst: boolean; members: readonly Member[] }> {
  const { connection, channel } = subscription;
  const { maxPresenceMembersPerChannel } = connection.app.limits;
  const result = await context.presence.join({
    appId: connection.app.id,
    channel: channel.name,
    socketId: connection.socketId,
    member,
    ...(maxPresenceMembersPerChannel !== null && { maxMembers: maxPresenceMembersPerChannel }),
  });
  if (result.kind === 'full') throw overCapacity();
  if (result.isFirst) recordJoin(subscription, member, context);
  subscription.memberId = member.userId;
  if (connection.userId === null) context.hub.app(connection.app.id).setUserId(connection, member.userId);
  return result;
}

/** In the turn in which it was decided, so that the history has joins and leaves in the order of the member list. */
function recordJoin({ connection, channel }: Subscription, member: Member, context: RealtimeContext): void {
  context.presenceHistory.record(connection.app, channel.name, {
    event: 'member_added',
    cause: 'join',
    userId: member.userId,
    connectionId: connection.socketId,
    info: member.info,
  });
}

/** False: the connection left or went away while it was being attached; whoever removed it has cleaned up. */
function isAttached(subscription: Subscription): boolean {
  return subscription.connection.subscriptions.get(subscription.channel.name) === subscription;
}

function hasPosition(connection: Connection, request: AttachRequest): boolean {
  if (request.kind.kind === 'meta') return false;
  return hasPositions(connection.app, request.channel);
}

async function countIn(subscription: Subscription, context: RealtimeContext): Promise<void> {
  const { connection, channel } = subscription;
  if (channel.kind.kind === 'meta' || channel.kind.kind === 'wildcard') return;
  subscription.isCounted = true;
  const count = await context.occupancy.change(connection.app.id, channel.name, 1);
  announceSubscriptionCount(context, connection.app, channel, count, 'subscribed');
}

async function sendCachedEvent(subscription: Subscription, context: RealtimeContext): Promise<void> {
  const { connection, channel } = subscription;
  const { protocol } = connection;
  const cached = await context.cache.get(cachedEventKey(connection.app.id, channel.name));
  if (!isAttached(subscription)) return;
  if (cached === null) {
    connection.sendText(cacheMiss(protocol, channel.name, connection.messageId()));
    context.webhooks.emit(connection.app, { name: 'cache_miss', channel: channel.name, data: '{}' });
    return;
  }
  const { event, data } = parseCachedEvent(cached.value);
  const envelope = { event: withPrefixOf(protocol, event), channel: channel.name, data };
  connection.sendText(
    protocol === 1 ? encodeV1(envelope) : encodeV2({ ...envelope, messageId: connection.messageId() }),
  );
}
