/**
 * Places in a channel's log: positions, serials as they come over the wire, paging cursors, version serials.
 * Must not know: stores. All functions are pure except the generator, which holds only its last value.
 * Sources: http sheet 5.1 (cursor), 7 (version serials), divergences D34, D43.
 */
import { httpError } from './errors.ts';
import { CURSOR_MAX_BYTES, SERIAL_MAX_BYTES } from './limits.ts';
import { utf8Encode, utf8Length } from './text.ts';

/** A place in one stream. `serial` counts from 1; 0 = before the first message. Another `streamId` = continuity is lost. */
export interface Position {
  readonly streamId: string;
  readonly serial: number;
}

/**
 * A serial as clients send it: a whole number >= 0 or its decimal text (divergence D34). Values above 2^53-1, which no stream
 * of ours reaches, become Number.MAX_SAFE_INTEGER: ahead of every head. Null for anything else.
 */
export function parseSerial(value: unknown): number | null {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0) return null;
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return null;
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

export type Direction = 'newest_first' | 'oldest_first';

/** Bounds of a history request; null = open. All inclusive. */
export interface HistoryBounds {
  readonly start_serial: number | null;
  readonly end_serial: number | null;
  readonly start_time_ms: number | null;
  readonly end_time_ms: number | null;
}

/** Content of a paging cursor, in wire spelling. `serial` is exclusive: the next page starts after it. */
export interface HistoryCursor {
  readonly version: 1;
  readonly app_id: string;
  readonly channel: string;
  readonly stream_id: string;
  readonly serial: number;
  readonly direction: Direction;
  readonly bounds: HistoryBounds;
}

/** URL-safe text of a cursor: base64url without padding of its JSON. */
export const encodeCursor = (cursor: HistoryCursor): string =>
  base64UrlEncode(utf8Encode(JSON.stringify(cursor)));

/**
 * Reads a cursor. Whether it fits the request is the caller's question.
 * @param what first words of the error text, e.g. `Invalid history cursor`
 * @throws ProtocolError 400 `invalid_input` `WHAT: …` when it is too long, no base64url, no JSON or of the wrong shape.
 */
export function decodeCursor(text: string, what = 'Invalid history cursor'): HistoryCursor {
  const refuse = (why: string) => httpError('invalid_input', `${what}: ${why}`);
  if (text.length > CURSOR_MAX_BYTES) throw refuse(`longer than ${CURSOR_MAX_BYTES} bytes`);
  const bytes = base64UrlDecode(text);
  if (bytes === null) throw refuse('not base64url');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse('not JSON');
  }
  const cursor = cursorFrom(value);
  if (cursor === null) throw refuse('unknown shape');
  return cursor;
}

function cursorFrom(value: unknown): HistoryCursor | null {
  if (typeof value !== 'object' || value === null) return null;
  // CAST: members of an unknown object are read as unknown and checked below.
  const given = value as Partial<Record<keyof HistoryCursor, unknown>>;
  const bounds = boundsFrom(given.bounds);
  const { version, app_id, channel, stream_id, serial, direction } = given;
  if (
    version !== 1 ||
    typeof app_id !== 'string' ||
    typeof channel !== 'string' ||
    typeof stream_id !== 'string' ||
    typeof serial !== 'number' ||
    !Number.isSafeInteger(serial) ||
    serial < 0 ||
    (direction !== 'newest_first' && direction !== 'oldest_first') ||
    bounds === null
  ) {
    return null;
  }
  return { version, app_id, channel, stream_id, serial, direction, bounds };
}

function boundsFrom(value: unknown): HistoryBounds | null {
  if (typeof value !== 'object' || value === null) return null;
  // CAST: members of an unknown object are read as unknown and checked below.
  const given = value as Partial<Record<keyof HistoryBounds, unknown>>;
  const isBound = (x: unknown): x is number | null =>
    x === null || (typeof x === 'number' && Number.isSafeInteger(x));
  const { start_serial, end_serial, start_time_ms, end_time_ms } = given;
  if (!isBound(start_serial) || !isBound(end_serial) || !isBound(start_time_ms) || !isBound(end_time_ms))
    return null;
  return { start_serial, end_serial, start_time_ms, end_time_ms };
}

