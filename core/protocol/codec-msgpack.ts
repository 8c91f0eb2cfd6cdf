/**
 * V2 frames in MessagePack: a positional array of fifteen, nil for what is absent.
 * Extras are written as an array of five and read as array or map (divergence D7).
 * Must not know: connections. Hostile bytes throw a ProtocolError and nothing else.
 */
import type { BinaryData, BinaryEnvelope, BinaryExtras, StringMap } from './binary-envelope.ts';
import { invalidMessage, type ProtocolError } from './errors.ts';
import type { HeaderValue } from './extras.ts';
import { type MsgpackInput, type MsgpackValue, readMsgpack, writeMsgpack } from './msgpack.ts';

const PLACES = 15;

/** Bytes of a frame. */
export function encodeMsgpack(envelope: BinaryEnvelope): Uint8Array {
  const { data, tags, extras } = envelope;
  return writeMsgpack([
    envelope.event ?? null,
    envelope.channel ?? null,
    data === undefined ? null : dataOut(data),
    envelope.name ?? null,
    envelope.userId ?? null,
    tags === undefined ? null : mapOut(tags),
    envelope.sequence ?? null,
    envelope.conflationKey ?? null,
    envelope.messageId ?? null,
    envelope.streamId ?? null,
    envelope.serial ?? null,
    envelope.idempotencyKey ?? null,
    extras === undefined ? null : extrasOut(extras),
    envelope.deltaSequence ?? null,
    envelope.deltaConflationKey ?? null,
  ]);
}

function dataOut(data: BinaryData): MsgpackInput {
  if (data.kind !== 'structured') return [data.kind, data.value];
  const { channelData, channel, userData, extra } = data;
  return [data.kind, [channelData ?? null, channel ?? null, userData ?? null, mapOut(extra)]];
}

const mapOut = (map: StringMap): ReadonlyMap<string, string> => new Map(sortedEntries(map));

/** Entries by key: the same frame always has the same bytes. */
const sortedEntries = <T>(map: { readonly [key: string]: T }): [string, T][] =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));

function extrasOut({ headers, ephemeral, idempotencyKey, echo, ai }: BinaryExtras): MsgpackInput {
  return [
    headers === undefined
      ? null
      : new Map(sortedEntries(headers).map(([key, value]) => [key, headerOut(value)])),
    ephemeral ?? null,
    idempotencyKey ?? null,
    echo ?? null,
    ai === undefined
      ? null
      : [ai.transport ? mapOut(ai.transport) : null, ai.codec ? mapOut(ai.codec) : null],
  ];
}

function headerOut(value: HeaderValue): MsgpackInput {
  if (typeof value === 'string') return ['string', value];
  return typeof value === 'number' ? ['number', { float: value }] : ['bool', value];
}

/** @throws ProtocolError 4000 `Invalid message format: Decode failed: …` */
export function decodeMsgpack(bytes: Uint8Array): BinaryEnvelope {
  const frame = fields(readMsgpack(bytes), ENVELOPE_NAMES, 'frame', PLACES);
  return defined<BinaryEnvelope>({
    event: text(frame[0]),
    channel: text(frame[1]),
    data: optional(frame[2], dataIn),
    name: text(frame[3]),
    userId: text(frame[4]),
    tags: optional(frame[5], mapIn),
    sequence: whole(frame[6]),
    conflationKey: text(frame[7]),
    messageId: text(frame[8]),
    streamId: text(frame[9]),
    serial: whole(frame[10]),
    idempotencyKey: text(frame[11]),
    extras: optional(frame[12], extrasIn),
    deltaSequence: whole(frame[13]),
    deltaConflationKey: text(frame[14]),
  });
}

const ENVELOPE_NAMES = [
  'event',
  'channel',
  'data',
  'name',
  'user_id',
  'tags',
  'sequence',
  'conflation_key',
  'message_id',
  'stream_id',
  'serial',
  'idempotency_key',
  'extras',
  'delta_sequence',
  'delta_conflation_key',
];
const EXTRAS_NAMES = ['headers', 'ephemeral', 'idempotency_key', 'echo', 'ai'];
const STRUCTURED_NAMES = ['channel_data', 'channel', 'user_data', 'extra'];

