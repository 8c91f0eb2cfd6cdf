// The newest entries of all channels: stored in the order in which they came, and held in memory. Entries of many channels share
// a page here, where the entries table would touch a page for each channel; the settler moves them there later, many of a
// channel at once. Measured with 100 channels: a fifth of the WAL and half of the CPU (bench/channel-log.ts).
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChannelKey, LogEntry } from '@sockudo/server/ports';
import type { Participant } from './group-commit.ts';

export interface RecentRow {
  readonly entry: LogEntry;
  readonly bytesBefore: number;
  /** Size of the entry. */
  readonly bytes: number;
}

/** Consecutive entries of one channel. All but a channel's last are full. */
export interface Segment {
  readonly channelId: number;
  readonly key: ChannelKey;
  readonly firstSerial: number;
  /** Place of the first entry in the table. */
  readonly firstSequence: number;
  /** By `performance.now`. */
  readonly begunAt: number;
  readonly rows: RecentRow[];
}

/** Full segments have as many rows, or fewer where fewer may wait: moving them takes well under a millisecond. */
const SEGMENT_ROWS = 256;
/** Moved rows are removed from the table by as many, because each removal costs some pages. */
const REMOVE_ROWS = 1024;

export class RecentEntries implements Participant {
  /** Entries in memory, and their size. */
  rows = 0;
  bytes = 0;
  /** Beyond as many the settler moves some with each group. */
  readonly maxRows: number;
  readonly #segmentRows: number;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  /** In order of their first entry: all that stands before the first segment has been moved. */
  #segments: Segment[] = [];
  readonly #byChannel = new Map<number, Segment[]>();
  #nextSequence = 1;
  #removedBelow = 1;
  /** What the transaction at work has done, to be undone. */
  #added: Segment[] = [];
  #taken: Segment[] = [];
  #before = { nextSequence: 1, removedBelow: 1 };

  constructor(connection: DatabaseSync, maxRows: number) {
    this.maxRows = maxRows;
    this.#segmentRows = Math.max(1, Math.min(SEGMENT_ROWS, maxRows));
    settleAll(connection);
    this.#insert = connection.prepare('INSERT INTO recent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#remove = connection.prepare('DELETE FROM recent WHERE sequence < ?');
  }

  /** Rows that the transaction at work has added. */
  get added(): number {
    return this.#added.length;
  }

