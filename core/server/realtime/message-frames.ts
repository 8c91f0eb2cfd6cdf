// One message and its frames, each encoded when the first subscriber of its delivery class needs it and never again: live,
// held back and replayed alike, everybody of a class gets the same bytes.
import type { Filter, FilterMessage } from '@sockudo/protocol';
import type { Message } from '../ports/message.ts';
import { encodeMessage, type FrameOptions } from './encode-message.ts';
import { filterMessageOf } from './filters.ts';
import { DELIVERY_CLASSES, type DeliveryClass } from './wire-format.ts';

export class MessageFrames {
  readonly message: Message;
  readonly #options: FrameOptions;
  readonly #frames: (Buffer | null)[] = new Array(DELIVERY_CLASSES).fill(null);
  #filterMessage: FilterMessage | null = null;

  constructor(message: Message, options: FrameOptions) {
    this.message = message;
    this.#options = options;
  }

  of(deliveryClass: DeliveryClass): Buffer {
    let frame = this.#frames[deliveryClass] ?? null;
    if (frame === null) {
      frame = encodeMessage(this.message, deliveryClass, this.#options);
      this.#frames[deliveryClass] = frame;
    }
    return frame;
  }

  /** Whether a subscription's filter lets the message through; events of the platform pass every filter (divergence D26). */
  passes(filter: Filter): boolean {
    if (this.message.platform === true) return true;
    this.#filterMessage ??= filterMessageOf(this.message);
    return filter.matches(this.#filterMessage);
  }
}
