// One message and its frames, each encoded when the first subscriber of its frame class needs it and never again: live, held
// back and replayed alike, everybody of a class gets the same bytes.
import type { Filter, FilterMessage } from '@sockudo/protocol';
import type { Message } from '../ports/message.ts';
import type { Connection } from './connection.ts';
import type { SubscriptionDelta } from './delta/connection-deltas.ts';
import { type DeltaMessage, deltaMessage } from './delta/delta-message.ts';
import { encodeMessage, type FrameOptions } from './encode-message.ts';
import { filterMessageOf } from './filters.ts';
import { DELIVERY_CLASSES, type DeliveryClass, FRAME_CLASSES, type FrameClass } from './wire-format.ts';

export class MessageFrames {
  readonly message: Message;
  readonly #options: FrameOptions;
  readonly #frames: (Buffer | null)[] = new Array(FRAME_CLASSES).fill(null);
  #filterMessage: FilterMessage | null = null;
  /** Undefined: no subscriber with deltas has asked yet; null: it goes whole to them too. */
  #deltas: DeltaMessage | null | undefined = undefined;

  constructor(message: Message, options: FrameOptions) {
    this.message = message;
    this.#options = options;
  }

  /** `frameClass`: that of the connection. */
  of(frameClass: FrameClass): Buffer {
    let frame = this.#frames[frameClass] ?? null;
    if (frame === null) {
      frame = this.#encode(frameClass);
      this.#frames[frameClass] = frame;
    }
    return frame;
  }

  #encode(frameClass: FrameClass): Buffer {
    // CAST: a frame class is a delivery class, or one plus their number (wire-format.ts).
    const deliveryClass = (frameClass % DELIVERY_CLASSES) as DeliveryClass;
    if (frameClass === deliveryClass) return encodeMessage(this.message, deliveryClass, this.#options);
    if (this.message.forFullMode === undefined) return this.of(deliveryClass);
    return encodeMessage(this.message.forFullMode(), deliveryClass, this.#options);
  }

  /** The frame of a subscriber with deltas, counted in its series; null: it gets the frame of its class. */
  inSeries({ app, counters, deliveryClass }: Connection, subscriber: SubscriptionDelta): Buffer | null {
    if (this.#deltas === undefined) {
      const { settings } = subscriber.deltas;
      this.#deltas = deltaMessage(this.message, { app, counters, settings, frameOptions: this.#options });
    }
    return this.#deltas === null ? null : this.#deltas.frameFor(deliveryClass, subscriber);
  }

  /** Whoever was here has been served. A message may be kept for long after that; what only they shared goes. */
  delivered(): void {
    this.#deltas?.letGo();
  }

  /** Whether a subscription's filter lets the message through; events of the platform pass every filter (divergence D26). */
  passes(filter: Filter): boolean {
    if (this.message.platform === true) return true;
    this.#filterMessage ??= filterMessageOf(this.message);
    return filter.matches(this.#filterMessage);
  }
}
