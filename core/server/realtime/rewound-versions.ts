// What a rewind has shown: rows of the history, each as its message stands, also by mutations of the very moment. Live frames of
// what a row shows must not come after it, even where they lie above the acknowledged position (divergence D37).
import type { Message } from '../ports/message.ts';
import type { HistoryRow } from '../ports/message-log.ts';
import type { Gate, GateVerdict } from './gates.ts';
import type { MessageFrames } from './message-frames.ts';
import type { Subscription } from './subscription.ts';

export class RewoundVersions {
  readonly #streamId: string;
  /** Serial of the version that was shown, by message. */
  readonly #shown = new Map<string, number>();
  /** Serials of rows whose messages have no versions. */
  readonly #plain = new Set<number>();
  #highest = 0;

  constructor(streamId: string) {
    this.#streamId = streamId;
  }

  add({ entry, latest }: HistoryRow): void {
    const serial = latest?.deliverySerial ?? entry.serial;
    if (entry.messageSerial === undefined) this.#plain.add(serial);
    else this.#shown.set(entry.messageSerial, serial);
    this.#highest = Math.max(this.#highest, serial);
  }

  get isEmpty(): boolean {
    return this.#highest === 0;
  }

  covers({ version, position }: Message): boolean {
    if (position?.streamId !== this.#streamId) return false;
    if (version === undefined) return this.#plain.has(position.serial);
    return position.serial <= (this.#shown.get(version.messageSerial) ?? 0);
  }

  /** Nothing that was shown comes after this message. */
  areBefore({ position }: Message): boolean {
    return position?.streamId === this.#streamId && position.serial > this.#highest;
  }
}

/**
 * After a rewind: what it has shown is not sent again. The first message above all of that takes the gate away, with the one that
 * it stands in front of.
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
