// The moment in which a subscription that was made ready goes live: acknowledgement, what was missed, what was asked for, what was
// held meanwhile. Everything is known by then, so that nothing comes in between (realtime.md section 3.4).
import { encodePresence, subscriptionSucceeded } from '@sockudo/protocol';
import { keepsHistory } from '../apps/durability.ts';
import { channelTypeOf } from '../metrics/channel-type.ts';
import type { Position } from '../ports/channel-log.ts';
import type { Message } from '../ports/message.ts';
import type { Member } from '../ports/presence.ts';
import type { RealtimeContext } from './context.ts';
import { AcknowledgedGate, CoveredGate, type Gate, type HoldingGate, isCoveredBy } from './gates.ts';
import type { MessageFrames } from './message-frames.ts';
import { NO_PAST, type Past, sendRewindComplete, sendRewound, sendSummaries, versionsShown } from './past.ts';
import { RewoundGate } from './rewound-versions.ts';
import type { Subscription } from './subscription.ts';

/** What is known when an acknowledgement is due. */
export interface Opening {
  readonly subscription: Subscription;
  readonly gate: HoldingGate;
  readonly gateBefore: Gate | null;
  readonly members: readonly Member[] | null;
  readonly head: Position | null;
  readonly past: Past;
}

export function acknowledge(
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

/** Covers everything up to the head. A pattern has no messages of its own, so there is nothing that it could cover. */
export function acknowledgeFirst(opening: Opening): void {
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
export async function open(opening: Opening, context: RealtimeContext): Promise<void> {
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
export function openAgain(opening: Opening, context: RealtimeContext): void {
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
export function release(
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
