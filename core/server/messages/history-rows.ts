// The rows of a page of history as JSON texts: read from the log and encoded, or, where nothing has changed in the channel, taken
// from the texts of pages before. HTTP answers and `channel_history` frames differ in a few words, as recorded from Sockudo
// (http.md 5.1, realtime.md 6.5).
import type { ChannelKey, Gap, Position, ReadRange, StreamState } from '../ports/channel-log.ts';
import { unchangedWindow } from '../ports/history-range.ts';
import type { HistoryRow, MessageLog } from '../ports/message-log.ts';
import { encodePlain, versionBytes, versionEncoder } from './message-json.ts';
import type { RowTexts } from './row-texts.ts';
import { type ShownVersion, shownRow } from './shown-version.ts';

type RowsLog = Pick<MessageLog, 'rows'>;

export interface PageRows {
  readonly kind: 'page';
  /** In the order of the page. */
  readonly texts: readonly string[];
  /** Serial of the last one. */
  readonly lastSerial: number | null;
  readonly more: boolean;
  /** Of the log when the rows were read. */
  readonly head: Position;
}

/** @param isSocket for a frame */
export async function readRows(
  log: RowsLog,
  key: ChannelKey,
  range: ReadRange,
  isSocket: boolean,
): Promise<PageRows | Gap> {
  const result = await log.rows(key, range);
  if (result.kind === 'gap') return result;
  const { rows, more, head } = result;
  const encode = rowEncoder(key, head.streamId, isSocket);
  return { kind: 'page', texts: rows.map(encode), lastSerial: rows.at(-1)?.entry.serial ?? null, more, head };
}

/**
 * Rows of an HTTP answer in a channel where nothing has changed: reads only what `kept` does not have, and leaves it there.
 * @param state of the log now
 * @returns null where something has changed, or does while this reads: then `readRows` has to
 */
export async function readUnchangedRows(
  log: RowsLog,
  key: ChannelKey,
  range: ReadRange,
  state: StreamState,
  kept: RowTexts,
): Promise<PageRows | null> {
  const window = unchangedWindow(range, state);
  if (window === null) return null;
  const { head } = state;
  const isOldestFirst = range.direction === 'oldest-first';
  const more = window.high - window.low >= range.limit;
  const low = more && !isOldestFirst ? window.high - range.limit + 1 : window.low;
  const high = more && isOldestFirst ? window.low + range.limit - 1 : window.high;
  const channel = JSON.stringify([key.appId, key.channel]);
  const known = kept.of(channel, head.streamId);
  const missing = missingIn(known, low, high);
  const fresh = missing === null ? NO_TEXTS : await readFresh(log, key, missing, head);
  if (fresh === null) return null;
  const texts: string[] = [];
  for (let serial = low; serial <= high; serial += 1) {
    // What was known may have made room for others meanwhile.
    const text = known.get(serial) ?? fresh.get(serial);
    if (text === undefined) return null;
    texts.push(text);
  }
  kept.add(channel, head.streamId, fresh);
  if (!isOldestFirst) texts.reverse();
  const lastSerial = texts.length === 0 ? null : isOldestFirst ? high : low;
  return { kind: 'page', texts, lastSerial, more, head };
}

const NO_TEXTS: ReadonlyMap<number, string> = new Map();

interface Serials {
  readonly low: number;
  readonly high: number;
}

/** The serials around all that are not known; null: all are. */
function missingIn(known: ReadonlyMap<number, string>, low: number, high: number): Serials | null {
  let first = low;
  while (first <= high && known.has(first)) first += 1;
  if (first > high) return null;
  let last = high;
  while (known.has(last)) last -= 1;
  return { low: first, high: last };
}

/** Null: the log is not as it was. */
async function readFresh(
  log: RowsLog,
  key: ChannelKey,
  { low, high }: Serials,
  head: Position,
): Promise<ReadonlyMap<number, string> | null> {
  const limit = high - low + 1;
  const result = await log.rows(key, { direction: 'oldest-first', limit, startSerial: low, endSerial: high });
  if (result.kind === 'gap') return null;
  if (result.head.streamId !== head.streamId || result.head.serial !== head.serial) return null;
  const encode = rowEncoder(key, head.streamId, false);
  return new Map(result.rows.map((row) => [row.entry.serial, flat(encode(row))]));
}

/** The same text in one piece: texts that were put together hold all their parts until somebody reads them. */
function flat(text: string): string {
  Buffer.byteLength(text);
  return text;
}

function rowEncoder(
  { channel }: ChannelKey,
  streamId: string,
  isSocket: boolean,
): (row: HistoryRow) => string {
  const encode = versionEncoder(channel, isSocket ? streamId : undefined);
  const begin = `{"stream_id":${JSON.stringify(streamId)},"serial":`;
  return (row) => begin + encodeRow(row, encode, isSocket);
}

/** A row from its serial on. */
function encodeRow(row: HistoryRow, encode: (shown: ShownVersion) => string, isSocket: boolean): string {
  const { entry } = row;
  const shown = shownRow(row);
  const message = shown === null ? encodePlain(entry) : encode(shown);
  const bytes = shown === null ? Buffer.byteLength(message) : versionBytes(message, shown);
  const event = shown === null ? JSON.stringify(entry.event) : `"sockudo:message.${shown.action}"`;
  // Of a message without versions the word means that the row was appended to the log.
  const kind = shown === null ? 'append' : isSocket ? shown.action : `message.${shown.action}`;
  return (
    `${entry.serial},"published_at_ms":${entry.publishedAtMs},` +
    `"message_id":${JSON.stringify(entry.messageId ?? null)},"event_name":${event},` +
    `"operation_kind":"${kind}","payload_size_bytes":${bytes},"message":${message}}`
  );
}
