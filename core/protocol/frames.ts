/**
 * Inbound frames: the envelope a client sent, parsed once at the edge. What an event's `data` must look like is decided by
 * requests.ts. Must not know: connections, apps, limits.
 * Sources: Pusher protocol, Sockudo 5.0.1 as recorded (v1-malformed-frames), RFC 8259.
 */
import { invalidEventName, invalidMessage } from './errors.ts';
import { isJsonObject, isStringMap, isTooDeep, type JsonObject, member } from './json.ts';

/** A frame a client sent. Members that the envelope did not have are absent. */
export interface ClientFrame {
  readonly event: string;
  readonly channel?: string;
  /** Parsed JSON as sent; undefined only when `dataIsMissing`. */
  readonly data: unknown;
  readonly dataIsMissing: boolean;
  readonly name?: string;
  readonly userId?: string;
  readonly tags?: { readonly [key: string]: string };
  readonly messageId?: string;
  readonly idempotencyKey?: string;
  /** Unchecked object; see parseExtras of extras.ts. */
  readonly extras?: JsonObject;
  /** The whole envelope, for members not named here. Read it with `member` (own keys only). */
  readonly raw: JsonObject;
}

const STRING_MEMBERS = [
  'channel',
  'name',
  'user_id',
  'message_id',
  'stream_id',
  'conflation_key',
  'idempotency_key',
] as const;

/**
 * Parses the text of one inbound frame.
 * @throws ProtocolError 4000 `Invalid message format: Decode failed: …` when it is no JSON object of the envelope's types,
 *   4000 `Invalid event name: Event name is required` without `event`.
 */
export function parseClientFrame(text: string): ClientFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidMessage(`Decode failed: ${error instanceof SyntaxError ? error.message : 'not JSON'}`);
  }
  return clientFrameFrom(value);
}

/** The same for a value that is already decoded (binary formats). @throws as parseClientFrame */
export function clientFrameFrom(value: unknown): ClientFrame {
  if (!isJsonObject(value)) throw invalidMessage('Decode failed: a frame must be a JSON object');
  if (isTooDeep(value)) throw invalidMessage('Decode failed: nested too deeply');
  for (const key of STRING_MEMBERS) optionalString(value, key);
  const event = optionalString(value, 'event');
  const extras = member(value, 'extras') ?? undefined;
  if (extras !== undefined && !isJsonObject(extras)) throw decodeFailed('extras', 'an object');
  const tags = member(value, 'tags') ?? undefined;
  if (tags !== undefined && !isStringMap(tags)) throw decodeFailed('tags', 'an object of strings');
  if (event === undefined) throw invalidEventName('Event name is required');
  return { event, ...envelope(value), ...(extras && { extras }), ...(tags && { tags }), raw: value };
}

function envelope(value: JsonObject): Omit<ClientFrame, 'event' | 'raw'> {
  const channel = optionalString(value, 'channel');
  const name = optionalString(value, 'name');
  const userId = optionalString(value, 'user_id');
  const messageId = optionalString(value, 'message_id');
  const idempotencyKey = optionalString(value, 'idempotency_key');
  return {
    data: member(value, 'data'),
    dataIsMissing: !Object.hasOwn(value, 'data'),
    ...(channel !== undefined && { channel }),
    ...(name !== undefined && { name }),
    ...(userId !== undefined && { userId }),
    ...(messageId !== undefined && { messageId }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

const decodeFailed = (key: string, expected: string) =>
  invalidMessage(`Decode failed: ${key} must be ${expected}`);

/** An own string member; null counts as absent. @throws ProtocolError 4000 for any other type */
function optionalString(value: JsonObject, key: string): string | undefined {
  const given = member(value, key);
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'string') throw decodeFailed(key, 'a string');
  return given;
}

/** JSON text of a frame's data as other clients receive it: what was sent, `null` when it was missing. */
export const dataText = (frame: ClientFrame): string =>
  frame.dataIsMissing ? 'null' : JSON.stringify(frame.data);
