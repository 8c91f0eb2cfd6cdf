/**
 * The V2 envelope as the binary formats carry it, and its way to and from parsed JSON frames.
 * Must not know: bytes. `extras.push` and opaque extras exist in JSON only and are dropped here.
 * Sources: realtime sheet 1.7, divergence D7.
 */
import { invalidMessage } from './errors.ts';
import type { HeaderValue } from './extras.ts';
import { isJsonObject, isStringMap, type JsonObject, member, stringMember } from './json.ts';
import { parseSerial } from './position.ts';

export type StringMap = { readonly [key: string]: string };

/** `data` of a binary frame. `json` and the values of `extra` are JSON text. */
export type BinaryData =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'json'; readonly value: string }
  | { readonly kind: 'binary'; readonly value: Uint8Array }
  | {
      readonly kind: 'structured';
      readonly channelData?: string;
      readonly channel?: string;
      readonly userData?: string;
      readonly extra: StringMap;
    };

/** `extras` of a binary frame. */
export interface BinaryExtras {
  readonly headers?: { readonly [key: string]: HeaderValue };
  readonly ephemeral?: boolean;
  readonly idempotencyKey?: string;
  readonly echo?: boolean;
  readonly ai?: { readonly transport?: StringMap; readonly codec?: StringMap };
}

/** All fifteen places of a frame; absent = nil. Numbers are whole and not negative. */
export interface BinaryEnvelope {
  readonly event?: string;
  readonly channel?: string;
  readonly data?: BinaryData;
  readonly name?: string;
  readonly userId?: string;
  readonly tags?: StringMap;
  readonly sequence?: number;
  readonly conflationKey?: string;
  readonly messageId?: string;
  readonly streamId?: string;
  readonly serial?: number;
  readonly idempotencyKey?: string;
  readonly extras?: BinaryExtras;
  readonly deltaSequence?: number;
  readonly deltaConflationKey?: string;
}

/** Members that are copied as they are: envelope name, JSON name. */
const STRINGS = [
  ['event', 'event'],
  ['channel', 'channel'],
  ['name', 'name'],
  ['userId', 'user_id'],
  ['conflationKey', 'conflation_key'],
  ['messageId', 'message_id'],
  ['streamId', 'stream_id'],
  ['idempotencyKey', 'idempotency_key'],
  ['deltaConflationKey', '__conflation_key'],
] as const;
const NUMBERS = [
  ['sequence', 'sequence'],
  ['serial', 'serial'],
  ['deltaSequence', '__delta_seq'],
] as const;

/** The envelope of a parsed JSON frame. Members of a foreign type are left out. */
export function envelopeFromJson(frame: JsonObject): BinaryEnvelope {
  const entries: [string, unknown][] = [];
  for (const [name, key] of STRINGS) entries.push([name, stringMember(frame, key)]);
  for (const [name, key] of NUMBERS) entries.push([name, parseSerial(member(frame, key)) ?? undefined]);
  const data = member(frame, 'data');
  const tags = member(frame, 'tags');
  const extras = member(frame, 'extras');
  entries.push(['data', data === undefined ? undefined : dataFromJson(data)]);
  entries.push(['tags', isStringMap(tags) ? tags : undefined]);
  entries.push(['extras', isJsonObject(extras) ? extrasFromJson(extras) : undefined]);
  return defined<BinaryEnvelope>(entries);
}

const dataFromJson = (data: unknown): BinaryData =>
  typeof data === 'string' ? { kind: 'string', value: data } : { kind: 'json', value: JSON.stringify(data) };

function extrasFromJson(extras: JsonObject): BinaryExtras {
  const flag = (key: string) => (typeof member(extras, key) === 'boolean' ? member(extras, key) : undefined);
  const headers = member(extras, 'headers');
  const ai = member(extras, 'ai');
  return defined<BinaryExtras>([
    ['headers', isJsonObject(headers) ? flatHeaders(headers) : undefined],
    ['ephemeral', flag('ephemeral')],
    ['idempotencyKey', stringMember(extras, 'idempotencyKey') ?? stringMember(extras, 'idempotency_key')],
    ['echo', flag('echo')],
    ['ai', isJsonObject(ai) ? aiFromJson(ai) : undefined],
  ]);
}

const isHeaderValue = (value: unknown): value is HeaderValue =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const flatHeaders = (headers: JsonObject): { readonly [key: string]: HeaderValue } =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, HeaderValue] => isHeaderValue(entry[1])),
  );

function aiFromJson(ai: JsonObject): BinaryExtras['ai'] {
  const transport = member(ai, 'transport');
  const codec = member(ai, 'codec');
  return { ...(isStringMap(transport) && { transport }), ...(isStringMap(codec) && { codec }) };
}

/**
 * The frame as JSON.parse of its JSON form would give it.
 * @throws ProtocolError 4000 `Invalid message format: Decode failed: …` when a JSON text inside is malformed
 */
export function envelopeToJson(envelope: BinaryEnvelope): JsonObject {
  const entries: [string, unknown][] = [];
  for (const [name, key] of STRINGS) entries.push([key, envelope[name]]);
  for (const [name, key] of NUMBERS) entries.push([key, envelope[name]]);
  entries.push(['data', envelope.data === undefined ? undefined : dataToJson(envelope.data)]);
  entries.push(['tags', envelope.tags]);
  entries.push(['extras', envelope.extras]);
  return defined<JsonObject>(entries);
}

function dataToJson(data: BinaryData): unknown {
  switch (data.kind) {
    case 'string':
      return data.value;
    case 'json':
      return parseInner(data.value);
    case 'binary':
      return [...data.value];
    case 'structured': {
      const extra = Object.entries(data.extra).map(([key, text]): [string, unknown] => [
        key,
        parseInner(text),
      ]);
      return defined<JsonObject>([...extra, ...namedParts(data.channelData, data.channel, data.userData)]);
    }
  }
}

/** The three lifted members of structured data; absent ones must not hide a member of the same name in `extra`. */
const namedParts = (channelData?: string, channel?: string, userData?: string): [string, unknown][] =>
  [
    ['channel_data', channelData],
    ['channel', channel],
    ['user_data', userData],
  ].filter((entry): entry is [string, string] => entry[1] !== undefined);

function parseInner(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidMessage('Decode failed: malformed JSON text in data');
  }
}

/** An object of the members that are there; own members even for keys such as `__proto__`. */
function defined<T>(entries: readonly (readonly [string, unknown])[]): T {
  // CAST: the callers list exactly the members of T with checked values.
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as T;
}
