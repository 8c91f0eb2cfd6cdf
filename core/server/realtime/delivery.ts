// The way of one message to the subscribers of this node: who gets it, and its frame queued on each of their outboxes.
import { matchesPattern, matchesWildcard, wildcardReaches } from '@sockudo/protocol';
import type { AppCounters } from '../metrics/counters.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { SubscriptionDelta } from './delta/connection-deltas.ts';
import type { AppHub } from './hub.ts';
import type { MessageFrames } from './message-frames.ts';
import type { ChannelLanes } from './rollup/channel-lanes.ts';
import type { Subscription } from './subscription.ts';
import { V1_TEXT } from './wire-format.ts';

/** One message on its way to any number of subscriptions. */
export class Delivery {
  readonly #frames: MessageFrames;
  readonly #except: string | undefined;
  readonly #counters: AppCounters;
  readonly #isAnnotation: boolean;
  readonly #onlyFor: string | undefined;
  recipients = 0;

  constructor(frames: MessageFrames, except: string | undefined, counters: AppCounters) {
    this.#frames = frames;
    this.#except = except;
    this.#counters = counters;
    this.#isAnnotation = frames.message.annotationModeOnly === true;
    this.#onlyFor = frames.message.onlyFor;
  }

  /** False: this subscription does not get the message. */
  offer(subscription: Subscription): boolean {
    const { connection } = subscription;
    if (!this.isFor(connection)) return false;
    if (this.#isAnnotation && !subscription.hearsAnnotations) return false;
    if (this.#onlyFor !== undefined && subscription.interests?.has(this.#onlyFor) !== true) return false;
    if (subscription.gate !== null) {
      const verdict = subscription.gate.offer(this.#frames);
      if (verdict !== 'pass') return verdict === 'held';
    }
    if (subscription.filter !== null && !this.#frames.passes(subscription.filter)) {
      this.#counters.eventFilterSuppressed += 1;
      return false;
    }
    if (subscription.delta === null || !this.#sendInSeries(connection, subscription.delta))
      this.send(connection);
    return true;
  }

  /** False: the message stands outside of the subscriber's series of deltas and goes to it as to everyone else. */
  #sendInSeries(connection: Connection, subscriber: SubscriptionDelta): boolean {
    const frame = this.#frames.inSeries(connection, subscriber);
    if (frame === null) return false;
    connection.push(frame);
    this.recipients += 1;
    return true;
  }

  send(connection: Connection): void {
    connection.push(this.#frames.of(connection.frameClass));
    this.recipients += 1;
  }

  isFor(connection: Connection): boolean {
    if (connection.socketId === this.#except) return false;
    return this.#frames.message.protocol2Only !== true || connection.deliveryClass !== V1_TEXT;
  }
}

/** Protocol 1 connections hear events of their user without subscribing; protocol 2 ones subscribe (realtime.md section 4.3). */
export function deliverToUser(hub: AppHub, userId: string, channel: string, delivery: Delivery): void {
  const connections = hub.users.get(userId);
  if (connections === undefined) return;
  for (const connection of connections) {
    const hearsUnasked = connection.protocol === 1 && !connection.subscriptions.has(channel);
    if (hearsUnasked && delivery.isFor(connection)) delivery.send(connection);
  }
}

const NO_CHANNELS: readonly Channel[] = [];

/** Patterns whose text fits; whether they reach a channel that is not public is decided for each subscriber. */
export function matchingPatterns(hub: AppHub, name: string): readonly Channel[] {
  if (hub.patterns.size === 0) return NO_CHANNELS;
  const matching: Channel[] = [];
  for (const [pattern, channel] of hub.patterns) if (matchesPattern(pattern, name)) matching.push(channel);
  return matching;
}

/** A pattern reaches public channels; a private or presence one only through the subscriber's token (divergence D16). */
function isReached({ connection, channel }: Subscription, name: string): boolean {
  if (channel.kind.kind !== 'wildcard' || matchesWildcard(channel.name, name)) return true;
  return wildcardReaches(channel.name, name, connection.capabilities);
}

/** To everybody who listens, through the channel's own name or through a pattern. */
export function deliverTo(
  exact: Channel | undefined,
  patterns: readonly Channel[],
  name: string,
  delivery: Delivery,
): void {
  if (patterns.length > 0) deliverOnce(exact === undefined ? patterns : [exact, ...patterns], name, delivery);
  else if (exact !== undefined) for (const subscription of exact.subscriptions) delivery.offer(subscription);
}

/** One copy for each connection, however many of its subscriptions match; any of them may let it through. */
function deliverOnce(channels: readonly Channel[], name: string, delivery: Delivery): void {
  const served = new Set<Connection>();
  for (const channel of channels) {
    for (const subscription of channel.subscriptions) {
      if (served.has(subscription.connection) || !isReached(subscription, name)) continue;
      if (delivery.offer(subscription)) served.add(subscription.connection);
    }
  }
}

/** To everybody but those who wait for this append to be sent with others (rollup). */
export function deliverExcept(
  waiting: ChannelLanes,
  listeners: readonly Channel[],
  delivery: Delivery,
): void {
  const [only] = listeners;
  if (listeners.length === 1 && only?.kind.kind !== 'wildcard') {
    for (const subscription of only?.subscriptions ?? [])
      if (!waiting.keeps(subscription)) delivery.offer(subscription);
    return;
  }
  const served = new Set<Connection>();
  for (const { subscriptions } of listeners) {
    for (const subscription of subscriptions) {
      const { connection } = subscription;
      if (served.has(connection) || !isReached(subscription, waiting.channel)) continue;
      if (waiting.keepsFor(connection, listeners) || delivery.offer(subscription)) served.add(connection);
    }
  }
}

/** Subscriptions of one connection to any of these that a message of the channel may come through. */
export function subscriptionsAmong(
  channels: readonly Channel[],
  connection: Connection,
  channel: string,
): readonly Subscription[] {
  const found: Subscription[] = [];
  for (const { name } of channels) {
    const subscription = connection.subscriptions.get(name);
    if (subscription !== undefined && isReached(subscription, channel)) found.push(subscription);
  }
  return found;
}

/** Subscriptions of one connection that a message of the channel may come through: by its name, then by patterns. */
export function subscriptionsTo(
  hub: AppHub,
  connection: Connection,
  channel: string,
): readonly Subscription[] {
  const exact = connection.subscriptions.get(channel);
  const found = exact === undefined ? [] : [exact];
  for (const { name } of matchingPatterns(hub, channel)) {
    const subscription = connection.subscriptions.get(name);
    if (subscription !== undefined && isReached(subscription, channel)) found.push(subscription);
  }
  return found;
}

/** Whether a replay shows the message to this subscription: what `offer` asks, but for gates. */
export function admits(
  { connection, filter, hearsAnnotations, interests }: Subscription,
  frames: MessageFrames,
  exceptSocketId: string | undefined,
): boolean {
  const { message } = frames;
  if (connection.socketId === exceptSocketId) return false;
  if (message.protocol2Only === true && connection.deliveryClass === V1_TEXT) return false;
  if (message.annotationModeOnly === true && !hearsAnnotations) return false;
  if (message.onlyFor !== undefined && interests?.has(message.onlyFor) !== true) return false;
  return filter === null || frames.passes(filter);
}
