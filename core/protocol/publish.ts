/**
 * The body of `POST /events` and of a batch item: shape (422), then meaning (400 / 413), in the documented order.
 * Must not know: channels' names being valid, who publishes, idempotency state.
 * Sources: http sheet 3.1-3.4; recordings http-event-*, http-batch-*, idempotency-bad-keys; divergences D48, D50, D51, D56.
 */
import { httpError, invalidShape, type ProtocolError } from './errors.ts';
import { type Extras, parseExtras } from './extras.ts';
import { fenceOf } from './fence.ts';
import { isJsonObject, isStringMap, isTooDeep, type JsonObject, member } from './json.ts';
import { EVENT_NAME_MAX_BYTES, IDEMPOTENCY_KEY_MAX_BYTES } from './limits.ts';
import { isSocketId } from './signing.ts';
import { utf8Length } from './text.ts';

/** An attribute the publisher wants to know about each channel. */
export type InfoAttribute = 'user_count' | 'subscription_count' | 'cache';

/** One event to publish. */
export interface PublishRequest {
  readonly name: string;
  /** JSON text of the string that goes into frames, quotes included. */
  readonly data: string;
  /** UTF-8 bytes of that string, as the payload limit counts them. */
  readonly payloadBytes: number;
  /** At least one, in the order given. Not validated as names. */
  readonly channels: readonly string[];
  /** Connection that shall not receive it. */
  readonly socketId?: string;
  /** Null = not asked; a set, even an empty one, asks for the long answer. */
  readonly info: ReadonlySet<InfoAttribute> | null;
  readonly tags?: { readonly [key: string]: string };
  /** False forces full frames. */
  readonly delta?: boolean;
  readonly idempotencyKey?: string;
  readonly messageId?: string;
  readonly extras?: Extras;
  /** What the publisher proves with that it may still publish this; its meaning is a plug-in's. 1 to 256 bytes. */
  readonly fence?: string;
}

/** Limits of the app; absent = unlimited, except for names and keys (defaults of limits.ts). */
export interface PublishLimits {
  readonly maxEventNameBytes?: number | undefined;
  readonly maxPayloadKb?: number | undefined;
  readonly maxChannels?: number | undefined;
  readonly maxIdempotencyKeyBytes?: number | undefined;
  readonly maxBatchSize?: number | undefined;
}

/** Members of the right JSON types, meaning not yet checked. */
interface Shape {
  readonly name?: string;
  readonly text: string;
  readonly channel?: string;
  readonly channels?: readonly string[];
  readonly socketId?: string;
  readonly info?: string;
  readonly tags?: { readonly [key: string]: string };
  readonly delta?: boolean;
  readonly idempotencyKey?: string;
  readonly messageId?: string;
  readonly extras?: Extras;
  readonly fence?: string;
}

/**
 * Reads the body of `POST /events` (parsed JSON).
 * @throws ProtocolError 422 `invalid_input` for a wrong shape; 400 `invalid_input`, `missing_channel_info`, `limit_exceeded`;
 *   413 `payload_too_large`
 */
export const parsePublish = (body: unknown, limits: PublishLimits = {}): PublishRequest =>
  requestFrom(shapeOf(body), limits);

/**
 * Reads `{"batch":[…]}`. The shape of every item comes first, then the batch's size, then each item in order (divergence D53:
 * the first offending item decides, and nothing is published).
 * @throws ProtocolError as parsePublish, and 400 `limit_exceeded` for too many items
 */
export function parseBatch(body: unknown, limits: PublishLimits = {}): readonly PublishRequest[] {
  const batch = isJsonObject(body) ? member(body, 'batch') : undefined;
  if (!Array.isArray(batch)) throw invalidShape("Request must contain 'batch' (list)");
  const shapes = batch.map(shapeOf);
  if (limits.maxBatchSize !== undefined && shapes.length > limits.maxBatchSize) {
    throw httpError('limit_exceeded', `Batch size (${shapes.length}) exceeds limit (${limits.maxBatchSize})`);
  }
  return shapes.map((shape) => requestFrom(shape, limits));
}

/** 400 for an empty or over-long idempotency key (body or header), else null. */
export function idempotencyKeyError(key: string, maxBytes = IDEMPOTENCY_KEY_MAX_BYTES): ProtocolError | null {
  if (key === '') return httpError('invalid_input', 'Idempotency key must not be empty');
  if (utf8Length(key) <= maxBytes) return null;
  return httpError('invalid_input', `Idempotency key exceeds maximum length of ${maxBytes} characters`);
}

function shapeOf(body: unknown): Shape {
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  if (isTooDeep(body)) throw invalidShape('Request body is nested too deeply');
  const extras = parseExtras(member(body, 'extras'));
  return {
    ...strings(body),
    ...lists(body),
    text: dataString(member(body, 'data')),
    ...(extras !== undefined && { extras }),
  };
}

