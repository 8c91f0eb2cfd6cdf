/**
 * The part of MessagePack that frames need: nil, booleans, numbers, strings, bytes, arrays and maps with string keys.
 * Reading is bounded by the input: a declared length never exceeds the bytes that are left, and nesting is capped.
 * Source: MessagePack specification.
 */
import { type ByteWriter, writeBytes } from './byte-writer.ts';
import { invalidMessage, type ProtocolError } from './errors.ts';
import { utf8Length } from './text.ts';

/** Maps are Maps, so that no key can mean anything. */
export type MsgpackValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly MsgpackValue[]
  | ReadonlyMap<string, MsgpackValue>;

/** A number that must be written as float 64 even when it is whole. */
export interface MsgpackFloat {
  readonly float: number;
}

export type MsgpackInput =
  | MsgpackValue
  | MsgpackFloat
  | readonly MsgpackInput[]
  | ReadonlyMap<string, MsgpackInput>;

const MAX_DEPTH = 16;

/** Bytes of one value. */
export const writeMsgpack = (value: MsgpackInput): Uint8Array => writeBytes((out) => write(out, value));

function write(out: ByteWriter, value: MsgpackInput): void {
  if (value === null) out.byte(0xc0);
  else if (typeof value === 'boolean') out.byte(value ? 0xc3 : 0xc2);
  else if (typeof value === 'number') writeNumber(out, value);
  else if (typeof value === 'string') writeText(out, value);
  else if (value instanceof Uint8Array) writeBinary(out, value);
  else if (Array.isArray(value)) writeArray(out, value);
  else if (value instanceof Map) writeMap(out, value);
  else if ('float' in value) writeDouble(out, value.float);
}

function writeNumber(out: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) writeDouble(out, value);
  else if (value < 0x80) out.byte(value);
  else if (value < 0x100) {
    out.byte(0xcc);
    out.byte(value);
  } else if (value < 0x10000) {
    out.byte(0xcd);
    out.unsigned(value, 2);
  } else if (value < 0x100000000) {
    out.byte(0xce);
    out.unsigned(value, 4);
  } else {
    out.byte(0xcf);
    out.unsigned(value, 8);
  }
}

function writeDouble(out: ByteWriter, value: number): void {
  out.byte(0xcb);
  out.double(value, false);
}

function writeText(out: ByteWriter, text: string): void {
  const length = utf8Length(text);
  if (length < 32) out.byte(0xa0 | length);
  else writeLength(out, length, 0xd9, 0xda, 0xdb);
  out.text(text, length);
}

function writeBinary(out: ByteWriter, bytes: Uint8Array): void {
  writeLength(out, bytes.length, 0xc4, 0xc5, 0xc6);
  out.bytes(bytes);
}

function writeLength(out: ByteWriter, length: number, one: number, two: number, four: number): void {
  if (length < 0x100) {
    out.byte(one);
    out.byte(length);
  } else if (length < 0x10000) {
    out.byte(two);
    out.unsigned(length, 2);
  } else {
    out.byte(four);
    out.unsigned(length, 4);
  }
}

function writeArray(out: ByteWriter, items: readonly MsgpackInput[]): void {
  if (items.length < 16) out.byte(0x90 | items.length);
  else writeCount(out, items.length, 0xdc, 0xdd);
  for (const item of items) write(out, item);
}

function writeMap(out: ByteWriter, map: ReadonlyMap<string, MsgpackInput>): void {
  if (map.size < 16) out.byte(0x80 | map.size);
  else writeCount(out, map.size, 0xde, 0xdf);
  for (const [key, item] of map) {
    writeText(out, key);
    write(out, item);
  }
}

function writeCount(out: ByteWriter, count: number, two: number, four: number): void {
  out.byte(count < 0x10000 ? two : four);
  out.unsigned(count, count < 0x10000 ? 2 : 4);
}

/** @throws ProtocolError 4000 `Decode failed: …` for anything but exactly one value */
export function readMsgpack(bytes: Uint8Array): MsgpackValue {
  const cursor = new Cursor(bytes);
  const value = readValue(cursor, 0);
  if (cursor.remaining !== 0) throw failed('trailing bytes after value');
  return value;
}

