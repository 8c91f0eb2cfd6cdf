/**
 * A model's stream, read piece by piece and let go of in every case. Giving up wins over a read that is pending: nobody waits for
 * a provider that says nothing. Must not know: where the text goes.
 */

/** What can be piped. */
export type TextSource = AsyncIterable<string> | ReadableStream<string>;

/** A piece, or that there are no more, or that the read was given up. */
export type Piece = { readonly text: string } | 'end' | 'given up';

interface Opened {
  next(): Promise<string | undefined>;
  /** Tells the provider that nobody listens; must not throw. */
  release(reason: unknown): void;
}

export class SourceReader {
  readonly #source: Opened;
  #isDone = false;
  #giveUp: () => void = () => {};

  /** @throws TypeError for what is no stream of text */
  constructor(source: TextSource) {
    this.#source = open(source);
  }

  /** @throws what the source throws; TypeError for a piece that is no string */
  async next(): Promise<Piece> {
    if (this.#isDone) return 'given up';
    const read = this.#source.next();
    const text = await new Promise<string | undefined | null>((resolve, reject) => {
      this.#giveUp = () => resolve(null);
      read.then(resolve, reject);
    }).catch((error: unknown) => {
      this.#isDone = true;
      throw error;
    });
    if (text === null) return 'given up';
    if (text === undefined) {
      this.#isDone = true;
      return 'end';
    }
    if (typeof text === 'string') return { text };
    this.release(undefined);
    throw new TypeError('A stream that is piped must give strings');
  }

  /** Ends the pending read and lets go of the provider, unless it has ended by itself. Idempotent. */
  release(reason: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#source.release(reason);
    this.#giveUp();
  }
}

function open(source: TextSource): Opened {
  if (isStream(source)) return openStream(source);
  const iterable: unknown = source?.[Symbol.asyncIterator];
  if (typeof iterable !== 'function') throw new TypeError('pipe needs a ReadableStream or an AsyncIterable');
  const iterator = source[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    release() {
      // A generator runs its `finally` only after a pending read, so nothing may wait for this.
      void Promise.resolve()
        .then(() => iterator.return?.())
        .catch(() => {});
    },
  };
}

/** By what it can do: it may be another realm's, or a library's own. */
const isStream = (source: TextSource): source is ReadableStream<string> =>
  typeof source === 'object' && source !== null && 'getReader' in source;

function openStream(source: ReadableStream<string>): Opened {
  const reader = source.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      if (!done) return value;
      reader.releaseLock();
      return undefined;
    },
    release(reason) {
      void reader
        .cancel(reason)
        .catch(() => {})
        .finally(() => reader.releaseLock());
    },
  };
}