function strings(body: JsonObject): Omit<Shape, 'text'> {
  const name = optionalString(body, 'name');
  const channel = optionalString(body, 'channel');
  const socketId = optionalString(body, 'socket_id');
  const info = optionalString(body, 'info');
  const idempotencyKey = optionalString(body, 'idempotency_key');
  const messageId = optionalString(body, 'message_id');
  const fence = fenceOf(body);
  return {
    ...(name !== undefined && { name }),
    ...(channel !== undefined && { channel }),
    ...(socketId !== undefined && socketId !== '' && { socketId }),
    ...(info !== undefined && { info }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(messageId !== undefined && { messageId }),
    ...(fence !== undefined && { fence }),
  };
}

function lists(body: JsonObject): Pick<Shape, 'channels' | 'tags' | 'delta'> {
  const channels = member(body, 'channels') ?? undefined;
  const tags = member(body, 'tags') ?? undefined;
  const delta = member(body, 'delta') ?? undefined;
  if (channels !== undefined && !isStringList(channels))
    throw invalidShape("'channels' must be a list of strings");
  if (tags !== undefined && !isStringMap(tags)) throw invalidShape("'tags' must be a map of strings");
  if (delta !== undefined && typeof delta !== 'boolean') throw invalidShape("'delta' must be a boolean");
  return {
    ...(channels !== undefined && { channels }),
    ...(tags !== undefined && { tags }),
    ...(delta !== undefined && { delta }),
  };
}

/** A string stays as it is, everything else becomes its JSON text; missing and null the text `null`. */
const dataString = (data: unknown): string =>
  typeof data === 'string' ? data : JSON.stringify(data ?? null);

function requestFrom(shape: Shape, limits: PublishLimits): PublishRequest {
  const { name, text, socketId, info, tags, delta, idempotencyKey, messageId, extras, fence } = shape;
  if (idempotencyKey !== undefined) raise(idempotencyKeyError(idempotencyKey, limits.maxIdempotencyKeyBytes));
  if (name === undefined || name === '') throw httpError('invalid_input', 'Event name is required');
  const maxName = limits.maxEventNameBytes ?? EVENT_NAME_MAX_BYTES;
  if (utf8Length(name) > maxName) {
    throw httpError('limit_exceeded', `Event name '${name}' exceeds maximum length of ${maxName}`);
  }
  const payloadBytes = utf8Length(text);
  if (limits.maxPayloadKb !== undefined && payloadBytes > limits.maxPayloadKb * 1024) {
    const size = `Event payload size (${payloadBytes} bytes) for event '${name}'`;
    throw httpError('payload_too_large', `${size} exceeds limit (${limits.maxPayloadKb}KB)`);
  }
  const channels = channelsOf(shape, limits);
  if (socketId !== undefined && !isSocketId(socketId)) throw httpError('invalid_input', 'Invalid socket_id');
  return {
    name,
    data: JSON.stringify(text),
    payloadBytes,
    channels,
    info: info === undefined ? null : infoSet(info),
    ...(socketId !== undefined && { socketId }),
    ...(tags !== undefined && { tags }),
    ...(delta !== undefined && { delta }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(messageId !== undefined && { messageId }),
    ...(extras !== undefined && { extras }),
    ...(fence !== undefined && { fence }),
  };
}

function channelsOf(shape: Shape, limits: PublishLimits): readonly string[] {
  const channels = shape.channels ?? (shape.channel === undefined ? [] : [shape.channel]);
  if (channels.length === 0) throw httpError('missing_channel_info');
  if (limits.maxChannels !== undefined && channels.length > limits.maxChannels) {
    throw httpError(
      'limit_exceeded',
      `Number of channels (${channels.length}) exceeds limit (${limits.maxChannels})`,
    );
  }
  return channels;
}

const INFO_ATTRIBUTES: ReadonlyMap<string, InfoAttribute> = new Map([
  ['user_count', 'user_count'],
  ['subscription_count', 'subscription_count'],
  ['cache', 'cache'],
]);

/** Attributes of a comma list; unknown ones are ignored. Also for the `info` query parameter. */
export function infoSet(text: string): ReadonlySet<InfoAttribute> {
  const wanted = new Set<InfoAttribute>();
  for (const token of text.split(',')) {
    const attribute = INFO_ATTRIBUTES.get(token.trim());
    if (attribute !== undefined) wanted.add(attribute);
  }
  return wanted;
}

function optionalString(body: JsonObject, key: string): string | undefined {
  const value = member(body, key) ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw invalidShape(`'${key}' must be a string`);
  return value;
}

const isStringList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function raise(error: ProtocolError | null): void {
  if (error !== null) throw error;
}
