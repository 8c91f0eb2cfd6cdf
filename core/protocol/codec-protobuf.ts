/**
 * V2 frames in Protobuf (proto3 with optional fields).
 * Must not know: connections. Hostile bytes throw a ProtocolError and nothing else.
 * Source: realtime sheet 1.7 (field numbers).
 */
import type { BinaryData, BinaryEnvelope, BinaryExtras, StringMap } from './binary-envelope.ts';
import type { HeaderValue } from './extras.ts';
import {
  type Field,
  fieldBytes,
  fieldDouble,
  fieldText,
  fieldWhole,
  type MessageWriter,
  readFields,
  writeMessage,
} from './protobuf.ts';

/** Bytes of a frame. */
export const encodeProtobuf = (envelope: BinaryEnvelope): Uint8Array =>
  writeMessage((out) => writeEnvelope(out, envelope));

function writeEnvelope(out: MessageWriter, envelope: BinaryEnvelope): void {
  const { data, extras } = envelope;
  out.text(1, envelope.event);
  out.text(2, envelope.channel);
  if (data !== undefined) out.message(3, () => writeData(out, data));
  out.text(4, envelope.name);
  out.text(5, envelope.userId);
  writeMap(out, 6, envelope.tags);
  out.whole(7, envelope.sequence);
  out.text(8, envelope.conflationKey);
  out.text(9, envelope.messageId);
  out.text(10, envelope.streamId);
  out.whole(11, envelope.serial);
  out.text(12, envelope.idempotencyKey);
  if (extras !== undefined) out.message(13, () => writeExtras(out, extras));
  out.whole(14, envelope.deltaSequence);
  out.text(15, envelope.deltaConflationKey);
}

function writeData(out: MessageWriter, data: BinaryData): void {
  if (data.kind === 'string') out.text(1, data.value);
  else if (data.kind === 'json') out.text(3, data.value);
  else if (data.kind === 'binary') out.bytes(4, data.value);
  else {
    out.message(2, () => {
      out.text(1, data.channelData);
      out.text(2, data.channel);
      out.text(3, data.userData);
      writeMap(out, 4, data.extra);
    });
  }
}

function writeExtras(
  out: MessageWriter,
  { headers, ephemeral, idempotencyKey, echo, ai }: BinaryExtras,
): void {
  for (const [key, value] of sortedEntries(headers ?? {})) {
    out.message(1, () => {
      out.text(1, key);
      out.message(2, () => writeHeader(out, value));
    });
  }
  out.flag(2, ephemeral);
  out.text(3, idempotencyKey);
  out.flag(4, echo);
  if (ai === undefined) return;
  out.message(5, () => {
    writeMap(out, 1, ai.transport);
    writeMap(out, 2, ai.codec);
  });
}

function writeHeader(out: MessageWriter, value: HeaderValue): void {
  if (typeof value === 'string') out.text(1, value);
  else if (typeof value === 'number') out.double(2, value);
  else out.flag(3, value);
}

function writeMap(out: MessageWriter, field: number, map: StringMap | undefined): void {
  for (const [key, value] of sortedEntries(map ?? {})) {
    out.message(field, () => {
      out.text(1, key);
      out.text(2, value);
    });
  }
}

/** Entries by key: the same frame always has the same bytes. */
const sortedEntries = <T>(map: { readonly [key: string]: T }): [string, T][] =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));

/** Envelope members that are filled field by field. */
type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** @throws ProtocolError 4000 `Invalid message format: Decode failed: …` */
export function decodeProtobuf(bytes: Uint8Array): BinaryEnvelope {
  const draft: Draft<BinaryEnvelope> = {};
  const tags: [string, string][] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 6) tags.push(readEntry(field));
    else readEnvelopeField(draft, field);
  }
  if (tags.length > 0) draft.tags = Object.fromEntries(tags);
  return draft;
}

/** The members that hold text. */
type TextMember = {
  [K in keyof BinaryEnvelope]-?: BinaryEnvelope[K] extends string | undefined ? K : never;
}[keyof BinaryEnvelope];

