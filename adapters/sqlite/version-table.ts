// The versions of all messages, by message and serial. Of each channel the newest may still lie with the recent ones; readers
// see one row of versions, up to the serial that they may see.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredVersion } from '@sockudo/server/ports';
import { type ArrayRow, ArrayStatement } from './array-statement.ts';
import type { RecentVersions, VersionRow } from './recent-versions.ts';
import { VERSION_COLUMNS, versionOf, versionValues } from './version-columns.ts';

export interface VersionsRequest {
  readonly channelId: number;
  readonly historySerial: number;
  /** Newest serial to be seen. */
  readonly until: number;
  readonly direction: 'oldest-first' | 'newest-first';
  readonly limit: number;
  /** Exclusive. */
  readonly from?: string;
}

const OF_MESSAGE = 'FROM versions WHERE channel_id = ? AND history_serial = ?';

/** Goes from one message to the next without passing over the versions between. */
const LATEST_OF_EACH = `
  WITH RECURSIVE message (changed) AS (
    SELECT min(history_serial) FROM versions WHERE channel_id = $channel AND history_serial BETWEEN $low AND $high
    UNION ALL
    SELECT (
      SELECT min(history_serial) FROM versions
      WHERE channel_id = $channel AND history_serial > changed AND history_serial <= $high
    ) FROM message WHERE changed IS NOT NULL
  )
  SELECT ${VERSION_COLUMNS} FROM message CROSS JOIN versions
  WHERE channel_id = $channel AND history_serial = changed AND serial = (
    SELECT max(serial) FROM versions WHERE channel_id = $channel AND history_serial = changed
  )`;

export class VersionTable {
  readonly #recent: RecentVersions;
  readonly #insert: StatementSync;
  readonly #latest: ArrayStatement;
  readonly #latestOfEach: ArrayStatement;
  readonly #data: ArrayStatement;
  readonly #fragments: ArrayStatement;
  readonly #ascending: ArrayStatement;
  readonly #descending: ArrayStatement;
  readonly #bySerial: ArrayStatement;
  readonly #nextMessage: ArrayStatement;
  readonly #remove: StatementSync;

