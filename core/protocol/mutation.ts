/**
 * The bodies of `POST …/messages/{serial}/update | delete | append`: shape (422), then meaning (400), and the answer.
 * Must not know: what a message is made of, who may change it.
 * Sources: http sheet 7, recordings mutable-*, divergence D50.
 */
import { httpError, invalidShape } from './errors.ts';
import { type Extras, encodeExtras, parseExtras } from './extras.ts';
import { fenceOf } from './fence.ts';
import { isJsonObject, isTooDeep, type JsonObject, member } from './json.ts';
import { OP_ID_MAX_BYTES } from './limits.ts';
import { utf8Length } from './text.ts';

export type MutationKind = 'update' | 'delete' | 'append';

/** A visible part of a message that can be taken away. */
export type ClearableField = 'name' | 'data' | 'extras';

/** What every mutation may say about itself. */
interface MutationRequest {
  /** Whom the change is attributed to. */
  readonly clientId?: string;
  /** The connection on whose behalf the backend acts; absent: the backend itself. */
  readonly socketId?: string;
  readonly description?: string;
  /** JSON text. */
  readonly metadata?: string;
  /** Makes a repetition of the request a duplicate. */
  readonly opId?: string;
  /** Text of the whole new `extras`, without the headers that are the server's own. */
  readonly extras?: string;
  /** What the publisher proves with that it may still change this; its meaning is a plug-in's. */
  readonly fence?: string;
}

export interface UpdateRequest extends MutationRequest {
  readonly kind: 'update';
  readonly name?: string;
  /** JSON text of the string that replaces the data. */
  readonly data?: string;
  readonly clear: ReadonlySet<ClearableField>;
}

export interface DeleteRequest extends MutationRequest {
  readonly kind: 'delete';
  readonly data?: string;
  readonly clear: ReadonlySet<ClearableField>;
}

export interface AppendRequest extends MutationRequest {
  readonly kind: 'append';
  /** JSON text of the fragment, a string. */
  readonly data: string;
}

export type AnyMutationRequest = UpdateRequest | DeleteRequest | AppendRequest;

/**
 * Headers that the server itself puts on frames of mutable messages; given by a publisher, they are left out.
 * `sockudo_append_fragment` is Sockudo's own word for what its store keeps of an append.
 */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'sockudo_action',
  'sockudo_message_serial',
  'sockudo_version_serial',
  'sockudo_history_serial',
  'sockudo_version_timestamp_ms',
  'sockudo_append_fragment',
  'sockudo_create_message_id',
]);

const CLEARABLE: ReadonlySet<string> = new Set<ClearableField>(['name', 'data', 'extras']);

/** @throws ProtocolError 422 for a wrong shape, 400 `invalid_input` when nothing would change or fields contradict each other */
export function parseUpdate(body: unknown): UpdateRequest {
  const value = bodyOf(body);
  const name = optionalString(value, 'name');
  const data = replacement(value);
  const common = commonOf(value);
  const clear = clearOf(value, { name, data, extras: common.extras });
  if ([name, data, ...visibleMetadata(common)].every((given) => given === undefined) && clear.size === 0) {
    throw httpError(
      'invalid_input',
      'update request must include at least one patch field or operation metadata',
    );
  }
  return {
    kind: 'update',
    clear,
    ...(name !== undefined && { name }),
    ...(data !== undefined && { data }),
    ...common,
  };
}

/** An empty body is a valid one: the message stays as it is and is marked as deleted. @throws ProtocolError as parseUpdate */
export function parseDelete(body: unknown): DeleteRequest {
  const value = bodyOf(body);
  const data = replacement(value);
  const common = commonOf(value);
  const clear = clearOf(value, { name: undefined, data, extras: common.extras });
  return { kind: 'delete', clear, ...(data !== undefined && { data }), ...common };
}

/** @throws ProtocolError 422 unless `data` is a string, 400 for an empty one that ends no stream */
export function parseAppend(body: unknown): AppendRequest {
  const value = bodyOf(body);
  const data = member(value, 'data');
  if (typeof data !== 'string') throw invalidShape("'data' must be a string");
  const extras = extrasOf(value);
  if (data === '' && !endsStream(extras)) {
    throw httpError('invalid_input', 'append request data must not be empty');
  }
  return { kind: 'append', data: JSON.stringify(data), ...commonOf(value) };
}

