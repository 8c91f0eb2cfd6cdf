/**
 * Frames between JSON and the format a connection negotiated. JSON text is the native form of a frame; the binary forms are
 * made from it once a message and class, and inbound ones become what JSON.parse would have given.
 * Must not know: sockets. Sources: realtime sheet 1.7, divergence D7.
 */
import { envelopeFromJson, envelopeToJson } from './binary-envelope.ts';
import { decodeMsgpack, encodeMsgpack } from './codec-msgpack.ts';
import { decodeProtobuf, encodeProtobuf } from './codec-protobuf.ts';
import { type ClientFrame, clientFrameFrom } from './frames.ts';
import type { WireFormat } from './handshake.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** The formats whose frames are bytes. */
export type BinaryFormat = Exclude<WireFormat, 'json'>;

/** Bytes of a frame given as JSON text (one of ours: it must be a JSON object). */
export function encodeBinaryFrame(format: BinaryFormat, jsonText: string): Uint8Array {
  const value: unknown = JSON.parse(jsonText);
  if (!isJsonObject(value)) throw new TypeError('a frame must be a JSON object');
  const envelope = envelopeFromJson(value);
  return format === 'msgpack' ? encodeMsgpack(envelope) : encodeProtobuf(envelope);
}

/**
 * A binary frame as the object its JSON form stands for.
 * @throws ProtocolError 4000 `Invalid message format: Decode failed: …`
 */
export const decodeBinaryFrame = (format: BinaryFormat, bytes: Uint8Array): JsonObject =>
  envelopeToJson(format === 'msgpack' ? decodeMsgpack(bytes) : decodeProtobuf(bytes));

/**
 * A client's binary frame, as parseClientFrame gives it for text.
 * @throws ProtocolError 4000 as parseClientFrame
 */
export const parseBinaryClientFrame = (format: BinaryFormat, bytes: Uint8Array): ClientFrame =>
  clientFrameFrom(decodeBinaryFrame(format, bytes));