  constructor(connection: DatabaseSync, recent: RecentVersions) {
    this.#recent = recent;
    this.#insert = connection.prepare(
      `INSERT INTO versions (channel_id, ${VERSION_COLUMNS})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#latest = new ArrayStatement(
      connection,
      `SELECT ${VERSION_COLUMNS} ${OF_MESSAGE} AND serial <= ? ORDER BY serial DESC LIMIT 1`,
    );
    this.#latestOfEach = new ArrayStatement(connection, LATEST_OF_EACH);
    this.#data = new ArrayStatement(connection, `SELECT data ${OF_MESSAGE} AND serial = ?`);
    // JSON texts of strings lose their quotes and are joined as they are.
    this.#fragments = new ArrayStatement(
      connection,
      `SELECT group_concat(part, '') AS text FROM (
        SELECT substr(data, 2, length(data) - 2) AS part ${OF_MESSAGE} AND serial > ? AND serial <= ? ORDER BY serial
      )`,
    );
    this.#ascending = new ArrayStatement(
      connection,
      `SELECT ${VERSION_COLUMNS} ${OF_MESSAGE} AND serial <= ? AND version_serial > ? ORDER BY serial LIMIT ?`,
    );
    this.#descending = new ArrayStatement(
      connection,
      `SELECT ${VERSION_COLUMNS} ${OF_MESSAGE} AND serial <= ? AND (? IS NULL OR version_serial < ?) ORDER BY serial DESC LIMIT ?`,
    );
    this.#bySerial = new ArrayStatement(
      connection,
      `SELECT ${VERSION_COLUMNS} FROM versions WHERE channel_id = ? AND serial BETWEEN ? AND ? ORDER BY serial`,
    );
    this.#nextMessage = new ArrayStatement(
      connection,
      'SELECT history_serial FROM versions WHERE channel_id = ? AND history_serial > ? ORDER BY history_serial LIMIT 1',
    );
    this.#remove = connection.prepare(
      `DELETE FROM versions WHERE channel_id = ? AND (history_serial, serial) IN (
        SELECT history_serial, serial FROM versions WHERE channel_id = ? AND history_serial >= ? AND history_serial < ?
        ORDER BY history_serial, serial LIMIT ?)`,
    );
  }

  /** Inside a transaction: stores a version at its place by message. */
  insert(channelId: number, { entry }: VersionRow): void {
    this.#insert.run(channelId, ...versionValues(entry));
  }

  /** The newest version of a message up to a serial. */
  latest(channelId: number, historySerial: number, until: number): StoredVersion | null {
    const recent = this.#recent
      .ofMessage(channelId, historySerial)
      .findLast(({ entry }) => entry.serial <= until);
    if (recent !== undefined) return recent.entry;
    const row = this.#latest.get(channelId, historySerial, until);
    return row === undefined ? null : versionOf(row);
  }

  /** JSON text of the whole data of an entry of the message; null: it has none, or is gone. */
  dataOf(channelId: number, historySerial: number, serial: number): string | null {
    const recent = this.#recent.find(channelId, serial);
    if (recent !== null) return recent.entry.data;
    const data = this.#data.get(channelId, historySerial, serial)?.[0];
    return typeof data === 'string' ? data : null;
  }

  /** JSON texts of strings that, joined, are what was appended after a serial up to another. */
  fragments(channelId: number, historySerial: number, after: number, until: number): string[] {
    const recent = this.#recent.ofMessage(channelId, historySerial);
    const fragments = recent
      .slice(firstAfter(recent, after), firstAfter(recent, until))
      .map(({ entry }) => entry.data ?? '""');
    const firstRecent = recent[0]?.entry.serial ?? Number.POSITIVE_INFINITY;
    if (firstRecent <= after + 1) return fragments;
    const settled = this.#fragments.get(channelId, historySerial, after, until)?.[0];
    return typeof settled === 'string' ? [`"${settled}"`, ...fragments] : fragments;
  }

  /** Versions of a message. */
  page(request: VersionsRequest): StoredVersion[] {
    const { channelId, historySerial, until, direction, limit, from } = request;
    const isOldestFirst = direction === 'oldest-first';
    const recent = this.#recent
      .ofMessage(channelId, historySerial)
      .map(({ entry }) => entry)
      .filter(({ serial, versionSerial }) => serial <= until && isBeyond(versionSerial, direction, from));
    if (!isOldestFirst) recent.reverse();
    const settledLimit = isOldestFirst ? limit : limit - recent.length;
    const settled = settledLimit <= 0 ? [] : this.#settled(request, settledLimit).map(versionOf);
    return (isOldestFirst ? [...settled, ...recent] : [...recent, ...settled]).slice(0, limit);
  }

  /** All versions of a channel with serials from `low` to `high`, oldest first. */
  between(channelId: number, low: number, high: number): StoredVersion[] {
    const firstRecent = this.#recent.firstSerial(channelId);
    const settled =
      firstRecent !== null && low >= firstRecent
        ? []
        : this.#bySerial.all(channelId, low, high).map(versionOf);
    const recent = this.#recent.range(channelId, {
      low,
      high,
      limit: high - low + 1,
      direction: 'oldest-first',
    });
    return [...settled, ...recent.map(({ entry }) => entry)];
  }

  /** The newest versions of all messages whose creates lie from `low` to `high`, by serial of the create. */
  latestOfEach(channelId: number, low: number, high: number): Map<number, StoredVersion> {
    const rows = this.#latestOfEach.allNamed({ $channel: channelId, $low: low, $high: high });
    const latest = new Map(rows.map(versionOf).map((version) => [version.historySerial, version]));
    for (const serial of this.#recent.messagesOf(channelId)) {
      const newest = this.#recent.ofMessage(channelId, serial).at(-1);
      if (newest !== undefined && serial >= low && serial <= high) latest.set(serial, newest.entry);
    }
    return latest;
  }

  /** True while versions of the channel wait to be moved to their place. */
  hasRecent(channelId: number): boolean {
    return this.#recent.firstSerial(channelId) !== null;
  }

  /** The first message that has versions at their place. */
  firstMessage(channelId: number): number | null {
    const serial = this.#nextMessage.get(channelId, -1)?.[0];
    return typeof serial === 'number' ? serial : null;
  }

  /** Inside a transaction: removes at most `limit` versions of creates `from` to before `until`; answers how many. */
  remove(channelId: number, from: number, until: number, limit: number): number {
    return Number(this.#remove.run(channelId, channelId, from, until, limit).changes);
  }

  #settled({ channelId, historySerial, until, direction, from }: VersionsRequest, limit: number): ArrayRow[] {
    if (direction === 'oldest-first') {
      return this.#ascending.all(channelId, historySerial, until, from ?? '', limit);
    }
    const before = from ?? null;
    return this.#descending.all(channelId, historySerial, until, before, before, limit);
  }
}

/** Index of the first row with a later serial. */
function firstAfter(rows: readonly VersionRow[], serial: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.entry.serial ?? 0) <= serial) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBeyond(versionSerial: string, direction: VersionsRequest['direction'], from?: string): boolean {
  if (from === undefined) return true;
  return direction === 'oldest-first' ? versionSerial > from : versionSerial < from;
}
