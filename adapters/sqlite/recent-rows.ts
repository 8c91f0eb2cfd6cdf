// The newest rows of all channels: stored in the order in which they came, and held in memory. Rows of many channels share
// a page here, where a table by channel would touch a page for each channel; the settler moves them there later, many of a
// channel at once. Measured with 100 channels: a fifth of the WAL and half of the CPU (bench/channel-log.ts).
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChannelKey } from '@sockudo/server/ports';
import type { Participant } from './group-commit.ts';
import { Queue } from './queue.ts';

export interface RecentRow {
  readonly entry: { readonly serial: number };
  /** Size of the row. */
  readonly bytes: number;
}

/** Consecutive rows of one channel. All but a channel's last are full. */
export interface Segment<Row extends RecentRow> {
  readonly channelId: number;
  readonly key: ChannelKey;
  readonly firstSerial: number;
  /** Place of the first row in the table. */
  readonly firstSequence: number;
  /** By `performance.now`. */
  readonly begunAt: number;
  readonly rows: Row[];
}

export interface RecentRange {
  /** Inclusive. */
  readonly low: number;
  readonly high: number;
  readonly limit: number;
  readonly direction: 'oldest-first' | 'newest-first';
}

/** Full segments have as many rows, or fewer where fewer may wait: moving them takes well under a millisecond. */
const SEGMENT_ROWS = 256;
/** Moved rows are removed from the table by as many, because each removal costs some pages. */
const REMOVE_ROWS = 1024;

export abstract class RecentRows<Row extends RecentRow> implements Participant {
  /** Rows in memory, and their size. */
  rows = 0;
  bytes = 0;
  /** Beyond as many the settler moves some with each group. */
  readonly maxRows: number;
  readonly #segmentRows: number;
  readonly #remove: StatementSync;
  /** In order of their first row: all that stands before the first segment has been moved. */
  readonly #segments = new Queue<Segment<Row>>();
  readonly #byChannel = new Map<number, Segment<Row>[]>();
  #nextSequence = 1;
  #removedBelow = 1;
  /** What the transaction at work has done, to be undone. */
  #added: Segment<Row>[] = [];
  #taken: Segment<Row>[] = [];
  #before = { nextSequence: 1, removedBelow: 1 };

  /** @param table where the rows wait; empty now */
  constructor(connection: DatabaseSync, table: string, maxRows: number) {
    this.maxRows = maxRows;
    this.#segmentRows = Math.max(1, Math.min(SEGMENT_ROWS, maxRows));
    this.#remove = connection.prepare(`DELETE FROM ${table} WHERE sequence < ?`);
  }

  /** Rows that the transaction at work has added. */
  get added(): number {
    return this.#added.length;
  }

  /** The segment that has waited longest. */
  get oldest(): Segment<Row> | undefined {
    return this.#segments.first;
  }

