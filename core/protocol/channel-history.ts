/**
 * `channel_history` over a socket: what a client sends, and the frame that answers it.
 * Must not know: connections, logs, what a row holds.
 * Sources: realtime sheet 6.5, recordings ws-history-*, divergences D40, D41.
 */
import { encodeV2 } from './encode.ts';
import { invalidMessage } from './errors.ts';
import { type HistoryWish, parseDirection } from './history-query.ts';
import { isJsonObject, type JsonObject, member, tryParseJson } from './json.ts';
import { type Direction, parseSerial } from './position.ts';

/** A request as it was sent; whether its limit and cursor fit is for historyQueryOf to say. */
export interface ChannelHistoryRequest extends HistoryWish {
  readonly channel: string;
  /** Only what lies at or before this subscription's attach serial. */
  readonly untilAttach: boolean;
}

/**
 * Reads the data of a `channel_history`: an object, a string holding its JSON, or either with the members under `params`, which
 * win over those beside it.
 * @throws ProtocolError 4000 `Invalid message format: …`
 */
export function parseChannelHistory(data: unknown): ChannelHistoryRequest {
  const value = objectOf(data);
  const params = member(value, 'params');
  const get = (...names: readonly string[]): unknown => {
    for (const object of isJsonObject(params) ? [params, value] : [value]) {
      for (const name of names) {
        const given = member(object, name);
        if (given !== undefined && given !== null) return given;
      }
    }
    return undefined;
  };
  const channel = get('channel');
  if (typeof channel !== 'string') throw invalidMessage('Missing channel in channel_history message');
  return { channel, ...wishOf(get), untilAttach: flag(get('until_attach', 'untilAttach')) };
}

function objectOf(data: unknown): JsonObject {
  if (data === undefined || data === null) throw invalidMessage('Missing data in channel_history message');
  const value = typeof data === 'string' ? tryParseJson(data) : data;
  if (value === undefined) throw invalidMessage('Invalid channel_history data JSON: not JSON');
  if (!isJsonObject(value)) throw invalidMessage('Missing channel in channel_history message');
  return value;
}

function wishOf(get: (...names: readonly string[]) => unknown): HistoryWish {
  const limit = get('limit');
  const direction = directionOf(get('direction'));
  const cursor = get('cursor');
  if (cursor !== undefined && typeof cursor !== 'string') throw invalidMessage('cursor must be a string');
  return {
    bounds: {
      start_serial: serial('start_serial', get('start_serial', 'start')),
      end_serial: serial('end_serial', get('end_serial', 'end')),
      start_time_ms: wholeNumber('start_time_ms', get('start_time_ms')),
      end_time_ms: wholeNumber('end_time_ms', get('end_time_ms')),
    },
    ...(limit !== undefined && { limit: wholeNumber('limit', limit) ?? 0 }),
    ...(direction !== undefined && { direction }),
    ...(cursor !== undefined && { cursor }),
  };
}

function directionOf(given: unknown): Direction | undefined {
  if (given === undefined) return undefined;
  const direction = typeof given === 'string' ? parseDirection(given) : null;
  if (direction === null) throw invalidMessage(`Unsupported history direction: ${String(given)}`);
  return direction;
}

function serial(name: string, given: unknown): number | null {
  if (given === undefined) return null;
  const value = parseSerial(given);
  if (value === null) throw invalidMessage(`${name} must be a whole number`);
  return value;
}

/** Numbers and, as for serials, their decimal text. */
function wholeNumber(name: string, given: unknown): number | null {
  if (given === undefined) return null;
  const value = typeof given === 'string' && /^-?\d{1,16}$/.test(given) ? Number(given) : given;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw invalidMessage(`${name} must be a whole number`);
  }
  return value;
}

function flag(given: unknown): boolean {
  if (given === undefined) return false;
  if (typeof given !== 'boolean') throw invalidMessage('until_attach must be a boolean');
  return given;
}

/** The answer (OBJ); `page` is the JSON text of its data. */
export const channelHistoryFrame = (channel: string, page: string, messageId: string | undefined): string =>
  encodeV2({ event: 'sockudo:channel_history', channel, data: page, messageId });

/** How a rewind went; members in wire spelling and order. */
export interface RewindComplete {
  readonly historical_count: number;
  readonly live_count: number;
  readonly complete: boolean;
  readonly truncated_by_retention: boolean;
  readonly truncated_by_limit: boolean;
}

/** `rewind_complete` (OBJ), the frame after the last rewound and held message. */
export const rewindCompleteFrame = (
  channel: string,
  result: RewindComplete,
  messageId: string | undefined,
): string =>
  encodeV2({
    event: 'sockudo:rewind_complete',
    channel,
    data: JSON.stringify({
      historical_count: result.historical_count,
      live_count: result.live_count,
      complete: result.complete,
      truncated_by_retention: result.truncated_by_retention,
      truncated_by_limit: result.truncated_by_limit,
    }),
    messageId,
  });
