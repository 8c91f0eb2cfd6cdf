// The newest versions of all channels, before they move to the versions table; in memory also by message, because a mutation
// looks for the newest version of its message and a reader for the fragments of one.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredVersion } from '@sockudo/server/ports';
import { type RecentRow, RecentRows, type Segment } from './recent-rows.ts';
import { VERSION_COLUMNS, versionValues } from './version-columns.ts';

export interface VersionRow extends RecentRow {
  readonly entry: StoredVersion;
}

const NONE: readonly VersionRow[] = [];

export class RecentVersions extends RecentRows<VersionRow> {
  readonly #insert: StatementSync;
  /** By channel and serial of the create, oldest first. */
  readonly #byMessage = new Map<number, Map<number, VersionRow[]>>();

  constructor(connection: DatabaseSync, maxRows: number) {
    settleAll(connection);
    super(connection, 'recent_versions', maxRows);
    this.#insert = connection.prepare(
      `INSERT INTO recent_versions (sequence, channel_id, ${VERSION_COLUMNS})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Waiting versions of a message, oldest first. */
  ofMessage(channelId: number, historySerial: number): readonly VersionRow[] {
    return this.#byMessage.get(channelId)?.get(historySerial) ?? NONE;
  }

  /** Serials of the creates of messages that have waiting versions. */
  messagesOf(channelId: number): Iterable<number> {
    return this.#byMessage.get(channelId)?.keys() ?? [];
  }

  protected override write(sequence: number, channelId: number, { entry }: VersionRow): void {
    this.#insert.run(sequence, channelId, ...versionValues(entry));
  }

  protected override rowAdded(channelId: number, row: VersionRow): void {
    this.#listOf(channelId, row.entry.historySerial).push(row);
  }

  protected override rowTakenBack(channelId: number, { entry: { historySerial } }: VersionRow): void {
    this.#listOf(channelId, historySerial).pop();
    this.#forgetIfEmpty(channelId, historySerial);
  }

  protected override segmentTaken({ channelId, rows }: Segment<VersionRow>): void {
    for (const [historySerial, ofMessage] of groupByMessage(rows)) {
      this.#listOf(channelId, historySerial).splice(0, ofMessage.length);
      this.#forgetIfEmpty(channelId, historySerial);
    }
  }

  protected override segmentReturned({ channelId, rows }: Segment<VersionRow>): void {
    for (const [historySerial, ofMessage] of groupByMessage(rows)) {
      this.#listOf(channelId, historySerial).unshift(...ofMessage);
    }
  }

  #listOf(channelId: number, historySerial: number): VersionRow[] {
    let ofChannel = this.#byMessage.get(channelId);
    if (ofChannel === undefined) {
      ofChannel = new Map();
      this.#byMessage.set(channelId, ofChannel);
    }
    let list = ofChannel.get(historySerial);
    if (list === undefined) {
      list = [];
      ofChannel.set(historySerial, list);
    }
    return list;
  }

  #forgetIfEmpty(channelId: number, historySerial: number): void {
    const ofChannel = this.#byMessage.get(channelId);
    if (ofChannel?.get(historySerial)?.length !== 0) return;
    ofChannel.delete(historySerial);
    if (ofChannel.size === 0) this.#byMessage.delete(channelId);
  }
}

function groupByMessage(rows: readonly VersionRow[]): Map<number, VersionRow[]> {
  return Map.groupBy(rows, ({ entry }) => entry.historySerial);
}

/** After a start, once the creates are settled: as those. */
function settleAll(connection: DatabaseSync): void {
  connection.exec(`
    BEGIN IMMEDIATE;
    UPDATE channels
      SET head_serial = newest.serial, last_published_at_ms = newest.published_at_ms
      FROM (
        SELECT channel_id, max(serial) AS serial, max(published_at_ms) AS published_at_ms
        FROM recent_versions GROUP BY channel_id
      ) AS newest
      WHERE id = channel_id AND head_serial < serial;
    INSERT OR IGNORE INTO versions (channel_id, ${VERSION_COLUMNS})
      SELECT channel_id, ${VERSION_COLUMNS}
      FROM recent_versions JOIN channels ON channels.id = recent_versions.channel_id
      WHERE channel IS NOT NULL AND history_serial >= purged_below
      ORDER BY channel_id, history_serial, serial;
    DELETE FROM recent_versions;
    COMMIT;
  `);
}
