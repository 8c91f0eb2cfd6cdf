// Events of a model that tests hold in their hands.
import type { ModelEvent } from '../events.ts';

export interface HeldEvents {
  readonly iterable: AsyncIterable<ModelEvent>;
  push(event: ModelEvent): void;
  /** After these. */
  end(...events: readonly ModelEvent[]): void;
  fail(error: unknown): void;
  /** Resolves when all that was pushed has been read, and more is asked for. */
  isRead(): Promise<void>;
  /** Resolves when the reader lets go. */
  readonly gone: Promise<void>;
}

/** Gives what it is told to, and otherwise keeps its reader waiting. */
export function heldEvents(...first: readonly ModelEvent[]): HeldEvents {
  const due: (() => IteratorResult<ModelEvent>)[] = first.map((value) => () => ({ done: false, value }));
  const gone = Promise.withResolvers<void>();
  let changed = Promise.withResolvers<void>();
  let asked = Promise.withResolvers<void>();
  const add = (...steps: typeof due): void => {
    due.push(...steps);
    changed.resolve();
    changed = Promise.withResolvers();
    asked = Promise.withResolvers();
  };
  const iterator: AsyncIterator<ModelEvent> = {
    async next() {
      for (;;) {
        const step = due.shift();
        if (step !== undefined) return step();
        const more = changed.promise;
        asked.resolve();
        await more;
      }
    },
    async return() {
      gone.resolve();
      return { done: true, value: undefined };
    },
  };
  const give = (value: ModelEvent) => (): IteratorResult<ModelEvent> => ({ done: false, value });
  return {
    iterable: { [Symbol.asyncIterator]: () => iterator },
    push: (event) => add(give(event)),
    end: (...events) => add(...events.map(give), () => ({ done: true, value: undefined })),
    fail: (error) =>
      add(() => {
        throw error;
      }),
    isRead: () => asked.promise,
    gone: gone.promise,
  };
}
