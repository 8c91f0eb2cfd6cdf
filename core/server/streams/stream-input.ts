// Pulls the body of a long request: nothing is read while nobody asks, so that the sender feels the TCP window. Tells a body
// that ended from one that was cut off.
import type { Readable } from 'node:stream';

export type Pulled =
  | { readonly kind: 'chunk'; readonly bytes: Buffer }
  /** The sender said that this is all. */
  | { readonly kind: 'end' }
  /** The sender is gone, in the middle of it. */
  | { readonly kind: 'cut' }
  /** The server wants the stream to end. */
  | { readonly kind: 'ending' };

export class StreamInput {
  readonly #input: Readable;
  readonly #ending: AbortSignal;
  readonly #wake = (): void => this.#resume?.();
  #resume: (() => void) | null = null;

  constructor(input: Readable, ending: AbortSignal) {
    this.#input = input;
    this.#ending = ending;
    for (const event of WAKING) input.on(event, this.#wake);
    ending.addEventListener('abort', this.#wake);
  }

  /** One call at a time. */
  async pull(): Promise<Pulled> {
    while (!this.#ending.aborted) {
      const bytes: unknown = this.#input.read();
      if (Buffer.isBuffer(bytes)) return { kind: 'chunk', bytes };
      if (this.#input.readableEnded) return { kind: 'end' };
      if (this.#input.destroyed) return { kind: 'cut' };
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    return { kind: 'ending' };
  }

  /** What still comes is read and thrown away, so that an answer reaches a sender who is still writing. */
  close(): void {
    this.#ending.removeEventListener('abort', this.#wake);
    for (const event of WAKING) this.#input.off(event, this.#wake);
    this.#input.on('error', ignore);
    this.#input.resume();
  }
}

const WAKING = ['readable', 'end', 'close', 'error'] as const;

function ignore(): void {}
