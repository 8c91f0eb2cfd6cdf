/**
 * The part of the proto3 wire format that frames need: varints, doubles, length-delimited fields; unknown fields are skipped.
 * Must not know: which message is read.
 * Source: Protocol Buffers documentation, "Encoding".
 */
import { type ByteWriter, createByteWriter, textBytes } from './byte-writer.ts';
import { invalidMessage, type ProtocolError } from './errors.ts';

/** Writes one message, field by field. Absent (undefined) values write nothing. */
export interface MessageWriter {
  text(field: number, value: string | undefined): void;
  bytes(field: number, value: Uint8Array | undefined): void;
  /** Whole numbers from 0 to 2^53-1. */
  whole(field: number, value: number | undefined): void;
  flag(field: number, value: boolean | undefined): void;
  double(field: number, value: number | undefined): void;
  message(field: number, write: (writer: MessageWriter) => void): void;
  finish(): Uint8Array;
}

export function createMessageWriter(): MessageWriter {
  const out = createByteWriter();
  const delimited = (field: number, value: Uint8Array): void => {
    varint(out, field * 8 + 2);
    varint(out, value.length);
    out.bytes(value);
  };
  const writer: MessageWriter = {
    text(field, value) {
      if (value !== undefined) delimited(field, textBytes(value));
    },
    bytes(field, value) {
      if (value !== undefined) delimited(field, value);
    },
    whole(field, value) {
      if (value === undefined) return;
      varint(out, field * 8);
      varint(out, value);
    },
    flag(field, value) {
      if (value !== undefined) writer.whole(field, value ? 1 : 0);
    },
    double(field, value) {
      if (value === undefined) return;
      varint(out, field * 8 + 1);
      out.double(value, true);
    },
    message(field, write) {
      const inner = createMessageWriter();
      write(inner);
      delimited(field, inner.finish());
    },
    finish: () => out.finish(),
  };
  return writer;
}

function varint(out: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.byte((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.byte(rest);
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
