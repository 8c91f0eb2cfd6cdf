// Holds the live messages of one channel while what was missed of it is replayed, on every subscription of the connection
// that they could come through. Other channels of a pattern pass.
import type { Connection } from '../connection.ts';
import { type Gate, type GateVerdict, HoldingGate } from '../gates.ts';
import type { MessageFrames } from '../message-frames.ts';
import type { Subscription } from '../subscription.ts';

export class ReplayGate {
  readonly #holding: HoldingGate;
  readonly #gates: readonly ChannelGate[];

  constructor(connection: Connection, channel: string, subscriptions: readonly Subscription[]) {
    this.#holding = new HoldingGate(connection);
    this.#gates = subscriptions.map((subscription) => new ChannelGate(subscription, channel, this.#holding));
  }

  /** Takes the gate away and answers what it held, in order. */
  remove(): readonly MessageFrames[] {
    for (const gate of this.#gates) gate.remove();
    return this.#holding.take();
  }
}

class ChannelGate implements Gate {
  readonly #subscription: Subscription;
  readonly #channel: string;
  readonly #holding: HoldingGate;
  /** The gate that was there: it goes on deciding about the rest. */
  readonly #before: Gate | null;

  constructor(subscription: Subscription, channel: string, holding: HoldingGate) {
    this.#subscription = subscription;
    this.#channel = channel;
    this.#holding = holding;
    this.#before = subscription.gate;
    subscription.gate = this;
  }

  offer(frames: MessageFrames): GateVerdict {
    if (frames.message.channel === this.#channel) return this.#holding.offer(frames);
    return this.#before === null ? 'pass' : this.#before.offer(frames);
  }

  remove(): void {
    if (this.#subscription.gate === this) this.#subscription.gate = this.#before;
  }
}
