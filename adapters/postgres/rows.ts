// Rows as the statements answer them, and what they become. Texts come back as they were given.
import type {
  AnnotationRecord,
  ChannelKey,
  ChannelRecord,
  LogEntry,
  Receipt,
  Retention,
  StoredVersion,
  StreamState,
} from '@sockudo/server/ports';
import { fromStored } from './stored-text.ts';

export interface RetentionRow {
  readonly retention_age_ms: number | null;
  readonly retention_messages: number | null;
  readonly retention_bytes: number | null;
  readonly retention_versions_age_ms: number | null;
}

export interface ChannelRow extends RetentionRow {
  readonly app_id: string;
  readonly channel: string;
  readonly log_id: number;
  readonly stream_id: string;
  readonly head_serial: number;
  readonly messages_total: number;
  readonly bytes_total: number;
  readonly last_published_at_ms: number;
  readonly oldest_serial: number;
  readonly purged_below: number;
  readonly versions_since_ms: number;
}

/** A channel as readers see it; `floor` is the oldest create that retention leaves, head + 1 where there is none. */
export interface SeenRow extends RetentionRow {
  readonly log_id: number;
  readonly stream_id: string;
  readonly head_serial: number;
  readonly floor: number;
  /** `Infinity` arrives as a text where it comes by way of JSON. */
  readonly kept_from_ms: number | string;
  readonly newest_serial: number | null;
  readonly oldest_at_ms: number | null;
  readonly newest_at_ms: number | null;
  readonly messages: number;
  readonly bytes: number;
}

export interface EntryRow {
  readonly serial: number;
  readonly published_at_ms: number;
  readonly event: string;
  readonly data: string;
  readonly message_id: string | null;
  readonly message_serial: string | null;
  readonly user_id: string | null;
  readonly creator_id: string | null;
  readonly tags: string | null;
  readonly extras: string | null;
}

export interface VersionRow {
  readonly v_serial: number;
  readonly v_published_at_ms: number;
  readonly v_action: StoredVersion['action'];
  readonly v_version_serial: string;
  readonly v_event: string | null;
  readonly v_data: string | null;
  readonly v_extras: string | null;
  readonly v_user_id: string | null;
  readonly v_description: string | null;
  readonly v_metadata: string | null;
  readonly v_base_serial: number;
  readonly v_data_kind: StoredVersion['dataKind'];
  readonly v_data_bytes: number;
  readonly v_append_count: number;
}

export interface ReceiptRow {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string | null;
  readonly expires_at_ms: number;
  readonly answer: string;
}

export interface AnnotationRow {
  readonly record: string;
  readonly deleted_by: string | null;
}

export interface ChannelRecordRow {
  readonly kind: string;
  readonly id: string;
  readonly ordinal: number;
  readonly state: string;
  readonly due_at_ms: number | null;
  readonly value: string;
}

export function retentionOf(row: RetentionRow): Retention {
  const { retention_age_ms, retention_messages, retention_bytes, retention_versions_age_ms } = row;
  return {
    ...(retention_age_ms !== null && { ageMs: retention_age_ms }),
    ...(retention_messages !== null && { messages: retention_messages }),
    ...(retention_bytes !== null && { bytes: retention_bytes }),
    ...(retention_versions_age_ms !== null && { versionsAgeMs: retention_versions_age_ms }),
  };
}

/** What all entries of a channel have in common. */
export interface ChannelFacts {
  readonly key: ChannelKey;
  readonly streamId: string;
  readonly retention: Retention;
}

export function entryOfRow(row: EntryRow, { key, streamId, retention }: ChannelFacts): LogEntry {
  return {
    key,
    streamId,
    serial: row.serial,
    publishedAtMs: row.published_at_ms,
    event: fromStored(row.event),
    data: fromStored(row.data),
    retention,
    ...(row.message_id !== null && { messageId: fromStored(row.message_id) }),
    ...(row.message_serial !== null && { messageSerial: fromStored(row.message_serial) }),
    ...(row.user_id !== null && { userId: fromStored(row.user_id) }),
    ...(row.creator_id !== null && { creatorId: fromStored(row.creator_id) }),
    ...(row.tags !== null && { tags: fromStored(row.tags) }),
    ...(row.extras !== null && { extras: fromStored(row.extras) }),
  };
}

export function versionOfRow(row: VersionRow, historySerial: number): StoredVersion {
  return {
    serial: row.v_serial,
    historySerial,
    publishedAtMs: row.v_published_at_ms,
    action: row.v_action,
    versionSerial: fromStored(row.v_version_serial),
    event: row.v_event === null ? null : fromStored(row.v_event),
    data: row.v_data === null ? null : fromStored(row.v_data),
    baseSerial: row.v_base_serial,
    dataKind: row.v_data_kind,
    dataBytes: row.v_data_bytes,
    appendCount: row.v_append_count,
    ...(row.v_extras !== null && { extras: fromStored(row.v_extras) }),
    ...(row.v_user_id !== null && { userId: fromStored(row.v_user_id) }),
    ...(row.v_description !== null && { description: fromStored(row.v_description) }),
    ...(row.v_metadata !== null && { metadata: fromStored(row.v_metadata) }),
  };
}

export function receiptOfRow(row: ReceiptRow): Receipt {
  return {
    scope: fromStored(row.scope),
    key: fromStored(row.key),
    expiresAtMs: row.expires_at_ms,
    answer: fromStored(row.answer),
    ...(row.fingerprint !== null && { fingerprint: fromStored(row.fingerprint) }),
  };
}

/** @param deletedBy the event that took the annotation back, for answers that tell it */
export function recordOfRow({ record, deleted_by }: AnnotationRow): AnnotationRecord {
  // CAST: the text was made of a record by `annotate`.
  const stored = JSON.parse(fromStored(record)) as AnnotationRecord;
  return deleted_by === null ? stored : { ...stored, deletedBy: fromStored(deleted_by) };
}

export function channelRecordOfRow(row: ChannelRecordRow, key: ChannelKey): ChannelRecord {
  return {
    key,
    kind: fromStored(row.kind),
    id: fromStored(row.id),
    ordinal: row.ordinal,
    value: fromStored(row.value),
    state: fromStored(row.state),
    ...(row.due_at_ms !== null && { dueAtMs: row.due_at_ms }),
  };
}

export function stateOfRow(row: SeenRow): StreamState {
  const isEmpty = row.floor > row.head_serial;
  return {
    head: { streamId: row.stream_id, serial: row.head_serial },
    oldestSerial: isEmpty ? null : row.floor,
    newestSerial: isEmpty ? null : row.newest_serial,
    oldestPublishedAtMs: isEmpty ? null : row.oldest_at_ms,
    newestPublishedAtMs: isEmpty ? null : row.newest_at_ms,
    messages: isEmpty ? 0 : row.messages,
    bytes: isEmpty ? 0 : row.bytes,
  };
}

export function unusedState(streamId: string): StreamState {
  return {
    head: { streamId, serial: 0 },
    oldestSerial: null,
    newestSerial: null,
    oldestPublishedAtMs: null,
    newestPublishedAtMs: null,
    messages: 0,
    bytes: 0,
  };
}
