/**
 * Frames as they travel: decoding of inbound text into a checked object, encoding of what the client sends.
 * Must not know: channels, handlers, positions. Pure.
 * Sources: Pusher protocol ("events"); Sockudo protocol 2 envelope; divergences D86 (raw strings), D87 (either prefix).
 */
import {
  deltaMarksOf,
  isJsonObject,
  type JsonObject,
  member,
  stringMember,
  withoutDeltaMarks,
} from '@sockudo/protocol';
import type { EventNames } from './event-names.ts';

/** A serial as it came: a number, or decimal text where the number is above 2^53-1. */
export type Serial = number | string;

/** An inbound frame. `event` is spelled with the instance's own prefix; absent members were not on the wire. */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  /** Parsed where the wire carried JSON text, except for frames that keep raw strings (see keepsRawData). */
  readonly data: unknown;
  /** Original event name of a mutation frame. */
  readonly name?: string;
  readonly user_id?: string;
  readonly message_id?: string;
  readonly stream_id?: string;
  readonly serial?: Serial;
  readonly tags?: JsonObject;
  readonly extras?: JsonObject;
  /** Messages that can change: the text that `data` was parsed from, where it was. Appends add to it. */
  readonly rawData?: string;
  /** On whole messages of a series of deltas (protocol 2). */
  readonly base?: DeltaBase;
}

/** A whole message as the base of later deltas. */
export interface DeltaBase {
  readonly seq: number;
  readonly conflationKey?: string;
  /** The frame exactly as it came, without the marks that make it a base. */
  readonly text: string;
}

/** Inbound text that is no frame. `text` is what came, cut to 200 characters. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly text: string;
  constructor(message: string, text: string, cause?: unknown) {
    super(message, { cause });
    this.text = text.slice(0, 200);
  }
}

/**
 * True for events whose string data is handed over untouched: AI events and mutations carry text that merely may look like
 * JSON (a streamed "5" must not become the number 5; divergence D86).
 */
export const keepsRawData = (event: string, names: EventNames): boolean =>
  event.startsWith('ai-') || event.startsWith(names.platform('message.'));

/**
 * True for published messages and what happens to them (mutations, annotations); false for the talk about a connection or one
 * subscription: acknowledgements, members, cache misses, errors.
 */
export const isPublished = (event: string, names: EventNames): boolean =>
  !names.isProtocol(event) ||
  event.startsWith(names.platform('message.')) ||
  event === names.internal('message') ||
  event === names.internal('annotation');

/**
 * Decodes one text frame.
 * @throws FrameError when the text is not JSON, not an object or has no `event`
 */
export function decodeFrame(text: string, names: EventNames): Frame {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new FrameError('Frame is not JSON', text, cause);
  }
  const given = isJsonObject(value) ? stringMember(value, 'event') : undefined;
  if (!isJsonObject(value) || given === undefined) throw new FrameError('Frame has no event', text);
  const event = names.inbound(given);
  const raw = member(value, 'data');
  const data = typeof raw === 'string' && !keepsRawData(event, names) ? parseText(raw) : raw;
  const marks = deltaMarksOf(value);
  return {
    event,
    data,
    ...envelopeOf(value),
    ...(typeof raw === 'string' && data !== raw && canChange(value) && { rawData: raw }),
    ...(marks !== null && { base: { ...marks, text: withoutDeltaMarks(text) } }),
  };
}

/** True for messages with versions. */
function canChange(value: JsonObject): boolean {
  const extras = member(value, 'extras');
  const headers = isJsonObject(extras) ? member(extras, 'headers') : undefined;
  return isJsonObject(headers) && stringMember(headers, 'sockudo_message_serial') !== undefined;
}

function envelopeOf(value: JsonObject): Omit<Frame, 'event' | 'data'> {
  const channel = stringMember(value, 'channel');
  const name = stringMember(value, 'name');
  const userId = stringMember(value, 'user_id');
  const messageId = stringMember(value, 'message_id');
  const streamId = stringMember(value, 'stream_id');
  const serial = member(value, 'serial');
  const tags = member(value, 'tags');
  const extras = member(value, 'extras');
  return {
    ...(channel !== undefined && { channel }),
    ...(name !== undefined && { name }),
    ...(userId !== undefined && { user_id: userId }),
    ...(messageId !== undefined && { message_id: messageId }),
    ...(streamId !== undefined && { stream_id: streamId }),
    ...((typeof serial === 'number' || typeof serial === 'string') && { serial }),
    ...(isJsonObject(tags) && { tags }),
    ...(isJsonObject(extras) && { extras }),
  };
}

/** JSON text becomes its value, any other text stays text (as in pusher-js). */
export function parseText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Safe: plain text is legitimate data.
    return text;
  }
}

const LONG_SERIAL = /("[a-z_]*serial"\s*:\s*)(\d{16,20})(?=\s*[,}\]])/g;

/**
 * JSON.parse that keeps serials above 2^53-1 exact, as decimal text. The pattern can't begin inside a JSON string: there every
 * quote has a backslash before it.
 */
function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const exact = text.replace(LONG_SERIAL, (whole, key: string, digits: string) =>
    Number.isSafeInteger(Number(digits)) ? whole : `${key}"${digits}"`,
  );
  return JSON.parse(exact);
}

/** Text of an outbound frame. `channel` is left out when absent; `undefined` members of `data` are left out too. */
export const encodeFrame = (event: string, data: unknown, channel?: string): string =>
  JSON.stringify(channel === undefined ? { event, data } : { event, data, channel });
