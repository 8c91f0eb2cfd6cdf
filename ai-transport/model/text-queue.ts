/** Text between whoever reads a model and whoever writes a message. Must not know: either of them. */

/** Characters that may wait; the message that is written holds as many again. */
const WAITING_MAX = 64 * 1024;

/** To be iterated once. */
export class TextQueue implements AsyncIterable<string> {
  #waiting = '';
  #isOver = false;
  #failure: { readonly error: unknown } | null = null;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  /** Resolves once more may be pushed. What is pushed after the end, or to a reader that is gone, is forgotten. */
  push(text: string): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#waiting += text;
    this.#wakeReader();
    if (this.#waiting.length < WAITING_MAX) return undefined;
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  end(): void {
    this.#isOver = true;
    this.#wakeReader();
  }

  /** The reader gets what waits, and then the error. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#isOver = true;
        this.#waiting = '';
        this.#wakeWriter();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(): Promise<IteratorResult<string>> {
    while (this.#waiting === '') {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const value = this.#waiting;
    this.#waiting = '';
    this.#wakeWriter();
    return { done: false, value };
  }
}
