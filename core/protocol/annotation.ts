/**
 * Annotations on the wire: types, the bodies and queries of their routes, the shape of one event, and the two frames.
 * Must not know: how annotations add up (summarizers.ts), who may annotate, logs.
 * Sources: http sheet 8, realtime sheet 7.5 and 7.6, recordings annotation-*, divergences D32, D59.
 */
import { encodeV2 } from './encode.ts';
import { httpError, invalidShape } from './errors.ts';
import { isJsonObject, isTooDeep, type JsonObject, member } from './json.ts';
import { ANNOTATION_TYPE_MAX_BYTES } from './limits.ts';
import { isSerialText } from './position.ts';
import type { QueryParameters } from './signing.ts';
import { utf8Length } from './text.ts';

/** How annotations of one type add up to a summary. */
export const SUMMARIZERS = ['total', 'flag', 'distinct', 'unique', 'multiple'] as const;
export type Summarizer = (typeof SUMMARIZERS)[number];

const isSummarizer = (name: string): name is Summarizer => SUMMARIZERS.some((known) => known === name);

const NEEDS_NAME: ReadonlySet<Summarizer> = new Set<Summarizer>(['distinct', 'unique', 'multiple']);
const NEEDS_CLIENT: ReadonlySet<Summarizer> = new Set<Summarizer>(['flag', 'distinct', 'unique']);

/**
 * The summarizer of a type `NAMESPACE:SUMMARIZER.v1`.
 * @throws ProtocolError 400 `invalid_input`
 */
export function summarizerOf(type: string): Summarizer {
  const refuse = (text: string) => httpError('invalid_input', text);
  if (utf8Length(type) > ANNOTATION_TYPE_MAX_BYTES) {
    throw refuse(`annotation type exceeds ${ANNOTATION_TYPE_MAX_BYTES} bytes`);
  }
  if (/\s/.test(type)) throw refuse('annotation type must not contain whitespace');
  const [, summarizer, version] = /^[^:]+:([^.]+)\.(.+)$/.exec(type) ?? [];
  if (summarizer === undefined || version === undefined) {
    throw refuse('annotation type must use namespace:summarizer.version');
  }
  if (!isSummarizer(summarizer)) throw refuse(`unsupported annotation summarizer: ${summarizer}`);
  if (!/^v0*1$/.test(version)) throw refuse(`unsupported annotation version: ${version}`);
  return summarizer;
}

/** A new annotation as it was asked for. */
export interface AnnotationRequest {
  readonly type: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly socketId?: string;
  /** At least 1. */
  readonly count?: number;
  /** JSON text. */
  readonly data?: string;
  readonly encoding?: string;
}

/**
 * Reads the body of a create. `clientId` and `socketId` are known in both spellings, of which camelCase wins (divergence D59).
 * Whether the type exists and has what it needs is looked at later, in the documented order.
 * @throws ProtocolError 422 for a wrong shape, 400 `invalid_input` for a count of 0
 */
export function parseAnnotation(body: unknown): AnnotationRequest {
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  if (isTooDeep(body)) throw invalidShape('Request body is nested too deeply');
  const type = optionalString(body, 'type');
  if (type === undefined) throw invalidShape("'type' is required");
  const name = optionalString(body, 'name');
  const clientId = optionalString(body, 'clientId') ?? optionalString(body, 'client_id');
  const socketId = optionalString(body, 'socketId') ?? optionalString(body, 'socket_id');
  const encoding = optionalString(body, 'encoding');
  const data = member(body, 'data') ?? undefined;
  const count = countOf(body);
  return {
    type,
    ...(name !== undefined && { name }),
    ...(clientId !== undefined && { clientId }),
    ...(socketId !== undefined && { socketId }),
    ...(count !== undefined && { count }),
    ...(data !== undefined && { data: JSON.stringify(data) }),
    ...(encoding !== undefined && { encoding }),
  };
}

/** @throws ProtocolError 400 `invalid_input` where a type's summary needs what was not given */
export function requireAnnotationParts(
  summarizer: Summarizer,
  { name, clientId }: Pick<AnnotationRequest, 'name' | 'clientId'>,
): void {
  if (NEEDS_NAME.has(summarizer) && (name ?? '') === '') {
    throw httpError('invalid_input', 'annotation name is required for this annotation type');
  }
  if (NEEDS_CLIENT.has(summarizer) && (clientId ?? '') === '') {
    throw httpError('invalid_input', 'annotation client_id is required for this annotation type');
  }
}

