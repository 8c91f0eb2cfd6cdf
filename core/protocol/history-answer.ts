/**
 * What a reader gets of histories: pages, states, and the answers to reset and purge, of messages and of presence, checked as far
 * as an SDK relies on them. Members stand as on the wire; what this version does not know stays on the objects.
 * Must not know: requests, logs.
 * Sources: http sheet 5 and 6, realtime sheet 6.5.
 */
import { isJsonObject, type JsonObject, member, stringMember } from './json.ts';
import { isListOf, type MessageVersion } from './message-answer.ts';
import type { Direction, HistoryBounds } from './position.ts';

/** A message that has no versions, as it was delivered. */
export interface PlainMessage {
  readonly event: string;
  readonly channel: string;
  readonly data?: unknown;
  readonly user_id?: string;
  readonly message_id?: string;
  readonly stream_id?: string;
  readonly serial?: number | string;
  readonly tags?: JsonObject;
  readonly extras?: JsonObject;
}

/** A row of a history: one for each message, at its create's place, showing the message as it stands. */
export interface HistoryItem {
  readonly stream_id: string;
  readonly serial: number | string;
  readonly published_at_ms: number;
  readonly message_id: string | null;
  readonly event_name: string | null;
  readonly operation_kind: string;
  readonly payload_size_bytes: number;
  /** With `message_serial` where messages can change: see `isMessageVersion`. */
  readonly message: MessageVersion | PlainMessage;
}

interface Retained {
  readonly stream_id: string | null;
  readonly oldest_available_serial: number | string | null;
  readonly newest_available_serial: number | string | null;
  readonly oldest_available_published_at_ms: number | null;
  readonly newest_available_published_at_ms: number | null;
  readonly retained_bytes: number;
}

interface StreamHealth {
  readonly stream_id: string | null;
  readonly durable_state: 'healthy' | 'degraded' | 'reset_required';
  readonly reset_required: boolean;
  readonly reason: string | null;
  readonly node_id: string | null;
  readonly last_transition_at_ms: number | null;
  readonly authoritative_source: string;
  readonly observed_source: string;
}