  /** The segment that has waited longest. */
  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** Inside a transaction. */
  add(channelId: number, row: RecentRow): void {
    const { entry, bytesBefore, bytes } = row;
    this.#insert.run(
      this.#nextSequence,
      channelId,
      entry.serial,
      entry.publishedAtMs,
      bytesBefore,
      bytes,
      entry.event,
      entry.data,
      entry.messageId ?? null,
      entry.messageSerial ?? null,
      entry.userId ?? null,
      entry.tags ?? null,
      entry.extras ?? null,
    );
    const segment = this.#segmentFor(channelId, entry);
    segment.rows.push(row);
    this.#added.push(segment);
    this.#nextSequence += 1;
    this.rows += 1;
    this.bytes += bytes;
  }

  firstSerial(channelId: number): number | null {
    return this.#byChannel.get(channelId)?.[0]?.firstSerial ?? null;
  }

  find(channelId: number, serial: number): RecentRow | null {
    const segments = this.#byChannel.get(channelId);
    const first = segments?.[0];
    if (segments === undefined || first === undefined || serial < first.firstSerial) return null;
    const segment = segments[Math.floor((serial - first.firstSerial) / this.#segmentRows)];
    return segment?.rows[serial - segment.firstSerial] ?? null;
  }

  /** Inside a transaction: gives the oldest segment away. It is in nobody's hands then until the caller has stored it. */
  take(): Segment | undefined {
    const segment = this.#segments.shift();
    if (segment === undefined) return undefined;
    this.#detach(segment, 'first');
    this.#taken.push(segment);
    return segment;
  }

  /** Inside a transaction: removes rows of segments that were taken, if they are many or the last. */
  removeTaken(): void {
    const below = this.#segments[0]?.firstSequence ?? this.#nextSequence;
    const isWorthIt = below - this.#removedBelow >= REMOVE_ROWS || this.#segments.length === 0;
    if (!isWorthIt || below === this.#removedBelow) return;
    this.#remove.run(below);
    this.#removedBelow = below;
  }

  beforeCommit(): void {}

  committed(): void {
    this.#added = [];
    this.#taken = [];
    this.#before = { nextSequence: this.#nextSequence, removedBelow: this.#removedBelow };
  }

  synced(): void {}

  rolledBack(): void {
    for (const segment of this.#added.reverse()) this.#takeBack(segment);
    for (const segment of this.#taken.reverse()) {
      if (segment.rows.length > 0) this.#attach(segment, 'first');
    }
    this.#nextSequence = this.#before.nextSequence;
    this.#removedBelow = this.#before.removedBelow;
    this.#added = [];
    this.#taken = [];
  }

  #segmentFor(channelId: number, { key, serial }: LogEntry): Segment {
    const current = this.#byChannel.get(channelId)?.at(-1);
    if (current !== undefined && current.rows.length < this.#segmentRows) return current;
    const segment: Segment = {
      channelId,
      key,
      firstSerial: serial,
      firstSequence: this.#nextSequence,
      begunAt: performance.now(),
      rows: [],
    };
    this.#attach(segment, 'last');
    return segment;
  }

  #takeBack(segment: Segment): void {
    const row = segment.rows.pop();
    if (row === undefined) return;
    // The rows of a segment that was taken are out of the sums already.
    if (this.#taken.includes(segment)) return;
    this.rows -= 1;
    this.bytes -= row.bytes;
    if (segment.rows.length > 0) return;
    this.#segments.splice(this.#segments.lastIndexOf(segment), 1);
    this.#detach(segment, 'last');
  }

  #attach(segment: Segment, end: 'first' | 'last'): void {
    const ofChannel = this.#byChannel.get(segment.channelId) ?? [];
    this.#byChannel.set(segment.channelId, ofChannel);
    for (const list of [this.#segments, ofChannel]) {
      if (end === 'first') list.unshift(segment);
      else list.push(segment);
    }
    this.rows += segment.rows.length;
    this.bytes += sizeOf(segment);
  }

  #detach(segment: Segment, end: 'first' | 'last'): void {
    const ofChannel = this.#byChannel.get(segment.channelId) ?? [];
    if (end === 'first') ofChannel.shift();
    else ofChannel.pop();
    if (ofChannel.length === 0) this.#byChannel.delete(segment.channelId);
    this.rows -= segment.rows.length;
    this.bytes -= sizeOf(segment);
  }
}

function sizeOf({ rows }: Segment): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * After a start: channels get the standing that the recent entries tell, and the entries go to their place, but for those that
 * were removed meanwhile or belong to a channel that was reset.
 */
function settleAll(connection: DatabaseSync): void {
  connection.exec(`
    BEGIN IMMEDIATE;
    UPDATE channels
      SET head_serial = newest.serial, bytes_total = newest.bytes_total, last_published_at_ms = newest.published_at_ms
      FROM (
        SELECT channel_id, max(serial) AS serial, max(bytes_before + bytes) AS bytes_total,
          max(published_at_ms) AS published_at_ms
        FROM recent GROUP BY channel_id
      ) AS newest
      WHERE id = channel_id AND head_serial < serial;
    INSERT OR IGNORE INTO entries
      SELECT channel_id, serial, published_at_ms, bytes_before, event, data, message_id, message_serial, user_id, tags, extras
      FROM recent JOIN channels ON channels.id = recent.channel_id
      WHERE channel IS NOT NULL AND serial >= oldest_serial
      ORDER BY channel_id, serial;
    DELETE FROM recent;
    COMMIT;
  `);
}