const failed = (why: string): ProtocolError => invalidMessage(`Decode failed: MessagePack: ${why}`);

/** A record as an array of exactly `count` values, or as a map by name. */
function fields(
  value: MsgpackValue,
  names: readonly string[],
  what: string,
  count = names.length,
): readonly (MsgpackValue | undefined)[] {
  if (value instanceof Map) return names.map((name) => value.get(name));
  if (!Array.isArray(value)) throw failed(`${what} must be an array or a map`);
  if (value.length !== count) throw failed(`${what} must have ${count} members`);
  return value;
}

function dataIn(value: MsgpackValue): BinaryData {
  const [kind, content = null] = fields(value, ['kind', 'value'], 'data');
  if ((kind === 'string' || kind === 'json') && typeof content === 'string') return { kind, value: content };
  if (kind === 'binary' && content instanceof Uint8Array) return { kind, value: content };
  if (kind !== 'structured') throw failed('unknown kind of data');
  const [channelData, channel, userData, extra] = fields(content, STRUCTURED_NAMES, 'structured data');
  return defined<BinaryData>({
    kind,
    channelData: text(channelData),
    channel: text(channel),
    userData: text(userData),
    extra: optional(extra, mapIn) ?? {},
  });
}

function extrasIn(value: MsgpackValue): BinaryExtras {
  // A map may use the JSON spelling: that is what the reference client sends.
  const camelCase = value instanceof Map ? value.get('idempotencyKey') : undefined;
  const [headers, ephemeral, idempotencyKey, echo, ai] = fields(value, EXTRAS_NAMES, 'extras');
  return defined<BinaryExtras>({
    headers: optional(headers, headersIn),
    ephemeral: flag(ephemeral),
    idempotencyKey: text(camelCase) ?? text(idempotencyKey),
    echo: flag(echo),
    ai: optional(ai, aiIn),
  });
}

function aiIn(value: MsgpackValue): BinaryExtras['ai'] {
  const [transport, codec] = fields(value, ['transport', 'codec'], 'extras.ai');
  return defined({ transport: optional(transport, mapIn), codec: optional(codec, mapIn) });
}

function headersIn(value: MsgpackValue): { readonly [key: string]: HeaderValue } {
  if (!(value instanceof Map)) throw failed('headers must be a map');
  return Object.fromEntries([...value].map(([key, item]) => [key, headerIn(item)]));
}

/** `[kind, value]`, or the bare value as the reference client's map form has it. */
function headerIn(value: MsgpackValue): HeaderValue {
  const bare = Array.isArray(value) ? value[1] : value;
  if (typeof bare === 'string' || typeof bare === 'number' || typeof bare === 'boolean') return bare;
  throw failed('a header must be text, a number or a boolean');
}

function mapIn(value: MsgpackValue): StringMap {
  if (!(value instanceof Map)) throw failed('a map was expected');
  const entries = [...value].map(([key, item]): [string, string] => {
    if (typeof item !== 'string') throw failed('a map of text was expected');
    return [key, item];
  });
  return Object.fromEntries(entries);
}

function text(value: MsgpackValue | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'string') throw failed('text was expected');
  return value;
}

function flag(value: MsgpackValue | undefined): boolean | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'boolean') throw failed('a boolean was expected');
  return value;
}

/** A whole number from 0; beyond 2^53-1 it counts as that. */
function whole(value: MsgpackValue | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw failed('a whole number was expected');
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

const optional = <T>(value: MsgpackValue | undefined, read: (value: MsgpackValue) => T): T | undefined =>
  value === null || value === undefined ? undefined : read(value);

/** Without the members that are undefined. */
function defined<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  // CAST: only members that are undefined are taken away, which exactOptionalPropertyTypes does not let us say otherwise.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