/** A page of a message's annotations as it was asked for. */
export interface AnnotationsQuery {
  readonly limit: number;
  readonly type?: string;
  /** Strictly after this annotation. */
  readonly from?: string;
  readonly socketId?: string;
}

/** @throws ProtocolError 400 `invalid_input` */
export function parseAnnotationsQuery(query: QueryParameters, maxLimit: number): AnnotationsQuery {
  const type = query.get('type');
  const from = query.get('from_serial');
  const socketId = query.get('socket_id');
  if (from !== undefined && !isSerialText(from)) throw httpError('invalid_input', 'Invalid from_serial');
  return {
    limit: pageLimit(query, maxLimit, 'annotations'),
    ...(type !== undefined && { type }),
    ...(from !== undefined && { from }),
    ...(socketId !== undefined && { socketId }),
  };
}

/**
 * `limit` of a page of versions or annotations, cut to the maximum, which is also the default.
 * @throws ProtocolError 400 `invalid_input` for 0 and for anything that is no whole number
 */
export function pageLimit(query: QueryParameters, maxLimit: number, noun: string): number {
  const text = query.get('limit');
  if (text === undefined) return maxLimit;
  if (!/^\d{1,15}$/.test(text)) {
    throw httpError('invalid_input', "Query parameter 'limit' must be a whole number");
  }
  if (Number(text) === 0) throw httpError('invalid_input', `${noun} limit must be greater than 0`);
  return Math.min(Number(text), maxLimit);
}

/** One annotation event as everybody sees it; absent members are left out. */
export interface AnnotationItem {
  readonly action: 'annotation.create' | 'annotation.delete';
  /** Creates only. */
  readonly id?: string;
  readonly annotationSerial: string;
  readonly messageSerial: string;
  readonly type: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly count?: number;
  /** JSON text; creates only. */
  readonly data?: string;
  /** Creates only. */
  readonly encoding?: string;
  readonly timestampMs: number;
}

/** JSON text of one event, in lists and in frames. */
export function encodeAnnotation(item: AnnotationItem): string {
  const isCreate = item.action === 'annotation.create';
  const head = JSON.stringify({
    action: item.action,
    id: isCreate ? item.id : undefined,
    serial: item.annotationSerial,
    messageSerial: item.messageSerial,
    type: item.type,
    name: item.name,
    clientId: item.clientId,
    count: item.count,
  });
  const data = isCreate && item.data !== undefined ? `,"data":${item.data}` : '';
  const encoding =
    isCreate && item.encoding !== undefined ? `,"encoding":${JSON.stringify(item.encoding)}` : '';
  return `${head.slice(0, -1)}${data}${encoding},"timestamp":${item.timestampMs}}`;
}

/** JSON text of a summary frame's data; `summary` is the JSON text of one type's summary. */
export const summaryData = (messageSerial: string, type: string, summary: string): string =>
  `{"action":"message.summary","serial":${JSON.stringify(messageSerial)},` +
  `"annotations":{"summary":{${JSON.stringify(type)}:${summary}}}}`;

/** Event of a summary frame. */
export const SUMMARY_EVENT = 'sockudo_internal:message';
/** Event of a raw annotation, for those who asked for them. */
export const ANNOTATION_EVENT = 'sockudo_internal:annotation';
/** The entry of a subscribe's `modes` that asks for raw annotations. */
export const ANNOTATION_MODE = 'ANNOTATION_SUBSCRIBE';

/** UTF-8 bytes of a summary's whole frame, as its limit counts them. */
export const summaryFrameBytes = (channel: string, data: string): number =>
  utf8Length(encodeV2({ event: SUMMARY_EVENT, channel, data, extras: '{"ephemeral":true}' }));

function countOf(body: JsonObject): number | undefined {
  const count = member(body, 'count') ?? undefined;
  if (count === undefined) return undefined;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw invalidShape("'count' must be a whole number");
  }
  if (count === 0) throw httpError('invalid_input', 'annotation count must be greater than 0');
  return count;
}

function optionalString(body: JsonObject, key: string): string | undefined {
  const value = member(body, key) ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw invalidShape(`'${key}' must be a string`);
  return value;
}
