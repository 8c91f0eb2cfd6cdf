// The versions of all messages, by message and serial. Of each channel the newest may still lie with the recent ones; readers
// see one row of versions, up to the serial that they may see.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { joinFragments, type MutationAction, type StoredVersion } from '@sockudo/server/ports';
import type { RecentVersions, VersionRow } from './recent-versions.ts';

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

type Row = Record<string, unknown>;

const COLUMNS = `history_serial, serial, published_at_ms, action, version_serial, event, data, extras, user_id, description,
  metadata, base_serial, data_kind, data_bytes, append_count`;
const OF_MESSAGE = 'FROM versions WHERE channel_id = ? AND history_serial = ?';

export class VersionTable {
  readonly #recent: RecentVersions;
  readonly #insert: StatementSync;
  readonly #latest: StatementSync;
  readonly #data: StatementSync;
  readonly #fragments: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #bySerial: StatementSync;
  readonly #nextMessage: StatementSync;
  readonly #remove: StatementSync;

  constructor(connection: DatabaseSync, recent: RecentVersions) {
    this.#recent = recent;
    this.#insert = connection.prepare(
      'INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#latest = connection.prepare(
      `SELECT ${COLUMNS} ${OF_MESSAGE} AND serial <= ? ORDER BY serial DESC LIMIT 1`,
    );
    this.#data = connection.prepare(`SELECT data ${OF_MESSAGE} AND serial = ?`);
    // JSON texts of strings lose their quotes and are joined as they are.
    this.#fragments = connection.prepare(
      `SELECT group_concat(part, '') AS text FROM (
        SELECT substr(data, 2, length(data) - 2) AS part ${OF_MESSAGE} AND serial > ? AND serial <= ? ORDER BY serial
      )`,
    );
    this.#ascending = connection.prepare(
      `SELECT ${COLUMNS} ${OF_MESSAGE} AND serial <= ? AND version_serial > ? ORDER BY serial LIMIT ?`,
    );
    this.#descending = connection.prepare(
      `SELECT ${COLUMNS} ${OF_MESSAGE} AND serial <= ? AND (? IS NULL OR version_serial < ?) ORDER BY serial DESC LIMIT ?`,
    );
    this.#bySerial = connection.prepare(
      `SELECT ${COLUMNS} FROM versions WHERE channel_id = ? AND serial BETWEEN ? AND ? ORDER BY serial`,
    );
    this.#nextMessage = connection.prepare(
      'SELECT history_serial FROM versions WHERE channel_id = ? AND history_serial > ? ORDER BY history_serial LIMIT 1',
    );
    this.#remove = connection.prepare(
      `DELETE FROM versions WHERE channel_id = ? AND history_serial = ? AND serial IN (
        SELECT serial ${OF_MESSAGE} ORDER BY serial LIMIT ?)`,
    );
  }

  /** Inside a transaction: stores a version at its place by message. */
  insert(channelId: number, { entry }: VersionRow): void {
    this.#insert.run(
      channelId,
      entry.historySerial,
      entry.serial,
      entry.publishedAtMs,
      entry.action,
      entry.versionSerial,
      entry.event,
      entry.data,
      entry.extras ?? null,
      entry.userId ?? null,
      entry.description ?? null,
      entry.metadata ?? null,
      entry.baseSerial,
      entry.dataKind,
      entry.dataBytes,
      entry.appendCount,
    );
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

  /** JSON text of the whole data as of a version. @param createData reads that of the create, null where it is gone */
  whole(channelId: number, version: StoredVersion, createData: () => string | null): string | null {
    const { baseSerial, historySerial, serial } = version;
    if (baseSerial === serial) return version.data;
    const base =
      baseSerial === historySerial ? createData() : this.#dataOf(channelId, historySerial, baseSerial);
    if (base === null) return null;
    const recent = this.#recent
      .ofMessage(channelId, historySerial)
      .filter(({ entry }) => entry.serial > baseSerial && entry.serial <= serial)
      .map(({ entry }) => entry.data ?? '""');
    const firstRecent = this.#recent.ofMessage(channelId, historySerial)[0]?.entry.serial;
    if (firstRecent !== undefined && firstRecent <= baseSerial + 1) return joinFragments(base, recent);
    const settled = this.#fragments.get(channelId, historySerial, baseSerial, serial)?.text;
    return joinFragments(base, typeof settled === 'string' ? [`"${settled}"`, ...recent] : recent);
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

  /** Which of the creates from `low` to `high` have versions, by serial. */
  changed(channelId: number, low: number, high: number): Set<number> {
    const found = new Set<number>();
    for (const serial of this.#recent.messagesOf(channelId)) {
      if (serial >= low && serial <= high) found.add(serial);
    }
    for (let after = low - 1; ; ) {
      const next = this.#nextMessage.get(channelId, after)?.history_serial;
      if (typeof next !== 'number' || next > high) return found;
      found.add(next);
      after = next;
    }
  }

  /** True while versions of the channel wait to be moved to their place. */
  hasRecent(channelId: number): boolean {
    return this.#recent.firstSerial(channelId) !== null;
  }

  /** Whether a message has versions at their place. */
  has(channelId: number, historySerial: number): boolean {
    return this.#nextMessage.get(channelId, historySerial - 1)?.history_serial === historySerial;
  }

  /** The first message that has versions at their place. */
  firstMessage(channelId: number): number | null {
    const serial = this.#nextMessage.get(channelId, -1)?.history_serial;
    return typeof serial === 'number' ? serial : null;
  }

  /** Inside a transaction: removes at most `limit` versions of a message that are at their place; answers how many. */
  remove(channelId: number, historySerial: number, limit: number): number {
    return Number(this.#remove.run(channelId, historySerial, channelId, historySerial, limit).changes);
  }

  #dataOf(channelId: number, historySerial: number, serial: number): string | null {
    const recent = this.#recent.find(channelId, serial);
    if (recent !== null) return recent.entry.data;
    const data = this.#data.get(channelId, historySerial, serial)?.data;
    return typeof data === 'string' ? data : null;
  }

  #settled({ channelId, historySerial, until, direction, from }: VersionsRequest, limit: number): Row[] {
    if (direction === 'oldest-first') {
      return this.#ascending.all(channelId, historySerial, until, from ?? '', limit);
    }
    const before = from ?? null;
    return this.#descending.all(channelId, historySerial, until, before, before, limit);
  }
}

function isBeyond(versionSerial: string, direction: VersionsRequest['direction'], from?: string): boolean {
  if (from === undefined) return true;
  return direction === 'oldest-first' ? versionSerial > from : versionSerial < from;
}

function versionOf(row: Row): StoredVersion {
  const { event, data, extras, user_id: userId, description, metadata } = row;
  return {
    serial: Number(row.serial),
    historySerial: Number(row.history_serial),
    publishedAtMs: Number(row.published_at_ms),
    // CAST: the column holds what `insert` wrote.
    action: row.action as MutationAction,
    versionSerial: String(row.version_serial),
    event: event === null ? null : String(event),
    data: data === null ? null : String(data),
    ...(extras === null ? {} : { extras: String(extras) }),
    ...(userId === null ? {} : { userId: String(userId) }),
    ...(description === null ? {} : { description: String(description) }),
    ...(metadata === null ? {} : { metadata: String(metadata) }),
    baseSerial: Number(row.base_serial),
    // CAST: the column holds what `insert` wrote.
    dataKind: row.data_kind as StoredVersion['dataKind'],
    dataBytes: Number(row.data_bytes),
    appendCount: Number(row.append_count),
  };
}
