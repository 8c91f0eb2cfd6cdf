// A reader that is shown messages as they stand tells by serials which live frames come on top. A frame of several appends may lie
// on both sides of what it was shown, so while something is read for it, and until the first message above that, it gets every
// append by itself.
import type { Position } from '../../ports/channel-log.ts';
import { type Gate, type GateVerdict, isCoveredBy } from '../gates.ts';
import type { MessageFrames } from '../message-frames.ts';
import type { Subscription } from '../subscription.ts';

/** `read`: what the subscriber is shown. `head`: the channel's head, asked for afterwards. Rejects with what they reject with. */
export async function withoutRollup<Result>(
  subscription: Subscription,
  read: () => Promise<Result>,
  head: () => Promise<Position | null>,
): Promise<Result> {
  if (subscription.channel.rollup?.holdsBack(subscription) !== true) return read();
  const gate = SingleAppendsGate.of(subscription);
  let shown: Position | null = null;
  try {
    const result = await read();
    shown = await head();
    return result;
  } finally {
    gate.open(shown);
  }
}

/** Lets everything through; that it is there keeps the subscription off the lanes. */
class SingleAppendsGate implements Gate {
  readonly #subscription: Subscription;
  readonly #behind: Gate | null;
  #isReading = true;
  #shown: Position | null = null;

  private constructor(subscription: Subscription) {
    this.#subscription = subscription;
    this.#behind = subscription.gate;
    subscription.gate = this;
  }

  /** The one of an earlier read goes on. */
  static of(subscription: Subscription): SingleAppendsGate {
    const { gate } = subscription;
    if (!(gate instanceof SingleAppendsGate)) return new SingleAppendsGate(subscription);
    gate.#isReading = true;
    return gate;
  }

  /** Nothing more is read: the gate goes with the first message above `shown`; null: at once. */
  open(shown: Position | null): void {
    this.#isReading = false;
    this.#shown = shown;
    if (shown === null) this.#remove();
  }

  offer(frames: MessageFrames): GateVerdict {
    const verdict = this.#behind?.offer(frames) ?? 'pass';
    const { position } = frames.message;
    if (!this.#isReading && position !== undefined && !isCoveredBy(position, this.#shown)) this.#remove();
    return verdict;
  }

  #remove(): void {
    if (this.#subscription.gate === this) this.#subscription.gate = this.#behind;
  }
}
