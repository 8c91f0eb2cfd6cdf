/**
 * Requests by which a client publishes and changes messages over its socket and is told what became of each (protocol 2):
 * `sockudo:publish` and `sockudo:mutate`, their acknowledgements and refusals. The members are those of the HTTP API.
 * Must not know: connections, capabilities, which names a client may use.
 * Sources: http sheet 3 and 7; divergence D63.
 */
import { encodeV2 } from './encode.ts';
import { aiError, httpError, invalidMessage, invalidShape, type ProtocolError } from './errors.ts';
import { type Extras, parseExtras } from './extras.ts';
import { isJsonObject, type JsonObject, member, stringMember, tryParseJson } from './json.ts';
import { IDEMPOTENCY_KEY_MAX_BYTES, REQUEST_ID_MAX_BYTES } from './limits.ts';
import {
  type AnyMutationRequest,
  type MutationKind,
  parseAppend,
  parseDelete,
  parseUpdate,
} from './mutation.ts';
import { isSerialText } from './position.ts';
import { type PublishLimits, type PublishRequest, parsePublish } from './publish.ts';
import { utf8Length } from './text.ts';

/** A request with the id by which its client knows it again. */
export interface ClientRequest {
  readonly requestId: string;
  /** Everything else of it, unchecked. */
  readonly body: JsonObject;
}

/**
 * Reads the `data` of a request: an object, or a string holding its JSON.
 * @throws ProtocolError 4000 `Invalid message format: …`, which can name no request
 */
export function parseClientRequest(name: string, data: unknown): ClientRequest {
  const request = namedRequestOf(data);
  if (request !== null) return request;
  throw invalidMessage(`${name} requires data.request_id, 1-${REQUEST_ID_MAX_BYTES} bytes`);
}

/** The same where an id is not required; null: there is none, or none that can be used. */
export function namedRequestOf(data: unknown): ClientRequest | null {
  const body = typeof data === 'string' ? tryParseJson(data) : data;
  const requestId = isJsonObject(body) ? stringMember(body, 'request_id') : undefined;
  const isNamed = isJsonObject(body) && requestId !== undefined && hasBytes(requestId, REQUEST_ID_MAX_BYTES);
  return isNamed ? { requestId, body } : null;
}

/** One event for one channel. */
export interface ClientPublish {
  readonly channel: string;
  readonly event: PublishRequest;
}

/**
 * Reads `{channel, name, data?, extras?, message_id?, tags?}`. Members that only a trusted publisher may use count as absent.
 * @throws ProtocolError as parsePublish; 4000 with `ai_code` 104000 for a reserved header; 403 `forbidden` for `extras.push`
 */
export function parseClientPublish(body: JsonObject, limits: PublishLimits): ClientPublish {
  const channel = requiredString(body, 'channel');
  const of = (key: string) => member(body, key);
  const event = parsePublish(
    {
      channel,
      name: of('name'),
      data: of('data'),
      extras: of('extras'),
      message_id: of('message_id'),
      tags: of('tags'),
    },
    limits,
  );
  const maxBytes = limits.maxIdempotencyKeyBytes ?? IDEMPOTENCY_KEY_MAX_BYTES;
  requireKey('message_id', event.messageId, maxBytes);
  requireKey('extras.idempotencyKey', event.extras?.idempotencyKey, maxBytes);
  requireClientExtras(event.extras);
  return { channel, event };
}

/** One change of one message. */
export interface ClientMutation {
  readonly channel: string;
  readonly messageSerial: string;
  /** Without the identity that the body may claim. */
  readonly request: AnyMutationRequest;
}

const MUTATIONS: ReadonlyMap<unknown, (body: unknown) => AnyMutationRequest> = new Map<
  MutationKind,
  (body: unknown) => AnyMutationRequest
>([
  ['append', parseAppend],
  ['update', parseUpdate],
  ['delete', parseDelete],
]);

/**
 * Reads `{channel, action, message_serial, …}` with the members of the HTTP API's body for this action.
 * @throws ProtocolError 422 and 400 as the HTTP API; 4000 and 403 for extras as parseClientPublish
 */
export function parseClientMutation(body: JsonObject): ClientMutation {
  const channel = requiredString(body, 'channel');
  const messageSerial = requiredString(body, 'message_serial');
  const parse = MUTATIONS.get(member(body, 'action'));
  if (parse === undefined) throw invalidShape("'action' must be append, update or delete");
  if (!isSerialText(messageSerial)) {
    throw httpError('invalid_input', 'Invalid message serial: 1-128 bytes without whitespace');
  }
  requireClientExtras(parseExtras(member(body, 'extras')));
  return { channel, messageSerial, request: parse({ ...body, client_id: null, socket_id: null }) };
}

/** What headers of the server's own begin with. */
const RESERVED_PREFIX = 'sockudo_';

function requireClientExtras(extras: Extras | undefined): void {
  const reserved = Object.keys(extras?.headers ?? {}).find((key) => key.startsWith(RESERVED_PREFIX));
  if (reserved !== undefined) {
    throw aiError(`extras.headers key '${reserved}' is reserved`, RESERVED_HEADER_AI_CODE);
  }
  if (extras?.push !== undefined) throw httpError('forbidden', 'extras.push is for trusted publishers');
}

const RESERVED_HEADER_AI_CODE = 104_000;

function requiredString(body: JsonObject, key: string): string {
  const value = stringMember(body, key);
  if (value === undefined) throw invalidShape(`'${key}' must be a string`);
  return value;
}

function requireKey(name: string, key: string | undefined, maxBytes: number): void {
  if (key !== undefined && !hasBytes(key, maxBytes)) {
    throw httpError('invalid_input', `${name} must be 1-${maxBytes} bytes`);
  }
}

const hasBytes = (text: string, max: number): boolean => text !== '' && utf8Length(text) <= max;

/** The acknowledgement (OBJ); `answer` is the JSON text of a non-empty object. */
export const requestAckFrame = (
  event: 'sockudo:publish_ack' | 'sockudo:mutate_ack',
  requestId: string,
  answer: string,
  messageId: string | undefined,
): string =>
  encodeV2({ event, data: `{"request_id":${JSON.stringify(requestId)},${answer.slice(1)}`, messageId });

/** The refusal (OBJ): an error frame with the request's id, the text code of the HTTP API and whether the same may succeed later. */
export function requestErrorFrame(requestId: string, error: ProtocolError, messageId?: string): string {
  const data = {
    code: error.wsCode,
    message: error.message,
    ai_code: error.aiCode,
    request_id: requestId,
    reason: error.code,
    retryable: error.retryable,
    retry_after: error.retryAfterSeconds,
  };
  return encodeV2({ event: 'sockudo:error', data: JSON.stringify(data), messageId });
}

/** How a publish was acknowledged. Serials are there where the channel keeps messages. */
export interface PublishAck {
  readonly channel: string;
  readonly acknowledgement_id?: string;
  readonly message_serial?: string;
  readonly history_serial?: number;
  readonly delivery_serial?: number;
  readonly version_serial?: string;
  /** `duplicate`: it was published before, with these serials. */
  readonly status: 'applied' | 'duplicate';
}

export const isPublishAck = (value: unknown): value is PublishAck =>
  isJsonObject(value) &&
  stringMember(value, 'channel') !== undefined &&
  stringMember(value, 'status') !== undefined;
