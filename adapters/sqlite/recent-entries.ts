// The newest creates of all channels, before they move to the entries table.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ENTRY_COLUMNS, entryValues, type MeasuredEntry } from './entry-columns.ts';
import { type RecentRow, RecentRows } from './recent-rows.ts';

export interface EntryRow extends RecentRow, MeasuredEntry {
  readonly entry: MeasuredEntry['entry'];
}

export class RecentEntries extends RecentRows<EntryRow> {
  readonly #insert: StatementSync;

  constructor(connection: DatabaseSync, maxRows: number) {
    settleAll(connection);
    super(connection, 'recent', maxRows);
    this.#insert = connection.prepare(
      `INSERT INTO recent (sequence, channel_id, bytes, ${ENTRY_COLUMNS})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  protected override write(sequence: number, channelId: number, row: EntryRow): void {
    this.#insert.run(sequence, channelId, row.bytes, ...entryValues(row));
  }
}

/**
 * After a start: channels get the standing that the recent creates tell, and the creates go to their place, but for those that
 * were removed meanwhile or belong to a channel that was reset.
 */
function settleAll(connection: DatabaseSync): void {
  connection.exec(`
    BEGIN IMMEDIATE;
    UPDATE channels
      SET head_serial = newest.serial, bytes_total = newest.bytes_total, messages_total = newest.messages_total,
        last_published_at_ms = newest.published_at_ms
      FROM (
        SELECT channel_id, max(serial) AS serial, max(bytes_before + bytes) AS bytes_total,
          max(coalesce(messages_before, serial - 1)) + 1 AS messages_total, max(published_at_ms) AS published_at_ms
        FROM recent GROUP BY channel_id
      ) AS newest
      WHERE id = channel_id AND head_serial < serial;
    INSERT OR IGNORE INTO entries (channel_id, ${ENTRY_COLUMNS})
      SELECT channel_id, ${ENTRY_COLUMNS}
      FROM recent JOIN channels ON channels.id = recent.channel_id
      WHERE channel IS NOT NULL AND serial >= purged_below AND (serial >= oldest_serial OR message_serial IS NOT NULL)
      ORDER BY channel_id, serial;
    DELETE FROM recent;
    COMMIT;
  `);
}
