// The way of one message to the subscribers of this node: who gets it, and its frame, encoded at most once for each delivery
// class, queued on each of their outboxes.
import { type Filter, type FilterMessage, matchesWildcard } from '@sockudo/protocol';
import type { AppCounters } from '../metrics/counters.ts';
import type { Message } from '../ports/message.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { encodeMessage, type FrameOptions } from './encode-message.ts';
import { filterMessageOf } from './filters.ts';
import type { AppHub } from './hub.ts';
import type { Subscription } from './subscription.ts';
import { DELIVERY_CLASSES, V1_TEXT } from './wire-format.ts';

/** One message on its way: encoded at most once per delivery class. */
export class Delivery {
  readonly #message: Message;
  readonly #except: string | undefined;
  readonly #options: FrameOptions;
  readonly #counters: AppCounters;
  readonly #frames: (Buffer | null)[] = new Array(DELIVERY_CLASSES).fill(null);
  #filterMessage: FilterMessage | null = null;
  recipients = 0;

  constructor(message: Message, except: string | undefined, options: FrameOptions, counters: AppCounters) {
    this.#message = message;
    this.#except = except;
    this.#options = options;
    this.#counters = counters;
  }

  /** False: this subscription does not get the message. */
  offer(subscription: Subscription): boolean {
    const { connection } = subscription;
    if (!this.isFor(connection)) return false;
    if (subscription.gate !== null) {
      subscription.hold(this.#message);
      return true;
    }
    if (subscription.filter !== null && !this.#passes(subscription.filter)) {
      this.#counters.eventFilterSuppressed += 1;
      return false;
    }
    this.send(connection);
    return true;
  }

  #passes(filter: Filter): boolean {
    if (this.#message.platform === true) return true;
    this.#filterMessage ??= filterMessageOf(this.#message);
    return filter.matches(this.#filterMessage);
  }

  send(connection: Connection): void {
    const deliveryClass = connection.deliveryClass;
    let frame = this.#frames[deliveryClass] ?? null;
    if (frame === null) {
      frame = encodeMessage(this.#message, deliveryClass, this.#options);
      this.#frames[deliveryClass] = frame;
    }
    connection.push(frame);
    this.recipients += 1;
  }

  isFor(connection: Connection): boolean {
    if (connection.socketId === this.#except) return false;
    return this.#message.protocol2Only !== true || connection.deliveryClass !== V1_TEXT;
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

export function matchingPatterns(hub: AppHub, name: string): readonly Channel[] {
  if (hub.patterns.size === 0) return NO_CHANNELS;
  const matching: Channel[] = [];
  for (const [pattern, channel] of hub.patterns) if (matchesWildcard(pattern, name)) matching.push(channel);
  return matching;
}

/** One copy for each connection, however many of its subscriptions match; any of them may let it through. */
export function deliverOnce(channels: readonly Channel[], delivery: Delivery): void {
  const served = new Set<Connection>();
  for (const channel of channels) {
    for (const subscription of channel.subscriptions) {
      if (served.has(subscription.connection)) continue;
      if (delivery.offer(subscription)) served.add(subscription.connection);
    }
  }
}