  /** Inside a transaction. */
  add(channelId: number, key: ChannelKey, row: Row): void {
    this.write(this.#nextSequence, channelId, row);
    const segment = this.#segmentFor(channelId, key, row.entry.serial);
    segment.rows.push(row);
    this.#added.push(segment);
    this.#nextSequence += 1;
    this.rows += 1;
    this.bytes += row.bytes;
    this.rowAdded(channelId, row);
  }

  firstSerial(channelId: number): number | null {
    return this.#byChannel.get(channelId)?.[0]?.firstSerial ?? null;
  }

  find(channelId: number, serial: number): Row | null {
    const row = this.firstFrom(channelId, serial);
    return row?.entry.serial === serial ? row : null;
  }

  /** The first row with this serial or a later one. */
  firstFrom(channelId: number, serial: number): Row | null {
    const segments = this.#byChannel.get(channelId);
    return segments === undefined ? null : this.#at(segments, this.#indexFrom(segments, serial));
  }

  /** The last row with this serial or an earlier one. */
  lastUpTo(channelId: number, serial: number): Row | null {
    const segments = this.#byChannel.get(channelId);
    return segments === undefined ? null : this.#at(segments, this.#indexFrom(segments, serial + 1) - 1);
  }

  range(channelId: number, { low, high, limit, direction }: RecentRange): Row[] {
    const segments = this.#byChannel.get(channelId);
    if (segments === undefined || limit <= 0 || high < low) return [];
    const from = this.#indexFrom(segments, low);
    const until = this.#indexFrom(segments, high + 1);
    const found: Row[] = [];
    for (let step = 0; step < Math.min(limit, until - from); step += 1) {
      const row = this.#at(segments, direction === 'oldest-first' ? from + step : until - 1 - step);
      if (row !== null) found.push(row);
    }
    return found;
  }

  /** Inside a transaction: gives the oldest segment away. It is in nobody's hands then until the caller has stored it. */
  take(): Segment<Row> | undefined {
    const segment = this.#segments.shift();
    if (segment === undefined) return undefined;
    this.#detach(segment, 'first');
    this.#taken.push(segment);
    this.segmentTaken(segment);
    return segment;
  }

  /** Inside a transaction: removes rows of segments that were taken, if they are many or the last. */
  removeTaken(): void {
    const below = this.#segments.first?.firstSequence ?? this.#nextSequence;
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
      if (segment.rows.length === 0) continue;
      this.#attach(segment, 'first');
      this.segmentReturned(segment);
    }
    this.#nextSequence = this.#before.nextSequence;
    this.#removedBelow = this.#before.removedBelow;
    this.#added = [];
    this.#taken = [];
  }

  /** Stores a row in the table. */
  protected abstract write(sequence: number, channelId: number, row: Row): void;

  // For a second order of the rows in memory: what comes and goes at either end of a channel.
  protected rowAdded(_channelId: number, _row: Row): void {}
  protected rowTakenBack(_channelId: number, _row: Row): void {}
  protected segmentTaken(_segment: Segment<Row>): void {}
  protected segmentReturned(_segment: Segment<Row>): void {}

  #segmentFor(channelId: number, key: ChannelKey, serial: number): Segment<Row> {
    const current = this.#byChannel.get(channelId)?.at(-1);
    if (current !== undefined && current.rows.length < this.#segmentRows) return current;
    const segment: Segment<Row> = {
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

  #at(segments: readonly Segment<Row>[], index: number): Row | null {
    const segment = segments[Math.floor(index / this.#segmentRows)];
    return segment?.rows[index % this.#segmentRows] ?? null;
  }

  /** Index of the first row of a channel with this serial or a later one; the number of rows where there is none. */
  #indexFrom(segments: readonly Segment<Row>[], serial: number): number {
    let low = 0;
    let high = (segments.length - 1) * this.#segmentRows + (segments.at(-1)?.rows.length ?? 0);
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = this.#at(segments, middle);
      if (row !== null && row.entry.serial < serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #takeBack(segment: Segment<Row>): void {
    const row = segment.rows.pop();
    if (row === undefined) return;
    // The rows of a segment that was taken are out of the sums already.
    if (this.#taken.includes(segment)) return;
    this.rows -= 1;
    this.bytes -= row.bytes;
    this.rowTakenBack(segment.channelId, row);
    if (segment.rows.length > 0) return;
    this.#segments.removeLast(segment);
    this.#detach(segment, 'last');
  }

  #attach(segment: Segment<Row>, end: 'first' | 'last'): void {
    const ofChannel = this.#byChannel.get(segment.channelId) ?? [];
    this.#byChannel.set(segment.channelId, ofChannel);
    for (const list of [this.#segments, ofChannel]) {
      if (end === 'first') list.unshift(segment);
      else list.push(segment);
    }
    this.rows += segment.rows.length;
    this.bytes += sizeOf(segment);
  }

  #detach(segment: Segment<Row>, end: 'first' | 'last'): void {
    const ofChannel = this.#byChannel.get(segment.channelId) ?? [];
    if (end === 'first') ofChannel.shift();
    else ofChannel.pop();
    if (ofChannel.length === 0) this.#byChannel.delete(segment.channelId);
    this.rows -= segment.rows.length;
    this.bytes -= sizeOf(segment);
  }
}

function sizeOf<Row extends RecentRow>({ rows }: Segment<Row>): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}
