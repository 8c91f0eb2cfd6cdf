// A page of a channel's history: read from the log, with what stands around it, and as the JSON of an HTTP answer or of a
// `channel_history` frame. The two differ in a few words, as recorded from Sockudo (http.md 5.1, realtime.md 6.5).
import { type HistoryBounds, type HistoryQuery, nextCursor, type ProtocolError } from '@sockudo/protocol';
import type { ChannelKey, ChannelLog, Position, StreamState } from '../ports/channel-log.ts';
import { isTruncated, rangeOf } from '../ports/history-range.ts';
import type { HistoryRow, MessageLog } from '../ports/message-log.ts';
import { encodePlain, versionBytes, versionEncoder } from './message-json.ts';
import { type ShownVersion, shownRow } from './shown-version.ts';

/** The part of the log that pages are read from. */
export type HistoryLog = Pick<ChannelLog, 'state' | 'durability'> & Pick<MessageLog, 'rows'>;

export interface HistoryPage {
  readonly key: ChannelKey;
  readonly query: HistoryQuery;
  readonly rows: readonly HistoryRow[];
  readonly more: boolean;
  /** Of the log when the rows were read. */
  readonly head: Position;
  readonly state: StreamState;
  readonly durability: ChannelLog['durability'];
}

/**
 * @param state as it was read before; read again where the channel has changed since
 * @param refuse makes the error for a cursor that can no longer be continued
 * @throws ProtocolError as `refuse` makes it
 */
export async function readHistoryPage(
  log: HistoryLog,
  key: ChannelKey,
  query: HistoryQuery,
  state: StreamState,
  refuse: (text: string) => ProtocolError,
): Promise<HistoryPage> {
  const result = await log.rows(key, rangeOf(query));
  if (result.kind === 'gap') throw refuse(GAP_TEXTS[result.reason]);
  const { rows, more, head } = result;
  const isCurrent = head.streamId === state.head.streamId && head.serial === state.head.serial;
  const { durability } = log;
  return { key, query, rows, more, head, state: isCurrent ? state : await log.state(key), durability };
}

const GAP_TEXTS = {
  'other-stream': 'History cursor belongs to a stream that was reset',
  trimmed: 'History cursor is older than the retained history',
  ahead: 'History cursor is ahead of the stream',
} as const;

/** What a `channel_history` frame has besides: whether the page ends at the subscription's attach serial (divergence D41). */
export interface AttachBound {
  readonly attachSerial: number | null;
}

/** JSON text of the page; `attach`: over a socket. */
export function encodeHistoryPage(page: HistoryPage, attach?: AttachBound): string {
  const { key, query, rows, more } = page;
  const { streamId } = page.head;
  const encode = versionEncoder(key.channel, attach === undefined ? undefined : streamId);
  const begin = `{"stream_id":${JSON.stringify(streamId)},"serial":`;
  const items = rows.map((row) => begin + encodeRow(row, encode, attach !== undefined));
  const last = more ? rows.at(-1) : undefined;
  const cursor = last === undefined ? null : nextCursor(key, query, streamId, last.entry.serial);
  return (
    `{"items":[${items.join(',')}],"direction":"${query.direction}","limit":${query.limit},"has_more":${more},` +
    `"next_cursor":${JSON.stringify(cursor)},"bounds":${encodeBounds(query.bounds, attach)},` +
    `"continuity":${JSON.stringify(continuityOf(page))},"stream_state":${JSON.stringify(streamStateOf(page))}}`
  );
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

function encodeBounds(bounds: HistoryBounds, attach: AttachBound | undefined): string {
  const { start_serial, end_serial, start_time_ms, end_time_ms } = bounds;
  return JSON.stringify({
    start_serial,
    end_serial,
    start_time_ms,
    end_time_ms,
    ...(attach !== undefined && {
      until_attach: attach.attachSerial !== null,
      attach_serial: attach.attachSerial,
    }),
  });
}

function continuityOf({ query, more, state }: HistoryPage) {
  const truncated = isTruncated(query.bounds, state);
  return {
    ...retainedOf(state),
    complete: !more && !truncated,
    truncated_by_retention: truncated,
  };
}

/** What is retained, in wire spelling. */
function retainedOf(state: StreamState) {
  return {
    stream_id: state.head.streamId,
    oldest_available_serial: state.oldestSerial,
    newest_available_serial: state.newestSerial,
    oldest_available_published_at_ms: state.oldestPublishedAtMs,
    newest_available_published_at_ms: state.newestPublishedAtMs,
    retained_messages: state.messages,
    retained_bytes: state.bytes,
  };
}

/** Health of the stream. A failed write is refused to its publisher and leaves no trace (divergence D30): always healthy. */
function streamStateOf({ state, durability }: Pick<HistoryPage, 'state' | 'durability'>) {
  const source = durability === 'memory' ? 'in_memory' : 'durable_store';
  return {
    stream_id: state.head.streamId,
    durable_state: 'healthy',
    recovery_allowed: true,
    reset_required: false,
    reason: null,
    node_id: null,
    last_transition_at_ms: null,
    authoritative_source: source,
    observed_source: source,
  };
}

/** A channel's stream as `GET …/history/state` and the answers to reset and purge show it. */
export function encodeStream(state: StreamState, durability: ChannelLog['durability']): string {
  return JSON.stringify({
    stream_id: state.head.streamId,
    next_serial: state.head.serial + 1,
    retained: retainedOf(state),
    state: streamStateOf({ state, durability }),
  });
}