const failed = (why: string): ProtocolError => invalidMessage(`Decode failed: MessagePack: ${why}`);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A reading place in the input; every read checks what is left. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    if (count > this.remaining) throw failed('unexpected end of input');
    const at = this.#at;
    this.#at += count;
    return at;
  }

  unsigned(width: 1 | 2 | 4 | 8): number {
    const at = this.#take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at);
    if (width === 4) return this.#view.getUint32(at);
    return this.#view.getUint32(at) * 0x100000000 + this.#view.getUint32(at + 4);
  }

  signed(width: 1 | 2 | 4 | 8): number {
    const at = this.#take(width);
    if (width === 1) return this.#view.getInt8(at);
    if (width === 2) return this.#view.getInt16(at);
    if (width === 4) return this.#view.getInt32(at);
    return this.#view.getInt32(at) * 0x100000000 + this.#view.getUint32(at + 4);
  }

  float(width: 4 | 8): number {
    const at = this.#take(width);
    return width === 4 ? this.#view.getFloat32(at) : this.#view.getFloat64(at);
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }

  text(count: number): string {
    const at = this.#take(count);
    try {
      return decoder.decode(this.#bytes.subarray(at, at + count));
    } catch {
      throw failed('text is not UTF-8');
    }
  }

  /** An element count; each element takes at least one byte, so a larger one is a lie. */
  count(count: number): number {
    if (count > this.remaining) throw failed('unexpected end of input');
    return count;
  }
}

function readValue(cursor: Cursor, depth: number): MsgpackValue {
  if (depth > MAX_DEPTH) throw failed('nested too deeply');
  const type = cursor.unsigned(1);
  if (type < 0x80) return type;
  if (type < 0x90) return readMap(cursor, type & 0x0f, depth);
  if (type < 0xa0) return readArray(cursor, type & 0x0f, depth);
  if (type < 0xc0) return cursor.text(type & 0x1f);
  if (type >= 0xe0) return type - 0x100;
  return readTyped(cursor, type, depth);
}

function readTyped(cursor: Cursor, type: number, depth: number): MsgpackValue {
  switch (type) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return cursor.bytes(cursor.unsigned(1));
    case 0xc5:
      return cursor.bytes(cursor.unsigned(2));
    case 0xc6:
      return cursor.bytes(cursor.unsigned(4));
    case 0xca:
      return cursor.float(4);
    case 0xcb:
      return cursor.float(8);
    case 0xcc:
      return cursor.unsigned(1);
    case 0xcd:
      return cursor.unsigned(2);
    case 0xce:
      return cursor.unsigned(4);
    case 0xcf:
      return cursor.unsigned(8);
    case 0xd0:
      return cursor.signed(1);
    case 0xd1:
      return cursor.signed(2);
    case 0xd2:
      return cursor.signed(4);
    case 0xd3:
      return cursor.signed(8);
    case 0xd9:
      return cursor.text(cursor.unsigned(1));
    case 0xda:
      return cursor.text(cursor.unsigned(2));
    case 0xdb:
      return cursor.text(cursor.unsigned(4));
    case 0xdc:
      return readArray(cursor, cursor.unsigned(2), depth);
    case 0xdd:
      return readArray(cursor, cursor.unsigned(4), depth);
    case 0xde:
      return readMap(cursor, cursor.unsigned(2), depth);
    case 0xdf:
      return readMap(cursor, cursor.unsigned(4), depth);
    default:
      throw failed('unsupported type');
  }
}

function readArray(cursor: Cursor, count: number, depth: number): readonly MsgpackValue[] {
  const items: MsgpackValue[] = [];
  for (let left = cursor.count(count); left > 0; left--) items.push(readValue(cursor, depth + 1));
  return items;
}

function readMap(cursor: Cursor, count: number, depth: number): ReadonlyMap<string, MsgpackValue> {
  const map = new Map<string, MsgpackValue>();
  for (let left = cursor.count(count); left > 0; left--) {
    const key = readValue(cursor, depth + 1);
    if (typeof key !== 'string') throw failed('a key must be text');
    map.set(key, readValue(cursor, depth + 1));
  }
  return map;
}
