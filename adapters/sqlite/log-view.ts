// What readers see of a channel: where retention's floor lies now, its state, its pages. Retention counts at once by this
// floor; the rows below it are removed later, in the background.
import {
  continuityGap,
  type Position,
  type ReadRange,
  type ReadResult,
  type Retention,
  type StreamState,
  serialWindow,
} from '@sockudo/server/ports';
import type { Channel, ChannelRecord } from './channel-table.ts';
import type { EntryMark, EntryTable } from './entry-table.ts';

export class LogView {
  readonly #entries: EntryTable;
  readonly #now: () => number;

  constructor(entries: EntryTable, now: () => number) {
    this.#entries = entries;
    this.#now = now;
  }

  /** The oldest serial that readers may see; head + 1 where there is none. Never falls under one stream id. */
  visibleFloor(channel: Channel): number {
    const record = channel.visible;
    const known = channel.floor.id === record.id ? channel.floor.serial : 0;
    const serial = this.floor(record, known);
    channel.floor = { id: record.id, serial };
    return serial;
  }

  /** The oldest serial that purges and retention leave at this moment, not below `known`. */
  floor(record: ChannelRecord, known = 0): number {
    const { headSerial, oldestSerial, retention } = record;
    const byCount = retention.messages === undefined ? 0 : headSerial - retention.messages + 1;
    const low = Math.min(headSerial + 1, Math.max(oldestSerial, known, byCount));
    return this.#firstRetained(record, low);
  }

  state(channel: Channel): StreamState {
    const record = channel.visible;
    const floor = this.visibleFloor(channel);
    const oldest = floor > record.headSerial ? null : this.#mark(record, floor);
    const newest = oldest === null ? null : this.#mark(record, record.headSerial);
    return {
      head: positionOf(record),
      oldestSerial: oldest === null ? null : floor,
      newestSerial: newest === null ? null : record.headSerial,
      oldestPublishedAtMs: oldest?.publishedAtMs ?? null,
      newestPublishedAtMs: newest?.publishedAtMs ?? null,
      messages: oldest === null ? 0 : record.headSerial - floor + 1,
      bytes: oldest === null ? 0 : record.bytesTotal - oldest.bytesBefore,
    };
  }

  read(channel: Channel, range: ReadRange): ReadResult {
    const record = channel.visible;
    const head = positionOf(record);
    const floor = this.visibleFloor(channel);
    const isEmpty = floor > record.headSerial;
    const gap = continuityGap(range, head, isEmpty ? null : floor);
    if (gap !== null) return { kind: 'gap', reason: gap, state: this.state(channel) };
    if (isEmpty || record.id === null) return { kind: 'page', entries: [], more: false, head };
    const { low, high } = this.#window(record, range, floor);
    const entries = this.#entries.page({
      channelId: record.id,
      key: channel.key,
      streamId: record.streamId,
      retention: record.retention,
      low,
      high,
      direction: range.direction,
      limit: range.limit,
    });
    return { kind: 'page', entries, more: high - low + 1 > entries.length, head };
  }

  /** Messages and bytes from `floor` up to `until` (exclusive). */
  measure(record: ChannelRecord, floor: number, until: number): { messages: number; bytes: number } {
    if (until <= floor) return { messages: 0, bytes: 0 };
    return {
      messages: until - floor,
      bytes: this.bytesBefore(record, until) - this.bytesBefore(record, floor),
    };
  }

  bytesBefore(record: ChannelRecord, serial: number): number {
    return this.#mark(record, serial)?.bytesBefore ?? record.bytesTotal;
  }

  firstSerialNotBefore(record: ChannelRecord, floor: number, timeMs: number): number {
    return this.#bisect(record, floor, (mark) => mark.publishedAtMs >= timeMs);
  }

  #firstRetained(record: ChannelRecord, low: number): number {
    if (low > record.headSerial) return low;
    const isRetained = retainedBy(record.retention, record.bytesTotal, this.#now());
    const first = this.#mark(record, low);
    if (first !== null && isRetained(first)) return low;
    return this.#bisect(record, low, isRetained);
  }

  #window(record: ChannelRecord, range: ReadRange, floor: number): { low: number; high: number } {
    const { low, high } = serialWindow(range, floor, record.headSerial);
    const { startTimeMs, endTimeMs } = range;
    const fromTime = startTimeMs === undefined ? low : this.firstSerialNotBefore(record, floor, startTimeMs);
    const untilTime =
      endTimeMs === undefined ? high : this.firstSerialNotBefore(record, floor, endTimeMs + 1) - 1;
    return { low: Math.max(low, fromTime), high: Math.max(Math.min(high, untilTime), low - 1) };
  }

  #mark(record: ChannelRecord, serial: number): EntryMark | null {
    return record.id === null ? null : this.#entries.mark(record.id, serial);
  }

  #bisect(record: ChannelRecord, low: number, isReached: (mark: EntryMark) => boolean): number {
    if (record.id === null) return low;
    return this.#entries.bisect(record.id, low, record.headSerial, isReached);
  }
}

function positionOf({ streamId, headSerial }: ChannelRecord): Position {
  return { streamId, serial: headSerial };
}

/** Whether an entry is young enough, and all from it on small enough. True for all entries after a true one. */
function retainedBy({ ageMs, bytes }: Retention, bytesTotal: number, nowMs: number) {
  const oldestKeptMs = ageMs === undefined ? Number.NEGATIVE_INFINITY : nowMs - ageMs;
  const lowestKeptBytes = bytes === undefined ? Number.NEGATIVE_INFINITY : bytesTotal - bytes;
  return (mark: EntryMark): boolean =>
    mark.publishedAtMs >= oldestKeptMs && mark.bytesBefore >= lowestKeptBytes;
}
