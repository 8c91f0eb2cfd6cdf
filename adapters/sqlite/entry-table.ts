// The creates of all channels, by channel and serial: storing, paging, removing, and finding places by time, size or number.
// These grow with the serial, so all are found by bisection over the primary key and need no index. Serials have holes where
// messages changed, so a place is that of the first create from it on. Of each channel the newest may still lie with the
// recent ones; readers see one row of creates.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ArrayStatement } from './array-statement.ts';
import {
  type ChannelFacts,
  ENTRY_COLUMNS,
  type EntryMark,
  entryOf,
  entryValues,
  type FoundEntry,
  MARK_COLUMNS,
  markOf,
} from './entry-columns.ts';
import type { EntryRow, RecentEntries } from './recent-entries.ts';

export interface PageRequest extends ChannelFacts {
  /** Inclusive. */
  readonly low: number;
  readonly high: number;
  readonly direction: 'oldest-first' | 'newest-first';
  readonly limit: number;
}

/** A create that may have to go. */
export interface EntrySize {
  readonly serial: number;
  readonly publishedAtMs: number;
  readonly isMessage: boolean;
  readonly bytes: number;
}

export class EntryTable {
  readonly #recent: RecentEntries;
  readonly #insert: StatementSync;
  readonly #markFrom: ArrayStatement;
  readonly #markUpTo: ArrayStatement;
  readonly #find: ArrayStatement;
  readonly #ascending: ArrayStatement;
  readonly #descending: ArrayStatement;
  readonly #sizes: ArrayStatement;
  readonly #remove: StatementSync;

  constructor(connection: DatabaseSync, recent: RecentEntries) {
    this.#recent = recent;
    this.#insert = connection.prepare(
      `INSERT INTO entries (channel_id, ${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#markFrom = new ArrayStatement(
      connection,
      `SELECT ${MARK_COLUMNS} FROM entries WHERE channel_id = ? AND serial >= ? ORDER BY serial LIMIT 1`,
    );
    this.#markUpTo = new ArrayStatement(
      connection,
      `SELECT ${MARK_COLUMNS} FROM entries WHERE channel_id = ? AND serial <= ? ORDER BY serial DESC LIMIT 1`,
    );
    this.#find = new ArrayStatement(
      connection,
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE channel_id = ? AND serial = ?`,
    );
    const page = `SELECT ${ENTRY_COLUMNS} FROM entries WHERE channel_id = ? AND serial BETWEEN ? AND ? ORDER BY serial`;
    this.#ascending = new ArrayStatement(connection, `${page} ASC LIMIT ?`);
    this.#descending = new ArrayStatement(connection, `${page} DESC LIMIT ?`);
    this.#sizes = new ArrayStatement(
      connection,
      `SELECT serial, published_at_ms, message_serial IS NOT NULL, octet_length(concat(event, data, message_id,
       message_serial, user_id, tags, extras, creator_id))
       FROM entries WHERE channel_id = ? AND serial >= ? AND serial < ? ORDER BY serial LIMIT ?`,
    );
    this.#remove = connection.prepare(
      'DELETE FROM entries WHERE channel_id = ? AND serial >= ? AND serial < ?',
    );
  }

  /** Inside a transaction: stores a create at its place by channel. */
  insert(channelId: number, row: EntryRow): void {
    this.#insert.run(channelId, ...entryValues(row));
  }

  /** The first create with this serial or a later one. */
  markFrom(channelId: number, serial: number): EntryMark | null {
    const firstRecent = this.#recent.firstSerial(channelId);
    const row =
      firstRecent !== null && serial >= firstRecent ? undefined : this.#markFrom.get(channelId, serial);
    if (row !== undefined) return markOf(row);
    const recent = this.#recent.firstFrom(channelId, serial);
    return recent === null ? null : markOfRecent(recent);
  }

  /** The last create with this serial or an earlier one. */
  markUpTo(channelId: number, serial: number): EntryMark | null {
    const recent = this.#recent.lastUpTo(channelId, serial);
    if (recent !== null) return markOfRecent(recent);
    const row = this.#markUpTo.get(channelId, serial);
    return row === undefined ? null : markOf(row);
  }

  /**
   * The first create from `low` to `high` that `isReached`, which must hold for all later ones, too. The search begins in small
   * steps, because most often the place is near.
   */
  firstMark(
    channelId: number,
    low: number,
    high: number,
    isReached: (mark: EntryMark) => boolean,
  ): EntryMark | null {
    let found: EntryMark | null = null;
    let from = low;
    let until = high + 1;
    const look = (probe: number): void => {
      const mark = this.markFrom(channelId, probe);
      if (mark === null || mark.serial > high) until = probe;
      else if (!isReached(mark)) from = mark.serial + 1;
      else {
        found = mark;
        until = probe;
      }
    };
    for (let step = 0; from + step < until; step = step * 2 + 1) look(from + step);
    while (from < until) look(Math.floor((from + until) / 2));
    return found;
  }

  find(facts: ChannelFacts, serial: number): FoundEntry | null {
    const recent = this.#recent.find(facts.channelId, serial);
    if (recent !== null) return foundOf(recent);
    const row = this.#find.get(facts.channelId, serial);
    return row === undefined ? null : entryOf(row, facts);
  }

  page(request: PageRequest): FoundEntry[] {
    const { channelId, direction, limit } = request;
    if (direction === 'oldest-first') {
      const settled = this.#settled(request, limit);
      const recent = this.#recent.range(channelId, { ...request, limit: limit - settled.length });
      return [...settled, ...recent.map(foundOf)];
    }
    const recent = this.#recent.range(channelId, request).map(foundOf);
    return [...recent, ...this.#settled(request, limit - recent.length)];
  }

  /** True while creates of the channel wait to be moved to their place. */
  hasRecent(channelId: number): boolean {
    return this.#recent.firstSerial(channelId) !== null;
  }

  /** The oldest create at its place, to be seen or not. */
  firstSettled(channelId: number): number | null {
    const row = this.#markFrom.get(channelId, 0);
    return row === undefined ? null : Number(row[0]);
  }

  /** Creates at their place from `low` (inclusive) to `until` (exclusive). */
  sizes(channelId: number, low: number, until: number, limit: number): EntrySize[] {
    return this.#sizes.all(channelId, low, until, limit).map(([serial, publishedAtMs, isMessage, bytes]) => ({
      serial: Number(serial),
      publishedAtMs: Number(publishedAtMs),
      isMessage: isMessage === 1,
      bytes: Number(bytes),
    }));
  }

  /** Inside a transaction: removes serials `from` (inclusive) to `until` (exclusive) that are at their place. */
  remove(channelId: number, from: number, until: number): void {
    this.#remove.run(channelId, from, until);
  }

  #settled(request: PageRequest, limit: number): FoundEntry[] {
    const { channelId, low, high, direction } = request;
    const firstRecent = this.#recent.firstSerial(channelId);
    if (limit <= 0 || high < low || (firstRecent !== null && low >= firstRecent)) return [];
    const statement = direction === 'oldest-first' ? this.#ascending : this.#descending;
    return statement.all(channelId, low, high, limit).map((row) => entryOf(row, request));
  }
}

function markOfRecent({ entry, bytesBefore, messagesBefore }: EntryRow): EntryMark {
  return { serial: entry.serial, publishedAtMs: entry.publishedAtMs, bytesBefore, messagesBefore };
}

function foundOf(row: EntryRow): FoundEntry {
  return { entry: row.entry, mark: markOfRecent(row) };
}