/** True for a message or version serial a client may name: 1-128 bytes without white space. */
export const isSerialText = (text: string): boolean =>
  text !== '' && !/\s/.test(text) && utf8Length(text) <= SERIAL_MAX_BYTES;

/** Parts of a version serial `‹ms, 20 digits›:‹node›.‹serial of the create›:‹counter, 20 digits›`. */
export interface VersionSerial {
  readonly timestampMs: number;
  readonly nodeId: string;
  /** Serial of the message's create: where the message is found, without an index over texts. */
  readonly historySerial: number;
  readonly counter: number;
}

/** Text of a version serial; texts of one message and node sort as their parts do. */
export const formatVersionSerial = (serial: VersionSerial): string =>
  `${pad20(serial.timestampMs)}:${serial.nodeId}.${serial.historySerial}:${pad20(serial.counter)}`;

const VERSION_SERIAL = /^(\d{20}):([A-Za-z0-9._-]+)\.(\d{1,16}):(\d{20})$/;

/** Reads a version serial made by formatVersionSerial; null for foreign texts. */
export function parseVersionSerial(text: string): VersionSerial | null {
  const match = VERSION_SERIAL.exec(text);
  const [, milliseconds, nodeId, historySerial, counter] = match ?? [];
  if (milliseconds === undefined || nodeId === undefined || historySerial === undefined) return null;
  return {
    timestampMs: Number(milliseconds),
    nodeId,
    historySerial: Number(historySerial),
    counter: Number(counter),
  };
}

/** Serial of the create that a message or version serial names; null for texts that no server of this kind made. */
export function historySerialOf(versionSerial: string): number | null {
  // Asked for every append: the other parts, long numbers, would cost as much again.
  const match = VERSION_SERIAL.exec(versionSerial);
  return match === null ? null : Number(match[3]);
}

/** Plain text order, as the protocol defines it: negative, 0 or positive. */
export const compareVersionSerials = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Makes version serials, each unique and, for one message, each above the one before. */
export interface VersionSerials {
  /**
   * @param historySerial serial of the message's create
   * @param above the message's current version serial, whichever node made it; absent for a create
   */
  next(historySerial: number, above?: string): string;
}

/**
 * A generator of version serials for one node: growing as text, whatever the clock does (divergence D43).
 * @param nodeId 1 to 60 of `A-Z a-z 0-9 . _ -`; no two nodes share one at the same time
 * @param now milliseconds since the epoch
 */
export function createVersionSerials(nodeId: string, now: () => number): VersionSerials {
  if (!/^[A-Za-z0-9._-]{1,60}$/.test(nodeId)) {
    throw new RangeError('node id must be 1-60 letters, digits, dots, hyphens or underscores');
  }
  let lastMs = 0;
  let counter = 0;
  const make = (historySerial: number): string => {
    counter += 1;
    return formatVersionSerial({ timestampMs: lastMs, nodeId, historySerial, counter });
  };
  return {
    next(historySerial, above) {
      lastMs = Math.max(lastMs, Math.floor(now()));
      const serial = make(historySerial);
      if (above === undefined || serial > above) return serial;
      // Another node's clock was ahead: one millisecond above, neither its id nor its counter can sort behind.
      lastMs = (parseVersionSerial(above)?.timestampMs ?? lastMs) + 1;
      return make(historySerial);
    },
  };
}

const pad20 = (value: number): string => String(value).padStart(20, '0');

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const DIGITS: ReadonlyMap<string, number> = new Map(
  [...ALPHABET].map((character, value) => [character, value]),
);

/** base64url without padding (RFC 4648 section 5). */
export function base64UrlEncode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = Math.min(3, bytes.length - i);
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k <= left; k++) text += ALPHABET.charAt((word >> (18 - 6 * k)) & 63);
  }
  return text;
}

/** Decodes base64url without padding; null for any other character or an impossible length. */
export function base64UrlDecode(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let length = 0;
  for (const character of text) {
    const digit = DIGITS.get(character);
    if (digit === undefined) return null;
    word = ((word << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (word >> bits) & 0xff;
  }
  return bytes;
}
