/**
 * A growing byte buffer for the binary codecs. One writer makes one frame; `finish` hands out a view of exactly its bytes.
 */
import { utf8Encode } from './text.ts';

export interface ByteWriter {
  byte(value: number): void;
  bytes(values: Uint8Array): void;
  /** Big-endian unsigned integer of 2, 4 or 8 bytes; the value must be whole, not negative and at most 2^53-1. */
  unsigned(value: number, width: 2 | 4 | 8): void;
  /** IEEE 754 double. */
  double(value: number, littleEndian: boolean): void;
  readonly length: number;
  finish(): Uint8Array;
}

/** @param capacity bytes to begin with */
export function createByteWriter(capacity = 256): ByteWriter {
  let buffer = new Uint8Array(capacity);
  let length = 0;

  const room = (count: number): void => {
    if (length + count <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + count));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };
  const view = () => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

  return {
    byte(value) {
      room(1);
      buffer[length++] = value;
    },
    bytes(values) {
      room(values.length);
      buffer.set(values, length);
      length += values.length;
    },
    unsigned(value, width) {
      room(width);
      if (width === 2) view().setUint16(length, value);
      else if (width === 4) view().setUint32(length, value);
      else view().setBigUint64(length, BigInt(value));
      length += width;
    },
    double(value, littleEndian) {
      room(8);
      view().setFloat64(length, value, littleEndian);
      length += 8;
    },
    get length() {
      return length;
    },
    finish: () => buffer.subarray(0, length),
  };
}

/** UTF-8 bytes of a text, for writers that must know the length first. */
export const textBytes = utf8Encode;
