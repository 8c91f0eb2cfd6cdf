// Streams of text that tests hold in their hands.

/** All at once, one by one. */
export async function* pieces(...texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

export interface HeldSource {
  readonly iterable: AsyncIterable<string>;
  push(text: string): void;
  end(): void;
  fail(error: unknown): void;
  /** The reader let go of it. */
  released(): boolean;
  /** The reader asks for more. */
  isWaiting(): boolean;
  /** Resolves when all that was pushed has been read, and more is asked for. */
  isRead(): Promise<void>;
  /** Resolves when it does. */
  readonly gone: Promise<void>;
}

/** Gives what it is told to, and otherwise keeps its reader waiting. */
export function heldSource(...first: readonly string[]): HeldSource {
  const due: string[] = [...first];
  let waiting: PromiseWithResolvers<IteratorResult<string>> | null = null;
  let isOver = false;
  let isReleased = false;
  let asked: (() => void)[] = [];
  const gone = Promise.withResolvers<void>();
  const iterator: AsyncIterator<string> = {
    next() {
      const value = due.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (isOver) return Promise.resolve({ done: true, value: undefined });
      waiting = Promise.withResolvers();
      for (const resolve of asked) resolve();
      asked = [];
      return waiting.promise;
    },
    async return() {
      isReleased = true;
      gone.resolve();
      return { done: true, value: undefined };
    },
  };
  return {
    iterable: { [Symbol.asyncIterator]: () => iterator },
    push(text) {
      if (waiting === null) due.push(text);
      else waiting.resolve({ done: false, value: text });
      waiting = null;
    },
    end() {
      isOver = true;
      waiting?.resolve({ done: true, value: undefined });
    },
    fail: (error) => waiting?.reject(error),
    released: () => isReleased,
    isWaiting: () => waiting !== null,
    async isRead() {
      if (waiting === null) await new Promise<void>((resolve) => asked.push(resolve));
    },
    gone: gone.promise,
  };
}
