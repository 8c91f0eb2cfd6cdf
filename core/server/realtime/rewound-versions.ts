// Versions that a rewind has shown although they lie above the acknowledged position: a row of the history shows what a message
// has become, also by mutations of the very moment. Their live frames must not come again (divergence D37).

import type { Message } from '../ports/message.ts';
import type { MessageState } from '../ports/message-log.ts';
import type { Gate, GateVerdict } from './gates.ts';
import type { MessageFrames } from './message-frames.ts';
import type { Subscription } from './subscription.ts';

export class RewoundVersions {
  readonly #streamId: string;
  /** Serial of the shown version, by message. */
  readonly #shown = new Map<string, number>();
  #highest = 0;

  constructor(streamId: string) {
    this.#streamId = streamId;
  }

  add({ messageSerial, deliverySerial }: Pick<MessageState, 'messageSerial' | 'deliverySerial'>): void {
    this.#shown.set(messageSerial, deliverySerial);
    this.#highest = Math.max(this.#highest, deliverySerial);
  }

  get isEmpty(): boolean {
    return this.#shown.size === 0;
  }

  covers({ version, position }: Message): boolean {
    if (version === undefined || position === undefined) return false;
    const shown = this.#shown.get(version.messageSerial);
    return shown !== undefined && position.serial <= shown;
  }

  /** Nothing that was shown comes after this message. */
  areBefore({ position }: Message): boolean {
    return position?.streamId === this.#streamId && position.serial > this.#highest;
  }
}

/**
 * After a rewind: what it has shown above the acknowledged position is not sent again. The first message above all of that takes
 * the gate away, with the one that it stands in front of.
 */
export class RewoundGate implements Gate {
  readonly #subscription: Subscription;
  readonly #behind: Gate | null;
  readonly #versions: RewoundVersions;

  constructor(subscription: Subscription, behind: Gate | null, versions: RewoundVersions) {
    this.#subscription = subscription;
    this.#behind = behind;
    this.#versions = versions;
  }

  offer(frames: MessageFrames): GateVerdict {
    const { message } = frames;
    // The connection has it, through whichever of its subscriptions: nothing more is to be sent of it.
    if (this.#versions.covers(message)) return 'held';
    const verdict = this.#behind?.offer(frames) ?? 'pass';
    const isLast = verdict === 'pass' && this.#versions.areBefore(message);
    if (isLast && this.#subscription.gate === this) this.#subscription.gate = null;
    return verdict;
  }
}
