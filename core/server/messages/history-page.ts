// A page of a channel's history: its rows, with what stands around them, as the JSON of an HTTP answer or of a `channel_history`
// frame. How a row reads is written in history-rows.ts.
import { type HistoryBounds, type HistoryQuery, nextCursor, type ProtocolError } from '@sockudo/protocol';
import type { ChannelKey, ChannelLog, StreamState } from '../ports/channel-log.ts';
import { isTruncated, rangeOf } from '../ports/history-range.ts';
import type { MessageLog } from '../ports/message-log.ts';
import { type PageRows, readRows, readUnchangedRows } from './history-rows.ts';
import type { RowTexts } from './row-texts.ts';

/** The part of the log that pages are read from. */
export type HistoryLog = Pick<ChannelLog, 'state' | 'durability'> & Pick<MessageLog, 'rows'>;

export interface HistoryPage {
  readonly key: ChannelKey;
  readonly query: HistoryQuery;
  readonly rows: PageRows;
  readonly state: StreamState;
  readonly durability: ChannelLog['durability'];
  /** All rows were taken by their serials. */
  readonly isUnchanged: boolean;
}

export interface HistoryPageRequest {
  readonly key: ChannelKey;
  readonly query: HistoryQuery;
  /** As it was read before; read again where the channel has changed since. */
  readonly state: StreamState;
  /** Where rows of an HTTP answer are kept; null: for a frame. */
  readonly kept: RowTexts | null;
  /** Makes the error for a cursor that can no longer be continued. */
  refuse(text: string): ProtocolError;
}

/** @throws ProtocolError as `refuse` makes it */
export async function readHistoryPage(log: HistoryLog, request: HistoryPageRequest): Promise<HistoryPage> {
  const { key, query, state, kept } = request;
  const { durability } = log;
  const range = rangeOf(query);
  if (kept !== null) {
    const rows = await readUnchangedRows(log, key, range, state, kept);
    if (rows !== null) return { key, query, rows, state, durability, isUnchanged: true };
  }
  const rows = await readRows(log, key, range, kept === null);
  if (rows.kind === 'gap') throw request.refuse(GAP_TEXTS[rows.reason]);
  const { head } = rows;
  const isCurrent = head.streamId === state.head.streamId && head.serial === state.head.serial;
  const current = isCurrent ? state : await log.state(key);
  return { key, query, rows, state: current, durability, isUnchanged: false };
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
  const { key, query } = page;
  const { texts, lastSerial, more, head } = page.rows;
  const cursor = !more || lastSerial === null ? null : nextCursor(key, query, head.streamId, lastSerial);
  return (
    `{"items":[${texts.join(',')}],"direction":"${query.direction}","limit":${query.limit},"has_more":${more},` +
    `"next_cursor":${JSON.stringify(cursor)},"bounds":${encodeBounds(query.bounds, attach)},` +
    `"continuity":${JSON.stringify(continuityOf(page))},"stream_state":${JSON.stringify(streamStateOf(page))}}`
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

function continuityOf({ query, rows, state }: HistoryPage) {
  const truncated = isTruncated(query.bounds, state);
  return {
    ...retainedOf(state),
    complete: !rows.more && !truncated,
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
