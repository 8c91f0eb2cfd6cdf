/**
 * One page of a history asked for: page size, direction, bounds and cursor, from an HTTP query or from typed members, with
 * the recorded refusals. Serves the history of messages and of presence alike; `noun` tells them apart in the texts.
 * Must not know: logs, what a row holds.
 * Sources: http sheet 5.1 and 6, recordings history-bad-parameters, history-bounds, presence-history-refusals.
 */
import { httpError, ProtocolError } from './errors.ts';
import {
  type Direction,
  decodeCursor,
  encodeCursor,
  type HistoryBounds,
  type HistoryCursor,
  parseSerial,
} from './position.ts';
import type { QueryParameters } from './signing.ts';

/** What a request is about, and how it is refused. */
export interface HistoryScope {
  readonly appId: string;
  readonly channel: string;
  /** Rows of a page at most; larger wishes are cut without a word. */
  readonly maxLimit: number;
  /** Subject of the texts. */
  readonly noun: 'History' | 'Presence history';
  /** Default: 400 `invalid_input`. */
  readonly refuse?: (text: string) => ProtocolError;
}

/** The wish as it was given; absent = the default. */
export interface HistoryWish {
  readonly limit?: number;
  readonly direction?: Direction;
  /** Opaque text. */
  readonly cursor?: string;
  readonly bounds: HistoryBounds;
}

/** A checked request. */
export interface HistoryQuery {
  readonly limit: number;
  readonly direction: Direction;
  readonly bounds: HistoryBounds;
  /** Fits app, channel, direction and bounds; whether its stream and serial still exist is for the log to say. */
  readonly cursor: HistoryCursor | null;
}

export const NO_BOUNDS: HistoryBounds = {
  start_serial: null,
  end_serial: null,
  start_time_ms: null,
  end_time_ms: null,
};

const DIRECTIONS: ReadonlyMap<string, Direction> = new Map([
  ['newest_first', 'newest_first'],
  ['backwards', 'newest_first'],
  ['reverse', 'newest_first'],
  ['oldest_first', 'oldest_first'],
  ['forwards', 'oldest_first'],
  ['forward', 'oldest_first'],
]);

/** A direction by any of its words, in any case; null for others. */
export const parseDirection = (text: string): Direction | null => DIRECTIONS.get(text.toLowerCase()) ?? null;

/**
 * Reads the query of an HTTP request. `start` and `end` are short for the times; the long names win.
 * @throws ProtocolError 400 `invalid_input`
 */
export function parseHistoryQuery(query: QueryParameters, scope: HistoryScope): HistoryQuery {
  const limit = wholeNumber(query, 'limit');
  const bounds: HistoryBounds = {
    start_serial: serial(query, 'start_serial'),
    end_serial: serial(query, 'end_serial'),
    start_time_ms: wholeNumber(query, 'start_time_ms') ?? wholeNumber(query, 'start'),
    end_time_ms: wholeNumber(query, 'end_time_ms') ?? wholeNumber(query, 'end'),
  };
  if (limit !== null && limit < 0) throw notANumber('limit');
  if (limit === 0) throw httpError('invalid_input', `${scope.noun} limit must be greater than 0`);
  const word = query.get('direction');
  const direction = word === undefined ? undefined : parseDirection(word);
  if (direction === null) {
    throw httpError(
      'invalid_input',
      `Invalid direction '${word}'. Accepted values: newest_first, oldest_first, backwards, forwards`,
    );
  }
  const cursor = query.get('cursor');
  return historyQueryOf(
    {
      bounds,
      ...(limit !== null && { limit }),
      ...(direction !== undefined && { direction }),
      ...(cursor !== undefined && { cursor }),
    },
    scope,
  );
}

/**
 * Checks a wish: limit, bounds, then the cursor against all of them.
 * @throws ProtocolError as `scope.refuse` makes it
 */
export function historyQueryOf(wish: HistoryWish, scope: HistoryScope): HistoryQuery {
  const refuse = scope.refuse ?? invalidInput;
  const { bounds, direction = 'newest_first', limit = scope.maxLimit } = wish;
  if (limit < 1) throw refuse(`${scope.noun} limit must be greater than 0`);
  if (isReversed(bounds.start_serial, bounds.end_serial)) {
    throw refuse('start_serial must be less than or equal to end_serial');
  }
  if (isReversed(bounds.start_time_ms, bounds.end_time_ms)) {
    throw refuse('start_time_ms must be less than or equal to end_time_ms');
  }
  const query: HistoryQuery = { limit: Math.min(limit, scope.maxLimit), direction, bounds, cursor: null };
  if (wish.cursor === undefined) return query;
  return { ...query, cursor: fittingCursor(wish.cursor, query, scope, refuse) };
}

/** The cursor after a page whose last row has this serial. */
export function nextCursor(
  { appId, channel }: Pick<HistoryScope, 'appId' | 'channel'>,
  { direction, bounds }: HistoryQuery,
  streamId: string,
  serial: number,
): string {
  return encodeCursor({ version: 1, app_id: appId, channel, stream_id: streamId, serial, direction, bounds });
}

function fittingCursor(
  text: string,
  { direction, bounds }: HistoryQuery,
  { appId, channel, noun }: HistoryScope,
  refuse: (text: string) => ProtocolError,
): HistoryCursor {
  const cursor = readCursor(text, `Invalid ${noun.toLowerCase()} cursor`, refuse);
  const doesNotMatch = (what: string) => refuse(`${noun} cursor ${what} match the request`);
  if (cursor.app_id !== appId) throw doesNotMatch('app does not');
  if (cursor.channel !== channel) throw doesNotMatch('channel does not');
  if (cursor.direction !== direction) throw doesNotMatch('direction does not');
  if (!isSameBounds(cursor.bounds, bounds)) throw doesNotMatch('bounds do not');
  return cursor;
}

function readCursor(text: string, what: string, refuse: (text: string) => ProtocolError): HistoryCursor {
  try {
    return decodeCursor(text, what);
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    throw refuse(error.detail);
  }
}

const isSameBounds = (a: HistoryBounds, b: HistoryBounds): boolean =>
  a.start_serial === b.start_serial &&
  a.end_serial === b.end_serial &&
  a.start_time_ms === b.start_time_ms &&
  a.end_time_ms === b.end_time_ms;

const isReversed = (start: number | null, end: number | null): boolean =>
  start !== null && end !== null && start > end;

/** Null when absent. @throws ProtocolError 400 for anything but a whole number, the empty text included */
function wholeNumber(query: QueryParameters, name: string): number | null {
  const text = query.get(name);
  if (text === undefined) return null;
  if (!/^-?\d{1,16}$/.test(text)) throw notANumber(name);
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw notANumber(name);
  return number;
}

function serial(query: QueryParameters, name: string): number | null {
  const text = query.get(name);
  if (text === undefined) return null;
  const value = parseSerial(text);
  if (value === null) throw notANumber(name);
  return value;
}

const invalidInput = (text: string) => httpError('invalid_input', text);

const notANumber = (name: string) => invalidInput(`Query parameter '${name}' must be a whole number`);
