// The events of one response, numbered from 0, kept so that they can be read again from any of them, and live until the last. As many as
// the answer has words: their number is bounded by that.
import type { ItemEvent } from './items.ts';

export interface NumberedEvent extends ItemEvent {
  readonly sequence_number: number;
}

export class EventLog {
  readonly #events: NumberedEvent[] = [];
  #isClosed = false;
  #news = Promise.withResolvers<void>();

  add(event: ItemEvent): void {
    this.#events.push({ ...event, sequence_number: this.#events.length });
    this.#announce();
  }

  /** There will be no more. */
  close(): void {
    this.#isClosed = true;
    this.#announce();
  }

  /** Events with a higher number than this one. Ends when there will be no more, or when the signal says so. */
  async *after(number: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    const gone = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => gone.resolve(), { once: true });
    let next = number + 1;
    while (!signal.aborted) {
      const news = this.#news.promise;
      const event = this.#events[next];
      next += 1;
      if (event !== undefined) yield event;
      else if (this.#isClosed) return;
      else {
        next -= 1;
        await Promise.race([news, gone.promise]);
      }
    }
  }

  #announce(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
