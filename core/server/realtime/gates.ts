// What stands between the live messages of a channel and a subscription that is not ready for them. A gate is there for a
// moment; the hot path pays one comparison with null for it. It decides about single messages and knows no stores.
import { OUTBOX_MAX_MESSAGES } from '@sockudo/protocol';
import type { Position } from '../ports/channel-log.ts';
import type { Connection } from './connection.ts';
import type { MessageFrames } from './message-frames.ts';
import type { Subscription } from './subscription.ts';

/**
 * pass: deliver it as if there were no gate. held: kept, for whoever opens the gate. skip: not for this subscription, another
 * one of the connection may have it.
 */
export type GateVerdict = 'pass' | 'held' | 'skip';

export interface Gate {
  offer(frames: MessageFrames): GateVerdict;
}

/** Keeps every message. A connection that would have to keep too many is closed (divergence D5). */
export class HoldingGate implements Gate {
  readonly #connection: Connection;
  readonly #held: MessageFrames[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  offer(frames: MessageFrames): GateVerdict {
    if (this.#held.length < OUTBOX_MAX_MESSAGES) this.#held.push(frames);
    else this.#connection.close(4100, 'Outbound buffer full', true);
    return 'held';
  }

  /** What was held so far, in order; the gate holds nothing of it any more. */
  take(): readonly MessageFrames[] {
    return this.#held.splice(0);
  }
}

/**
 * After an acknowledgement that named a position: a message may be in the log already and be delivered a moment later. What
 * the position covers is kept from the subscription; the first message above it takes the gate away.
 */
export class AcknowledgedGate implements Gate {
  readonly #subscription: Subscription;
  readonly #covered: Position;

  constructor(subscription: Subscription, covered: Position) {
    this.#subscription = subscription;
    this.#covered = covered;
  }

  offer({ message: { position } }: MessageFrames): GateVerdict {
    if (position === undefined) return 'pass';
    if (isCoveredBy(position, this.#covered)) return 'skip';
    // Of another stream: it may be from before a reset, and what the position covers may still come.
    if (position.streamId !== this.#covered.streamId) return 'pass';
    if (this.#subscription.gate === this) this.#subscription.gate = null;
    return 'pass';
  }
}

/**
 * The same for single channels of a subscription that was told no position, a pattern above all: they were replayed up to a
 * position of the log, and what it covers may be delivered a moment later.
 */
export class CoveredGate implements Gate {
  readonly #subscription: Subscription;
  readonly #covered = new Map<string, Position>();
  /** The gate that was there: it decides about the rest. */
  readonly #before: Gate | null;

  private constructor(subscription: Subscription) {
    this.#subscription = subscription;
    this.#before = subscription.gate;
    subscription.gate = this;
  }

  static add(subscription: Subscription, channel: string, covered: Position): void {
    const { gate } = subscription;
    const covering = gate instanceof CoveredGate ? gate : new CoveredGate(subscription);
    covering.#covered.set(channel, covered);
  }

  offer(frames: MessageFrames): GateVerdict {
    const { channel, position } = frames.message;
    const covered = position === undefined ? undefined : this.#covered.get(channel);
    if (position !== undefined && covered !== undefined) {
      if (isCoveredBy(position, covered)) return 'skip';
      if (position.streamId === covered.streamId) this.#passed(channel);
    }
    return this.#before === null ? 'pass' : this.#before.offer(frames);
  }

  #passed(channel: string): void {
    this.#covered.delete(channel);
    if (this.#covered.size === 0 && this.#subscription.gate === this) this.#subscription.gate = this.#before;
  }
}

export function isCoveredBy(position: Position | undefined, covered: Position | null): boolean {
  if (position === undefined || covered === null) return false;
  return position.streamId === covered.streamId && position.serial <= covered.serial;
}
