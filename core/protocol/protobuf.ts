/**
 * The part of the proto3 wire format that frames need: varints, doubles, length-delimited fields; unknown fields are skipped.
 * Must not know: which message is read.
 * Source: Protocol Buffers documentation, "Encoding".
 */
import { type ByteWriter, writeBytes } from './byte-writer.ts';
import { invalidMessage, type ProtocolError } from './errors.ts';
import { utf8Length } from './text.ts';

/** Writes one message, field by field. Absent (undefined) values write nothing. */
export class MessageWriter {
  readonly #out: ByteWriter;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  text(field: number, value: string | undefined): void {
    if (value === undefined) return;
    const length = utf8Length(value);
    this.#tag(field, 2);
    writeVarint(this.#out, length);
    this.#out.text(value, length);
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    this.#tag(field, 2);
    writeVarint(this.#out, value.length);
    this.#out.bytes(value);
  }

  /** Whole numbers from 0 to 2^53-1. */
  whole(field: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#tag(field, 0);
    writeVarint(this.#out, value);
  }

  flag(field: number, value: boolean | undefined): void {
    if (value !== undefined) this.whole(field, value ? 1 : 0);
  }

  double(field: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#tag(field, 1);
    this.#out.double(value, true);
  }

  /** A message inside this one: `write` fills it with this same writer. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    const start = this.#out.length;
    write();
    const length = this.#out.length - start;
    this.#out.insert(start, varintWidth(length), () => writeVarint(this.#out, length));
  }

  #tag(field: number, type: number): void {
    writeVarint(this.#out, field * 8 + type);
  }
}

/** Bytes of the message that `write` fills. */
export const writeMessage = (write: (writer: MessageWriter) => void): Uint8Array =>
  writeBytes((out) => write(new MessageWriter(out)));

function writeVarint(out: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.byte((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.byte(rest);
}

function varintWidth(value: number): number {
  let width = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) width += 1;
  return width;
}

/** A field of a message: its number, and its value by wire type. Fixed 32-bit fields are skipped, no message has one. */
export type Field =
  | { readonly number: number; readonly type: 'varint'; readonly value: number }
  | { readonly number: number; readonly type: 'fixed64'; readonly value: number }
  | { readonly number: number; readonly type: 'bytes'; readonly value: Uint8Array };

const failed = (why: string): ProtocolError => invalidMessage(`Decode failed: Protobuf: ${why}`);

/**
 * The fields of a message in the order of the input; values are views of `bytes`.
 * @throws ProtocolError 4000 `Decode failed: …`
 */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  const place = { at: 0 };
  while (place.at < bytes.length) {
    const tag = readVarint(bytes, place);
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw failed('invalid field number');
    switch (tag % 8) {
      case 0:
        yield { number, type: 'varint', value: readVarint(bytes, place) };
        break;
      case 1:
        yield { number, type: 'fixed64', value: doubleOf(take(bytes, place, 8)) };
        break;
      case 2:
        yield { number, type: 'bytes', value: take(bytes, place, readVarint(bytes, place)) };
        break;
      case 5:
        take(bytes, place, 4);
        break;
      default:
        throw failed('unsupported wire type');
    }
  }
}

/** Up to ten bytes; what lies beyond 2^53 loses its last bits, which every caller caps anyway. */
function readVarint(bytes: Uint8Array, place: { at: number }): number {
  let value = 0;
  for (let i = 0, unit = 1; i < 10; i++, unit *= 0x80) {
    const byte = bytes[place.at];
    if (byte === undefined) throw failed('unexpected end of input');
    place.at += 1;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
  }
  throw failed('number is too long');
}

function take(bytes: Uint8Array, place: { at: number }, count: number): Uint8Array {
  if (count > bytes.length - place.at) throw failed('unexpected end of input');
  const part = bytes.subarray(place.at, place.at + count);
  place.at += count;
  return part;
}

const doubleOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The field as text. @throws ProtocolError 4000 */
export function fieldText(field: Field): string {
  const bytes = fieldBytes(field);
  try {
    return decoder.decode(bytes);
  } catch {
    throw failed('text is not UTF-8');
  }
}

/** The field as bytes. @throws ProtocolError 4000 */
export function fieldBytes(field: Field): Uint8Array {
  if (field.type !== 'bytes') throw failed(`field ${field.number} has the wrong type`);
  return field.value;
}

/** The field as a whole number, at most 2^53-1. @throws ProtocolError 4000 */
export function fieldWhole(field: Field): number {
  if (field.type !== 'varint') throw failed(`field ${field.number} has the wrong type`);
  return Math.min(field.value, Number.MAX_SAFE_INTEGER);
}

/** The field as a double. @throws ProtocolError 4000 */
export function fieldDouble(field: Field): number {
  if (field.type !== 'fixed64') throw failed(`field ${field.number} has the wrong type`);
  return field.value;
}
