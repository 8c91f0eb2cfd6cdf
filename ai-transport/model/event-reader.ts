/** A model's events, one after the other, let go of in every case: giving up wins over a read that is pending. */
import type { ModelEvent } from './events.ts';

export class EventReader {
  readonly #iterator: AsyncIterator<ModelEvent>;
  readonly #given = Promise.withResolvers<'given up'>();
  #isOver = false;

  /** @throws TypeError for what cannot be iterated */
  constructor(source: AsyncIterable<ModelEvent>) {
    const iterable: unknown = source?.[Symbol.asyncIterator];
    if (typeof iterable !== 'function') throw new TypeError('Events of a model must be an AsyncIterable');
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** @throws what the source throws */
  async next(): Promise<ModelEvent | 'end' | 'given up'> {
    if (this.#isOver) return 'given up';
    const read = this.#iterator.next();
    // A read that is given up may fail later, where nobody listens.
    read.catch(() => {});
    try {
      const result = await Promise.race([read, this.#given.promise]);
      if (result === 'given up') return result;
      if (result.done !== true) return result.value;
      this.#isOver = true;
      return 'end';
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  /** Idempotent. Waits for nobody: a generator runs its `finally` only after a pending read. */
  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#given.resolve('given up');
    void Promise.resolve()
      .then(() => this.#iterator.return?.())
      .catch(() => {});
  }
}
