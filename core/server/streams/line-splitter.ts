// Newline-delimited text out of chunks that may be cut anywhere. Bounded by the length of a line; knows nothing of what the
// lines mean.

/** A line longer than the bound. */
export const TOO_LONG: unique symbol = Symbol('line too long');

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export class LineSplitter {
  readonly #maxBytes: number;
  /** Chunks of the line that has begun. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  /** @param maxBytes of one line, without its newline */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk, without their newlines. After `TOO_LONG`, always the last, nothing more may be pushed. */
  push(chunk: Buffer): (Buffer | typeof TOO_LONG)[] {
    const lines: (Buffer | typeof TOO_LONG)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#finish(chunk.subarray(start, end));
      lines.push(line);
      if (line === TOO_LONG) return lines;
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#begun.push(chunk.subarray(start));
      this.#begunBytes += chunk.length - start;
      if (this.#begunBytes > this.#maxBytes) lines.push(TOO_LONG);
    }
    return lines;
  }

  /** What came after the last newline; empty when nothing did. */
  rest(): Buffer {
    const rest = this.#finish(NOTHING);
    return rest === TOO_LONG ? NOTHING : rest;
  }

  #finish(tail: Buffer): Buffer | typeof TOO_LONG {
    if (this.#begunBytes + tail.length > this.#maxBytes) return TOO_LONG;
    if (this.#begunBytes === 0) return tail;
    const line = Buffer.concat([...this.#begun, tail]);
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }
}
