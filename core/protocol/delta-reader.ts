/**
 * Reads the bytes of a delta one after the other. The formats add their numbers; a delta that ends too soon throws a DeltaError.
 * Must not know: formats.
 */
import { DeltaError } from './delta-error.ts';

export class DeltaReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next byte, which stays the next; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new DeltaError('the delta is cut off');
    return value;
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    const values = this.#bytes.subarray(this.#at, this.#at + count);
    if (values.length < count) throw new DeltaError('the delta is cut off');
    this.#at += count;
    return values;
  }
}