/** The serials of an applied mutation. */
export interface MutationAck {
  readonly channel: string;
  readonly messageSerial: string;
  readonly action: MutationKind;
  readonly versionSerial: string;
  readonly historySerial: number;
  readonly deliverySerial: number;
}

/** Body of the answer; a duplicate gets the serials of the first request. */
export const mutationAnswer = (ack: MutationAck, status: 'applied' | 'duplicate'): string =>
  JSON.stringify({
    channel: ack.channel,
    message_serial: ack.messageSerial,
    action: ack.action,
    accepted: true,
    version_serial: ack.versionSerial,
    history_serial: ack.historySerial,
    delivery_serial: ack.deliverySerial,
    status,
  });

function bodyOf(body: unknown): JsonObject {
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  if (isTooDeep(body)) throw invalidShape('Request body is nested too deeply');
  return body;
}

/** Anything but a string is kept as its JSON text; null counts as absent. */
function replacement(body: JsonObject): string | undefined {
  const data = member(body, 'data') ?? undefined;
  if (data === undefined) return undefined;
  return JSON.stringify(typeof data === 'string' ? data : JSON.stringify(data));
}

function commonOf(body: JsonObject): MutationRequest {
  const clientId = optionalString(body, 'client_id');
  const socketId = optionalString(body, 'socket_id');
  const description = optionalString(body, 'description');
  const metadata = member(body, 'metadata') ?? undefined;
  const opId = optionalString(body, 'op_id');
  const fence = fenceOf(body);
  const extras = extrasOf(body);
  if (opId !== undefined && (opId === '' || utf8Length(opId) > OP_ID_MAX_BYTES)) {
    throw httpError('invalid_input', `op_id must be 1-${OP_ID_MAX_BYTES} bytes`);
  }
  return {
    ...(clientId !== undefined && { clientId }),
    ...(socketId !== undefined && { socketId }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    ...(opId !== undefined && { opId }),
    ...(extras !== undefined && { extras: encodeExtras(extras) }),
    ...(fence !== undefined && { fence }),
  };
}

function extrasOf(body: JsonObject): Extras | undefined {
  const extras = parseExtras(member(body, 'extras'));
  if (extras?.headers === undefined) return extras;
  const own = Object.entries(extras.headers).filter(([key]) => !RESERVED_HEADERS.has(key));
  const { headers: _, ...rest } = extras;
  return own.length === 0 ? rest : { ...extras, headers: Object.fromEntries(own) };
}

function visibleMetadata({ extras, clientId, description, metadata }: MutationRequest) {
  return [extras, clientId, description, metadata];
}

function clearOf(
  body: JsonObject,
  replaced: Readonly<Record<ClearableField, string | undefined>>,
): ReadonlySet<ClearableField> {
  const given = member(body, 'clear_fields') ?? [];
  if (!Array.isArray(given) || !given.every(isClearable)) {
    throw invalidShape("'clear_fields' must be a list of 'name', 'data' and 'extras'");
  }
  const fields = new Set(given);
  if (fields.size < given.length)
    throw httpError('invalid_input', 'clear_fields must not name a field twice');
  for (const field of fields) {
    if (replaced[field] === undefined) continue;
    throw httpError('invalid_input', `clear_fields must not name '${field}', which is also replaced`);
  }
  return fields;
}

const isClearable = (field: unknown): field is ClearableField =>
  typeof field === 'string' && CLEARABLE.has(field);

/** Whether an append with these extras is the last to its message. It may carry no text. */
export function endsStream(extras: Extras | undefined): boolean {
  const statuses = [extras?.ai?.codec?.status, extras?.ai?.transport?.status];
  return statuses.some((status) => status === 'complete' || status === 'cancelled');
}

function optionalString(body: JsonObject, key: string): string | undefined {
  const value = member(body, key) ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw invalidShape(`'${key}' must be a string`);
  return value;
}