interface PageAnswer<Item> {
  readonly items: readonly Item[];
  readonly direction: Direction;
  readonly limit: number;
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** `GET …/history`, and the data of a `channel_history` frame. */
export interface HistoryAnswer extends PageAnswer<HistoryItem> {
  /** The last two only over a socket. */
  readonly bounds: HistoryBounds & {
    readonly until_attach?: boolean;
    readonly attach_serial?: number | null;
  };
  readonly continuity: Retained & {
    readonly retained_messages: number;
    /** Nothing follows, and nothing that was asked for has gone. */
    readonly complete: boolean;
    readonly truncated_by_retention: boolean;
  };
  readonly stream_state: StreamHealth & { readonly recovery_allowed: boolean };
}

/** The `stream` of a state, a reset and a purge. */
export interface HistoryStream {
  readonly stream_id: string | null;
  readonly next_serial: number | null;
  readonly retained: Retained & { readonly retained_messages: number };
  readonly state: HistoryAnswer['stream_state'];
}

/** `GET …/history/state`. */
export interface HistoryStateAnswer {
  readonly channel: string;
  readonly stream: HistoryStream;
}

interface CutAnswer {
  readonly ok: boolean;
  readonly channel: string;
  readonly reason: string;
  readonly requested_by: string | null;
  readonly purged_bytes: number;
}

interface StreamChange {
  readonly operation: 'reset';
  readonly previous_stream_id: string | null;
  readonly new_stream_id: string;
}

/** `POST …/history/reset`. */
export interface HistoryResetAnswer extends CutAnswer, StreamChange {
  readonly purged_messages: number;
  readonly stream: HistoryStream;
}

/** `POST …/history/purge`. */
export interface HistoryPurgeAnswer extends CutAnswer {
  readonly operation: 'purge';
  readonly mode: 'all' | 'before_serial' | 'before_time_ms';
  readonly before_serial: number | null;
  readonly before_time_ms: number | null;
  readonly purged_messages: number;
  readonly stream: HistoryStream;
}

/** Somebody came, changed or left. */
export interface PresenceHistoryItem {
  readonly stream_id: string;
  readonly serial: number;
  readonly published_at_ms: number;
  readonly event: 'member_added' | 'member_updated' | 'member_removed';
  /** `join`, `disconnect`, `timeout`, `forced_disconnect`, `orphan_cleanup`. */
  readonly cause: string;
  readonly user_id: string;
  readonly connection_id: string | null;
  readonly dead_node_id: string | null;
  readonly payload_size_bytes: number;
  readonly presence_event: JsonObject & { readonly user_info?: unknown };
}

type PresenceRetained = Retained & { readonly retained_events: number };

/** `GET …/presence/history`. */
export interface PresenceHistoryAnswer extends PageAnswer<PresenceHistoryItem> {
  readonly bounds: HistoryBounds;
  readonly continuity: PresenceRetained & {
    readonly degraded: boolean;
    readonly complete: boolean;
    readonly truncated_by_retention: boolean;
  };
  readonly stream_state: StreamHealth & { readonly continuity_proven: boolean };
}

export interface PresenceStream {
  readonly stream_id: string | null;
  readonly next_serial: number | null;
  readonly retained: PresenceRetained;
  readonly state: PresenceHistoryAnswer['stream_state'];
}

/** `GET …/presence/history/state`. */
export interface PresenceStateAnswer {
  readonly channel: string;
  readonly stream: PresenceStream;
}

/** `POST …/presence/history/reset`. */
export interface PresenceResetAnswer extends CutAnswer, StreamChange {
  readonly purged_events: number;
  readonly stream: PresenceStream;
}

/** `GET …/presence/history/snapshot`: who was there, sorted by id. */
export interface PresenceSnapshotAnswer {
  readonly channel: string;
  readonly members: readonly {
    readonly user_id: string;
    readonly last_event: PresenceHistoryItem['event'];
    readonly last_event_serial: number;
    readonly last_event_at_ms: number;
  }[];
  readonly member_count: number;
  readonly events_replayed: number;
  readonly snapshot_serial: number | null;
  readonly snapshot_time_ms: number | null;
  readonly continuity: PresenceRetained & {
    readonly complete: boolean;
    readonly truncated_by_retention: boolean;
  };
}

const isPage = (value: unknown, isItem: (item: unknown) => item is JsonObject): boolean =>
  isJsonObject(value) &&
  typeof member(value, 'has_more') === 'boolean' &&
  isListOf(member(value, 'items'), isItem);

const isHistoryRow = (value: unknown): value is JsonObject =>
  isJsonObject(value) && isJsonObject(member(value, 'message'));

export const isHistoryAnswer = (value: unknown): value is HistoryAnswer => isPage(value, isHistoryRow);

const isTransition = (value: unknown): value is JsonObject =>
  isJsonObject(value) && stringMember(value, 'event') !== undefined;

export const isPresenceHistoryAnswer = (value: unknown): value is PresenceHistoryAnswer =>
  isPage(value, isTransition);

const hasStream = (value: unknown): boolean => isJsonObject(value) && isJsonObject(member(value, 'stream'));

export const isHistoryStateAnswer = (value: unknown): value is HistoryStateAnswer => hasStream(value);
export const isHistoryResetAnswer = (value: unknown): value is HistoryResetAnswer => hasStream(value);
export const isHistoryPurgeAnswer = (value: unknown): value is HistoryPurgeAnswer => hasStream(value);
export const isPresenceStateAnswer = (value: unknown): value is PresenceStateAnswer => hasStream(value);
export const isPresenceResetAnswer = (value: unknown): value is PresenceResetAnswer => hasStream(value);

export const isPresenceSnapshotAnswer = (value: unknown): value is PresenceSnapshotAnswer =>
  isJsonObject(value) && isListOf(member(value, 'members'), isJsonObject);
