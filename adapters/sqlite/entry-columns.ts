// The columns that `recent` and `entries` share, how a create becomes values of them, and how values become a create: the only
// place that knows their order.
import type { SQLInputValue } from 'node:sqlite';
import type { ChannelKey, LogEntry, Retention } from '@sockudo/server/ports';
import type { ArrayRow, Mutable } from './array-statement.ts';

/** A create's place in time, size and number. */
export interface EntryMark {
  readonly serial: number;
  readonly publishedAtMs: number;
  /** Running size and number of all earlier creates of the channel. */
  readonly bytesBefore: number;
  readonly messagesBefore: number;
}

/** What entries have in common and don't store themselves. */
export interface ChannelFacts {
  readonly channelId: number;
  readonly key: ChannelKey;
  readonly streamId: string;
  /** The retention in force. */
  readonly retention: Retention;
}

/** A create and its place. */
export interface FoundEntry {
  readonly entry: LogEntry;
  readonly mark: EntryMark;
}

export interface MeasuredEntry extends Pick<EntryMark, 'bytesBefore' | 'messagesBefore'> {
  readonly entry: LogEntry;
}

/** The first columns: a create's mark. */
export const MARK_COLUMNS = 'serial, published_at_ms, bytes_before, messages_before';
export const ENTRY_COLUMNS = `${MARK_COLUMNS}, event, data, message_id, message_serial, user_id, tags, extras, creator_id`;

/** In the order of ENTRY_COLUMNS. */
export function entryValues({ entry, bytesBefore, messagesBefore }: MeasuredEntry): SQLInputValue[] {
  return [
    entry.serial,
    entry.publishedAtMs,
    bytesBefore,
    messagesBefore,
    entry.event,
    entry.data,
    entry.messageId ?? null,
    entry.messageSerial ?? null,
    entry.userId ?? null,
    entry.tags ?? null,
    entry.extras ?? null,
    entry.creatorId ?? null,
  ];
}

/** @param row begins with MARK_COLUMNS. Rows of the first schema have no number of messages: all before them were creates */
export function markOf([serial, publishedAtMs, bytesBefore, messagesBefore]: ArrayRow): EntryMark {
  return {
    serial: Number(serial),
    publishedAtMs: Number(publishedAtMs),
    bytesBefore: Number(bytesBefore),
    messagesBefore: Number(messagesBefore ?? Number(serial) - 1),
  };
}

/** @param row ENTRY_COLUMNS. Members are set one by one: spreads cost as much as the rest of a page. */
export function entryOf(row: ArrayRow, { key, streamId, retention }: ChannelFacts): FoundEntry {
  const mark = markOf(row);
  const [, , , , event, data, messageId, messageSerial, userId, tags, extras, creatorId] = row;
  const { serial, publishedAtMs } = mark;
  const entry: Mutable<LogEntry> = {
    key,
    event: String(event),
    data: String(data),
    publishedAtMs,
    retention,
    streamId,
    serial,
  };
  if (typeof messageId === 'string') entry.messageId = messageId;
  if (typeof messageSerial === 'string') entry.messageSerial = messageSerial;
  if (typeof userId === 'string') entry.userId = userId;
  if (typeof creatorId === 'string') entry.creatorId = creatorId;
  if (typeof tags === 'string') entry.tags = tags;
  if (typeof extras === 'string') entry.extras = extras;
  return { entry, mark };
}
