// The order of one channel on one node: lets envelopes out strictly by serial, whatever order the bus brought them in. Pure:
// says what may be delivered and whether the log must be read; it reads, waits and sends nothing itself.
import type { Gap, Position } from '../ports/channel-log.ts';
import type { Envelope } from '../ports/fanout.ts';
import type { MessagePosition } from '../ports/message.ts';

/** An envelope whose message has its place in the log. */
export interface PlacedEnvelope extends Envelope {
  readonly message: Envelope['message'] & { readonly position: MessagePosition };
}

/** What the log answered to a read after `from`. */
export type CatchUp =
  | {
      readonly kind: 'page';
      readonly envelopes: readonly PlacedEnvelope[];
      readonly more: boolean;
      readonly head: Position;
    }
  | Gap;

/** Envelopes kept above a hole. Further ones are read from the log when their turn comes. */
const MAX_HELD = 1024;

/** Reads that may bring nothing before what is missing counts as gone: the log has it (L3), or it never will. */
const MAX_IDLE_READS = 5;

export class DeliveryCursor {
  #at: Position;
  /** The newest serial that is known to exist. */
  #known: number;
  /** A message of another stream came: the channel may have been reset. */
  #doubtsStream = false;
  #idleReads = 0;
  readonly #held = new Map<number, PlacedEnvelope>();

  /** @param at the newest place that needs no delivery */
  constructor(at: Position) {
    this.#at = at;
    this.#known = at.serial;
  }

  get position(): Position {
    return this.#at;
  }

  /** Something is missing that the log has. */
  get isBehind(): boolean {
    return this.#doubtsStream || this.#known > this.#at.serial;
  }

  /** Answers what may be delivered now, in order; nothing for a duplicate. */
  offer(envelope: PlacedEnvelope): readonly PlacedEnvelope[] {
    const { streamId, serial } = envelope.message.position;
    if (streamId !== this.#at.streamId) {
      this.#doubtsStream = true;
      return [];
    }
    if (serial <= this.#at.serial) return [];
    this.#known = Math.max(this.#known, serial);
    if (serial === this.#at.serial + 1) {
      this.#moveTo(serial);
      return this.#held.size === 0 ? [envelope] : [envelope, ...this.#successors()];
    }
    if (this.#held.size < MAX_HELD) this.#held.set(serial, envelope);
    return [];
  }

  /** The log has reached `head`. */
  hint(head: Position): void {
    if (head.streamId !== this.#at.streamId) this.#doubtsStream = true;
    else this.#known = Math.max(this.#known, head.serial);
  }

  /** Takes what was read after `from` and answers what may be delivered. */
  filled(from: Position, result: CatchUp): readonly PlacedEnvelope[] {
    return result.kind === 'page' ? this.#page(result) : this.#gap(from, result);
  }

  #page({ envelopes, more, head }: Extract<CatchUp, { kind: 'page' }>): readonly PlacedEnvelope[] {
    if (head.streamId !== this.#at.streamId) return [];
    this.#doubtsStream = false;
    const last = envelopes.at(-1)?.message.position.serial ?? this.#at.serial;
    const upTo = more ? last : Math.max(last, head.serial);
    this.#idleReads = upTo > this.#at.serial ? 0 : this.#idleReads + 1;
    const delivered = [...this.#upTo(upTo, envelopes), ...this.#successors()];
    if (this.isBehind && this.#idleReads >= MAX_IDLE_READS) return [...delivered, ...this.#giveUp()];
    return delivered;
  }

  #gap(from: Position, { reason, state }: Gap): readonly PlacedEnvelope[] {
    const { head, oldestSerial } = state;
    const hasMoved = from.streamId !== this.#at.streamId || from.serial !== this.#at.serial;
    if (hasMoved) return [];
    this.#doubtsStream = false;
    if (reason === 'trimmed') {
      this.hint(head);
      return [...this.#upTo((oldestSerial ?? head.serial + 1) - 1, []), ...this.#successors()];
    }
    // A reset numbers from 1 again, and everything of the new stream is due; a log that lost its end goes on where it is.
    this.#held.clear();
    this.#at = reason === 'other-stream' ? { streamId: head.streamId, serial: 0 } : head;
    this.#known = head.serial;
    return [];
  }

  /** Everything up to a serial: from the log, or as the bus brought it, which knows who must not hear it. */
  #upTo(serial: number, envelopes: readonly PlacedEnvelope[]): PlacedEnvelope[] {
    const due = new Map<number, PlacedEnvelope>();
    for (const envelope of envelopes) due.set(envelope.message.position.serial, envelope);
    for (const [held, envelope] of this.#held) if (held <= serial) due.set(held, envelope);
    const delivered = [...due.entries()]
      .filter(([place]) => place > this.#at.serial)
      .sort(([one], [other]) => one - other)
      .map(([, envelope]) => envelope);
    if (serial > this.#at.serial) this.#moveTo(serial);
    for (const held of this.#held.keys()) if (held <= this.#at.serial) this.#held.delete(held);
    return delivered;
  }

  /** What was held and follows without a hole. */
  #successors(): PlacedEnvelope[] {
    const delivered: PlacedEnvelope[] = [];
    for (
      let next = this.#held.get(this.#at.serial + 1);
      next !== undefined;
      next = this.#held.get(this.#at.serial + 1)
    ) {
      const { serial } = next.message.position;
      this.#held.delete(serial);
      this.#moveTo(serial);
      delivered.push(next);
    }
    return delivered;
  }

  #giveUp(): PlacedEnvelope[] {
    this.#idleReads = 0;
    return this.#upTo(this.#known, []);
  }

  #moveTo(serial: number): void {
    this.#at = { streamId: this.#at.streamId, serial };
    this.#known = Math.max(this.#known, serial);
  }
}
