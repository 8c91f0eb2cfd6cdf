/**
 * A growing byte buffer for the binary codecs. Frames are written one at a time into one shared buffer and copied out at their
 * exact size: a buffer a frame would cost more than writing it.
 * Must not know: formats.
 */

const encoder = new TextEncoder();

/** Up to this length, copying characters is cheaper than a call of the encoder. */
const SHORT_TEXT = 64;
const FIRST_CAPACITY = 1024;
/** A larger buffer is not kept for the next frame. */
const KEPT_CAPACITY = 65_536;

export class ByteWriter {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** One byte, 0-255. */
  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(values: Uint8Array): void {
    this.#room(values.length);
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
  }

  /** UTF-8; `byteLength` must be utf8Length(text), which the formats write in front anyway. */
  text(text: string, byteLength: number): void {
    this.#room(byteLength);
    const at = this.#length;
    if (byteLength === text.length && byteLength <= SHORT_TEXT) {
      for (let i = 0; i < byteLength; i++) this.#buffer[at + i] = text.charCodeAt(i);
    } else {
      encoder.encodeInto(text, this.#buffer.subarray(at, at + byteLength));
    }
    this.#length += byteLength;
  }

  /** Big-endian unsigned integer of 2, 4 or 8 bytes; the value must be whole, not negative and at most 2^53-1. */
  unsigned(value: number, width: 2 | 4 | 8): void {
    this.#room(width);
    if (width === 2) this.#view.setUint16(this.#length, value);
    else if (width === 4) this.#view.setUint32(this.#length, value);
    else {
      this.#view.setUint32(this.#length, Math.floor(value / 0x100000000));
      this.#view.setUint32(this.#length + 4, value % 0x100000000);
    }
    this.#length += width;
  }

  /** IEEE 754 double. */
  double(value: number, littleEndian: boolean): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, littleEndian);
    this.#length += 8;
  }

  /** Moves what was written since `start` up by `count` bytes, and lets `write` fill exactly that gap. */
  insert(start: number, count: number, write: () => void): void {
    this.#room(count);
    this.#buffer.copyWithin(start + count, start, this.#length);
    const end = this.#length + count;
    this.#length = start;
    write();
    this.#length = end;
  }

  /** A copy of the bytes; the writer is empty afterwards. */
  finish(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#length);
    this.reset();
    return bytes;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#length = 0;
    if (this.#buffer.length > KEPT_CAPACITY) this.#resize(FIRST_CAPACITY);
  }

  #room(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#buffer.length) this.#resize(Math.max(this.#buffer.length * 2, needed));
  }

  #resize(capacity: number): void {
    const larger = new Uint8Array(capacity);
    larger.set(this.#buffer.subarray(0, Math.min(this.#length, capacity)));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const shared = new ByteWriter();

/** Bytes of what `write` writes. Not to be nested: the writer is shared. */
export function writeBytes(write: (out: ByteWriter) => void): Uint8Array {
  try {
    write(shared);
    return shared.finish();
  } finally {
    shared.reset();
  }
}
