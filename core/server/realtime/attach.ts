// Joins a connection to a channel: live messages are held from the first moment, the position is read, the acknowledgement
// goes out, and only then what was held. So a client never misses a message behind the position it was told, and never
// gets one twice. A connection that is subscribed already is acknowledged again with its new options.
import {
  type ChannelKind,
  cacheMiss,
  type DeltaOption,
  encodePresence,
  encodeV1,
  encodeV2,
  type Filter,
  overCapacity,
  type Rewind,
  subscriptionSucceeded,
  withPrefixOf,
} from '@sockudo/protocol';
import { hasPositions, keepsHistory } from '../apps/durability.ts';
import { channelTypeOf } from '../metrics/channel-type.ts';
import type { Position } from '../ports/channel-log.ts';
import type { Message } from '../ports/message.ts';
import type { Member } from '../ports/presence.ts';
import { cachedEventKey, parseCachedEvent } from '../publish/cached-event.ts';
import { announceMemberAdded, announceSubscriptionCount } from './announcements.ts';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import { subscriptionDelta } from './delta/negotiate.ts';
import { endMembership } from './detach.ts';
import { AcknowledgedGate, CoveredGate, type Gate, HoldingGate, isCoveredBy } from './gates.ts';
import type { MessageFrames } from './message-frames.ts';
import {
  NO_PAST,
  type Past,
  readPast,
  sendRewindComplete,
  sendRewound,
  sendSummaries,
  versionsShown,
} from './past.ts';
import { RewoundGate } from './rewound-versions.ts';
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

function acknowledge(
  subscription: Subscription,
  members: readonly Member[] | null,
  head: Position | null,
): void {
  const { connection, channel } = subscription;
  connection.sendText(
    subscriptionSucceeded(connection.protocol, {
      channel: channel.name,
      presence:
        members === null ? undefined : encodePresence(members.map(({ userId, info }) => [userId, info])),
      attachSerial: head !== null && keepsHistory(connection.app, channel.name) ? head.serial : undefined,
      streamId: head?.streamId,
      serial: head?.serial,
      messageId: connection.messageId(),
    }),
  );
  if (channel.kind.needsAuth && !channel.kind.isCache) connection.proveIdentity();
  connection.counters.channelSubscriptions[channelTypeOf(channel.kind)] += 1;
}

/** What is known when an acknowledgement is due. */
interface Opening {
  readonly subscription: Subscription;
  readonly gate: HoldingGate;
  readonly gateBefore: Gate | null;
  readonly members: readonly Member[] | null;
  readonly head: Position | null;
  readonly past: Past;
}

/** Covers everything up to the head. A pattern has no messages of its own, so there is nothing that it could cover. */
function acknowledgeFirst(opening: Opening): void {
  const { subscription, head } = opening;
  acknowledgeWithSummaries(opening);
  subscription.attachedAt = subscription.channel.kind.kind === 'wildcard' ? null : head;
}

/** Summaries follow the acknowledgement, unless a rewind does: then they come first, as recorded. */
function acknowledgeWithSummaries({ subscription, members, head, past }: Opening): void {
  if (past.rewound !== null) sendSummaries(subscription, past);
  acknowledge(subscription, members, head);
  if (past.rewound === null) sendSummaries(subscription, past);
}

/**
 * First what was missed since a position that the client gave before, then the past that it asked for, then what lies above the
 * head. In this order, because a rewound message has its whole text: fragments recovered after it would come twice.
 */
async function open(opening: Opening, context: RealtimeContext): Promise<void> {
  const { subscription, gate, past } = opening;
  const recovered = await context.recovery.attached(subscription);
  const covered = subscription.attachedAt;
  subscription.gate = gateAfter(subscription, past, covered && new AcknowledgedGate(subscription, covered));
  if (covered === null) {
    for (const [channel, position] of recovered) CoveredGate.add(subscription, channel, position);
  }
  sendRewound(subscription, past);
  const isDue = ({ message }: MessageFrames): boolean =>
    !isCoveredBy(message.position, recovered.get(message.channel) ?? null);
  sendRewindComplete(subscription, past, release(gate.take().filter(isDue), opening, context));
}

function gateAfter(subscription: Subscription, past: Past, gate: Gate | null): Gate | null {
  const versions = versionsShown(past);
  return versions.isEmpty ? gate : new RewoundGate(subscription, gate, versions);
}

/** It was live all the time: what the new acknowledgement covers is owed to it, and goes out before it. */
function openAgain(opening: Opening, context: RealtimeContext): void {
  const { subscription, gate, gateBefore, members, head, past } = opening;
  subscription.gate = gateBefore;
  const held = gate.take();
  const owed = held.filter(({ message }) => isCoveredBy(message.position, head));
  release(owed, { subscription, members, head: null, past: NO_PAST }, context);
  acknowledgeWithSummaries(opening);
  subscription.gate = gateAfter(subscription, past, subscription.gate);
  sendRewound(subscription, past);
  const above = held.filter(({ message }) => !isCoveredBy(message.position, head));
  sendRewindComplete(subscription, past, release(above, { ...opening, head: null }, context));
}

/**
 * Delivers what was held and answers how much of it was sent. What the head covers reaches the connection only if another
 * subscription of it brings it; what a rewind has shown is not sent again.
 */
function release(
  held: readonly MessageFrames[],
  { subscription, members, head, past }: Pick<Opening, 'subscription' | 'members' | 'head' | 'past'>,
  context: RealtimeContext,
): number {
  const { connection } = subscription;
  const versions = versionsShown(past);
  let sent = 0;
  for (const frames of held) {
    const { message } = frames;
    if (members !== null && isCovered(message, members)) continue;
    if (versions.covers(message)) continue;
    const except = isCoveredBy(message.position, head) ? subscription : undefined;
    if (context.hub.redeliver(connection, frames, except)) sent += 1;
  }
  return sent;
}

/** The acknowledged list is newer than a member event that was held while it was read. */
function isCovered(message: Message, members: readonly Member[]): boolean {
  const { membership } = message;
  if (membership === undefined) return false;
  const isListed = members.some(({ userId }) => userId === membership.userId);
  return isListed === (membership.change === 'added');
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