const TEXT_MEMBERS: ReadonlyMap<number, TextMember> = new Map([
  [1, 'event'],
  [2, 'channel'],
  [4, 'name'],
  [5, 'userId'],
  [8, 'conflationKey'],
  [9, 'messageId'],
  [10, 'streamId'],
  [12, 'idempotencyKey'],
  [15, 'deltaConflationKey'],
]);
const WHOLE_MEMBERS: ReadonlyMap<number, 'sequence' | 'serial' | 'deltaSequence'> = new Map([
  [7, 'sequence'],
  [11, 'serial'],
  [14, 'deltaSequence'],
]);

function readEnvelopeField(draft: Draft<BinaryEnvelope>, field: Field): void {
  const textMember = TEXT_MEMBERS.get(field.number);
  const wholeMember = WHOLE_MEMBERS.get(field.number);
  if (textMember !== undefined) draft[textMember] = fieldText(field);
  else if (wholeMember !== undefined) draft[wholeMember] = fieldWhole(field);
  else if (field.number === 3) {
    const data = readData(fieldBytes(field));
    if (data !== undefined) draft.data = data;
  } else if (field.number === 13) draft.extras = readExtras(fieldBytes(field));
}

/** The last alternative given wins; undefined when none of the known ones is there. */
function readData(bytes: Uint8Array): BinaryData | undefined {
  let data: BinaryData | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === 1) data = { kind: 'string', value: fieldText(field) };
    else if (field.number === 2) data = readStructured(fieldBytes(field));
    else if (field.number === 3) data = { kind: 'json', value: fieldText(field) };
    else if (field.number === 4) data = { kind: 'binary', value: fieldBytes(field).slice() };
  }
  return data;
}

function readStructured(bytes: Uint8Array): BinaryData {
  const extra: [string, string][] = [];
  const parts: { channelData?: string; channel?: string; userData?: string } = {};
  for (const field of readFields(bytes)) {
    if (field.number === 1) parts.channelData = fieldText(field);
    else if (field.number === 2) parts.channel = fieldText(field);
    else if (field.number === 3) parts.userData = fieldText(field);
    else if (field.number === 4) extra.push(readEntry(field));
  }
  return { kind: 'structured', ...parts, extra: Object.fromEntries(extra) };
}

function readExtras(bytes: Uint8Array): BinaryExtras {
  const draft: Draft<BinaryExtras> = {};
  const headers: [string, HeaderValue][] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) headers.push(readHeaderEntry(fieldBytes(field)));
    else if (field.number === 2) draft.ephemeral = fieldWhole(field) !== 0;
    else if (field.number === 3) draft.idempotencyKey = fieldText(field);
    else if (field.number === 4) draft.echo = fieldWhole(field) !== 0;
    else if (field.number === 5) draft.ai = readAi(fieldBytes(field));
  }
  if (headers.length > 0) draft.headers = Object.fromEntries(headers);
  return draft;
}

function readHeaderEntry(bytes: Uint8Array): [string, HeaderValue] {
  let key = '';
  let value: HeaderValue = '';
  for (const field of readFields(bytes)) {
    if (field.number === 1) key = fieldText(field);
    else if (field.number === 2) value = readHeader(fieldBytes(field));
  }
  return [key, value];
}

function readHeader(bytes: Uint8Array): HeaderValue {
  let value: HeaderValue = '';
  for (const field of readFields(bytes)) {
    if (field.number === 1) value = fieldText(field);
    else if (field.number === 2) value = fieldDouble(field);
    else if (field.number === 3) value = fieldWhole(field) !== 0;
  }
  return value;
}

function readAi(bytes: Uint8Array): NonNullable<BinaryExtras['ai']> {
  const transport: [string, string][] = [];
  const codec: [string, string][] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) transport.push(readEntry(field));
    else if (field.number === 2) codec.push(readEntry(field));
  }
  return {
    ...(transport.length > 0 && { transport: Object.fromEntries(transport) }),
    ...(codec.length > 0 && { codec: Object.fromEntries(codec) }),
  };
}

/** An entry of a map<string, string>; a missing half is empty. */
function readEntry(entry: Field): [string, string] {
  let key = '';
  let value = '';
  for (const field of readFields(fieldBytes(entry))) {
    if (field.number === 1) key = fieldText(field);
    else if (field.number === 2) value = fieldText(field);
  }
  return [key, value];
}
