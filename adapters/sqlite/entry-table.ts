// The entries of all channels, by channel and serial: storing, paging, removing, and finding serials by time or size. Times and
// running sizes grow with the serial, so both are found by bisection over the primary key and need no index. Of each channel
// the newest entries may still lie with the recent ones; readers see one row of entries.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChannelKey, LogEntry, Retention } from '@sockudo/server/ports';
import type { RecentEntries, RecentRow } from './recent-entries.ts';

/** What places an entry in time and size. */
export interface EntryMark {
  readonly publishedAtMs: number;
  /** Running size of all earlier entries of the channel. */
  readonly bytesBefore: number;
}

export interface PageRequest {
  readonly channelId: number;
  readonly key: ChannelKey;
  readonly streamId: string;
  /** The retention in force; entries don't store their own. */
  readonly retention: Retention;
  /** Inclusive. */
  readonly low: number;
  readonly high: number;
  readonly direction: 'oldest-first' | 'newest-first';
  readonly limit: number;
}

const COLUMNS = 'serial, published_at_ms, event, data, message_id, message_serial, user_id, tags, extras';

export class EntryTable {
  readonly #recent: RecentEntries;
  readonly #insert: StatementSync;
  readonly #mark: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #first: StatementSync;
  readonly #remove: StatementSync;

  constructor(connection: DatabaseSync, recent: RecentEntries) {
    this.#recent = recent;
    this.#insert = connection.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#mark = connection.prepare(
      'SELECT published_at_ms, bytes_before FROM entries WHERE channel_id = ? AND serial = ?',
    );
    const page = `SELECT ${COLUMNS} FROM entries WHERE channel_id = ? AND serial BETWEEN ? AND ? ORDER BY serial`;
    this.#ascending = connection.prepare(`${page} ASC LIMIT ?`);
    this.#descending = connection.prepare(`${page} DESC LIMIT ?`);
    this.#first = connection.prepare(
      'SELECT serial, bytes_before FROM entries WHERE channel_id = ? ORDER BY serial LIMIT 1',
    );
    this.#remove = connection.prepare(
      'DELETE FROM entries WHERE channel_id = ? AND serial >= ? AND serial < ?',
    );
  }

  /** Inside a transaction: stores an entry at its place by channel. */
  insert(channelId: number, { entry, bytesBefore }: RecentRow): void {
    this.#insert.run(
      channelId,
      entry.serial,
      entry.publishedAtMs,
      bytesBefore,
      entry.event,
      entry.data,
      entry.messageId ?? null,
      entry.messageSerial ?? null,
      entry.userId ?? null,
      entry.tags ?? null,
      entry.extras ?? null,
    );
  }

  mark(channelId: number, serial: number): EntryMark | null {
    const recent = this.#recent.find(channelId, serial);
    if (recent !== null) {
      return { publishedAtMs: recent.entry.publishedAtMs, bytesBefore: recent.bytesBefore };
    }
    const row = this.#mark.get(channelId, serial);
    if (row === undefined) return null;
    return { publishedAtMs: Number(row.published_at_ms), bytesBefore: Number(row.bytes_before) };
  }

  /** The first serial of `low`…`high` whose mark `isReached`, which must hold for all later ones too; else high + 1. */
  bisect(channelId: number, low: number, high: number, isReached: (mark: EntryMark) => boolean): number {
    let from = low;
    let until = high + 1;
    while (from < until) {
      const middle = Math.floor((from + until) / 2);
      const mark = this.mark(channelId, middle);
      if (mark !== null && isReached(mark)) until = middle;
      else from = middle + 1;
    }
    return from;
  }

  page(request: PageRequest): LogEntry[] {
    const { channelId, low, high, limit } = request;
    const firstRecent = Math.max(low, this.#recent.firstSerial(channelId) ?? Number.POSITIVE_INFINITY);
    const settledHigh = Math.min(high, firstRecent - 1);
    if (request.direction === 'oldest-first') {
      const settled = this.#settled(request, settledHigh, limit);
      const until = Math.min(high, firstRecent + limit - settled.length - 1);
      return [...settled, ...this.#fromMemory(channelId, firstRecent, until)];
    }
    const recent = this.#fromMemory(channelId, Math.max(firstRecent, high - limit + 1), high).reverse();
    return [...recent, ...this.#settled(request, settledHigh, limit - recent.length)];
  }

  /** True while entries of the channel wait to be moved to their place. */
  hasRecent(channelId: number): boolean {
    return this.#recent.firstSerial(channelId) !== null;
  }

  /** The oldest row at its place, to be seen or not. */
  firstSettled(channelId: number): { serial: number; bytesBefore: number } | null {
    const row = this.#first.get(channelId);
    if (row === undefined) return null;
    return { serial: Number(row.serial), bytesBefore: Number(row.bytes_before) };
  }

  /** Removes serials `from` (inclusive) to `until` (exclusive) that are at their place. */
  remove(channelId: number, from: number, until: number): number {
    return Number(this.#remove.run(channelId, from, until).changes);
  }

  #settled(request: PageRequest, high: number, limit: number): LogEntry[] {
    const { channelId, low, direction } = request;
    if (limit <= 0 || high < low) return [];
    const statement = direction === 'oldest-first' ? this.#ascending : this.#descending;
    return statement.all(channelId, low, high, limit).map((row) => entryOf(row, request));
  }

  #fromMemory(channelId: number, low: number, high: number): LogEntry[] {
    const found: LogEntry[] = [];
    for (let serial = low; serial <= high; serial += 1) {
      const row = this.#recent.find(channelId, serial);
      if (row !== null) found.push(row.entry);
    }
    return found;
  }
}

function entryOf(row: Record<string, unknown>, { key, streamId, retention }: PageRequest): LogEntry {
  const { message_id: messageId, message_serial: messageSerial, user_id: userId, tags, extras } = row;
  return {
    key,
    event: String(row.event),
    data: String(row.data),
    publishedAtMs: Number(row.published_at_ms),
    ...(messageId === null ? {} : { messageId: String(messageId) }),
    ...(messageSerial === null ? {} : { messageSerial: String(messageSerial) }),
    ...(userId === null ? {} : { userId: String(userId) }),
    ...(tags === null ? {} : { tags: String(tags) }),
    ...(extras === null ? {} : { extras: String(extras) }),
    retention,
    streamId,
    serial: Number(row.serial),
  };
}
