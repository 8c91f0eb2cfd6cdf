/**
 * The Fossil delta format: text made of a size, copies `LENGTH@FROM,`, literals `LENGTH:BYTES` and a checksum `SUM;`.
 * Numbers are base 64 with digits of their own, so a delta of text stays text. Pure; hostile deltas throw a DeltaError.
 * Source: the Fossil delta format document ("Fossil Delta Format", fossil-scm.org).
 */
import { DELTA_RESULT_MAX_BYTES, DeltaError } from './delta-error.ts';
import { findEdits, LITERAL } from './delta-match.ts';
import { DeltaReader } from './delta-reader.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';
/** Digits of the largest 32-bit number. */
const NUMBER_MAX_DIGITS = 6;
const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const AT = 0x40;

/** A delta that makes `target` of `base`. Both may be of any content; at most 2^32-1 bytes. */
export function encodeFossil(base: Uint8Array, target: Uint8Array): Uint8Array {
  const edits = findEdits(base, target);
  const out = new FossilWriter(target.length + (edits.length + 2) * (NUMBER_MAX_DIGITS + 1));
  out.number(target.length);
  out.byte(LINE_FEED);
  let at = 0;
  for (let i = 0; i < edits.length; i += 2) {
    const from = edits[i] ?? 0;
    const length = edits[i + 1] ?? 0;
    out.number(length);
    if (from === LITERAL) {
      out.byte(COLON);
      out.bytes(target.subarray(at, at + length));
    } else {
      out.byte(AT);
      out.number(from);
      out.byte(COMMA);
    }
    at += length;
  }
  out.number(checksum(target));
  out.byte(SEMICOLON);
  return out.finish();
}

class FossilWriter {
  readonly #bytes: Uint8Array;
  #length = 0;

  /** @param most bytes that will be written at most */
  constructor(most: number) {
    this.#bytes = new Uint8Array(most);
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  bytes(values: Uint8Array): void {
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** Whole, 0 to 2^32-1; without leading zeros. */
  number(value: number): void {
    let digits = 1;
    for (let rest = value >>> 6; rest > 0; rest >>>= 6) digits++;
    let rest = value;
    for (let i = digits - 1; i >= 0; i--) {
      this.#bytes[this.#length + i] = DIGITS.charCodeAt(rest & 63);
      rest >>>= 6;
    }
    this.#length += digits;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Sum of the bytes as big-endian 32-bit words, modulo 2^32; the last word is filled up with zeros. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  for (let i = 0; i < whole; i += 4) sum = (sum + view.getUint32(i)) >>> 0;
  for (let i = whole; i < bytes.length; i++) sum = (sum + ((bytes[i] ?? 0) << (24 - 8 * (i - whole)))) >>> 0;
  return sum;
}

/**
 * Makes the target of a delta from its base.
 * @param maxBytes bound of the result, default DELTA_RESULT_MAX_BYTES
 * @throws DeltaError for a damaged or foreign delta and for a base that is not the delta's own
 */
export function decodeFossil(
  base: Uint8Array,
  delta: Uint8Array,
  maxBytes: number = DELTA_RESULT_MAX_BYTES,
): Uint8Array {
  const input = new FossilReader(delta);
  const size = input.number();
  if (input.byte() !== LINE_FEED) throw new DeltaError('the size has no end');
  if (size > maxBytes) throw new DeltaError(`the result would have ${size} bytes`);
  const target = new Uint8Array(size);
  let at = 0;
  for (;;) {
    const count = input.number();
    const operator = input.byte();
    if (operator === SEMICOLON) {
      if (at !== size) throw new DeltaError('the result is too short');
      if (checksum(target) !== count) throw new DeltaError('the checksum is another');
      return target;
    }
    if (count > size - at) throw new DeltaError('the result is too long');
    if (operator === COLON) target.set(input.bytes(count), at);
    else if (operator === AT) target.set(copied(base, input, count), at);
    else throw new DeltaError('unknown operator');
    at += count;
  }
}

function copied(base: Uint8Array, input: FossilReader, count: number): Uint8Array {
  const from = input.number();
  if (input.byte() !== COMMA) throw new DeltaError('a copy has no end');
  if (from + count > base.length) throw new DeltaError('a copy leaves the base');
  return base.subarray(from, from + count);
}

class FossilReader extends DeltaReader {
  number(): number {
    let value = 0;
    let digits = 0;
    for (; ; digits++) {
      const digit = digitValue(this.peek() ?? 0);
      if (digit < 0) break;
      if (digits === NUMBER_MAX_DIGITS) throw new DeltaError('a number is too long');
      value = value * 64 + digit;
      this.byte();
    }
    if (digits === 0) throw new DeltaError('a number is missing');
    return value;
  }
}

/** Value of a digit, -1 for every other byte. */
function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41 + 10;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 37;
  if (byte === 0x5f) return 36;
  return byte === 0x7e ? 63 : -1;
}
