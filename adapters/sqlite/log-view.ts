// What readers see of a channel's history: where retention's floor lies now, its state, its pages. Retention counts at once by
// this floor; the rows below it are removed later, in the background.
import {
  continuityGap,
  type Position,
  type ReadRange,
  type ReadResult,
  type StreamState,
  serialWindow,
} from '@sockudo/server/ports';
import type { Channel, ChannelRecord } from './channel-table.ts';
import type { ChannelFacts, EntryMark, FoundEntry } from './entry-columns.ts';
import type { EntryTable } from './entry-table.ts';

type PageResult =
  | Extract<ReadResult, { readonly kind: 'gap' }>
  | (Omit<Extract<ReadResult, { readonly kind: 'page' }>, 'entries'> & {
      readonly found: readonly FoundEntry[];
    });

export class LogView {
  readonly #entries: EntryTable;
  readonly #now: () => number;

  constructor(entries: EntryTable, now: () => number) {
    this.#entries = entries;
    this.#now = now;
  }

  /** No create below this serial is to be seen by readers. Never falls under one stream id. */
  visibleFloor(channel: Channel): number {
    const record = channel.visible;
    const known = channel.floor.id === record.id ? channel.floor.serial : 0;
    const serial = this.floor(record, known);
    channel.floor = { id: record.id, serial };
    return serial;
  }

  /** The oldest create that purges and retention leave at this moment, not below `known`; head + 1 where there is none. */
  floor(record: ChannelRecord, known = 0): number {
    const low = Math.max(record.oldestSerial, known);
    return this.#first(record, low, this.retained(record))?.serial ?? record.headSerial + 1;
  }

  /** Whether retention leaves a create at this moment. True for all later creates of a retained one. */
  retained({ retention, bytesTotal, messagesTotal }: ChannelRecord): (mark: EntryMark) => boolean {
    const { ageMs, messages, bytes } = retention;
    const oldestKeptMs = ageMs === undefined ? Number.NEGATIVE_INFINITY : this.#now() - ageMs;
    const leastBytes = bytes === undefined ? Number.NEGATIVE_INFINITY : bytesTotal - bytes;
    const leastMessages = messages === undefined ? Number.NEGATIVE_INFINITY : messagesTotal - messages;
    return (mark) =>
      mark.publishedAtMs >= oldestKeptMs &&
      mark.bytesBefore >= leastBytes &&
      mark.messagesBefore >= leastMessages;
  }

  state(channel: Channel): StreamState {
    const record = channel.visible;
    const oldest = this.#from(record, this.visibleFloor(channel));
    const newest =
      oldest === null || record.id === null ? null : this.#entries.markUpTo(record.id, record.headSerial);
    return {
      head: positionOf(record),
      oldestSerial: oldest?.serial ?? null,
      newestSerial: newest?.serial ?? null,
      oldestPublishedAtMs: oldest?.publishedAtMs ?? null,
      newestPublishedAtMs: newest?.publishedAtMs ?? null,
      messages: oldest === null ? 0 : record.messagesTotal - oldest.messagesBefore,
      bytes: oldest === null ? 0 : record.bytesTotal - oldest.bytesBefore,
    };
  }

  read(channel: Channel, range: ReadRange): ReadResult {
    const page = this.page(channel, range);
    if (page.kind === 'gap') return page;
    const { found, ...rest } = page;
    return { ...rest, entries: found.map(({ entry }) => entry) };
  }

  /** As `read`, with the places of the entries. */
  page(channel: Channel, range: ReadRange): PageResult {
    const record = channel.visible;
    const head = positionOf(record);
    const floor = this.visibleFloor(channel);
    const isEmpty = floor > record.headSerial;
    const gap = continuityGap(range, head, isEmpty ? null : floor);
    if (gap !== null) return { kind: 'gap', reason: gap, state: this.state(channel) };
    if (isEmpty || record.id === null) return { kind: 'page', found: [], more: false, head };
    const { limit, direction } = range;
    const found = this.#entries.page({
      ...factsOf(channel, record, record.id),
      ...this.#window(record, range, floor),
      direction,
      limit: limit + 1,
    });
    return { kind: 'page', found: found.slice(0, limit), more: found.length > limit, head };
  }

  /** Messages and bytes from `floor` up to `until` (exclusive). */
  measure(record: ChannelRecord, floor: number, until: number): { messages: number; bytes: number } {
    if (until <= floor) return { messages: 0, bytes: 0 };
    const from = this.#before(record, floor);
    const to = this.#before(record, until);
    return { messages: to.messages - from.messages, bytes: to.bytes - from.bytes };
  }

  /** The first create from `low` on that is not older; head + 1 where there is none. */
  firstSerialNotBefore(record: ChannelRecord, low: number, timeMs: number): number {
    const first = this.#first(record, low, (mark) => mark.publishedAtMs >= timeMs);
    return first?.serial ?? record.headSerial + 1;
  }

  #window(record: ChannelRecord, range: ReadRange, floor: number): { low: number; high: number } {
    const { low, high } = serialWindow(range, floor, record.headSerial);
    const { startTimeMs, endTimeMs } = range;
    const fromTime = startTimeMs === undefined ? low : this.firstSerialNotBefore(record, floor, startTimeMs);
    const untilTime =
      endTimeMs === undefined ? high : this.firstSerialNotBefore(record, floor, endTimeMs + 1) - 1;
    return { low: Math.max(low, fromTime), high: Math.min(high, untilTime) };
  }

  #before(record: ChannelRecord, serial: number): { messages: number; bytes: number } {
    const mark = this.#from(record, serial);
    return mark === null
      ? { messages: record.messagesTotal, bytes: record.bytesTotal }
      : { messages: mark.messagesBefore, bytes: mark.bytesBefore };
  }

  /** The first create from a serial on that belongs to this standing. */
  #from(record: ChannelRecord, serial: number): EntryMark | null {
    if (record.id === null || serial > record.headSerial) return null;
    const mark = this.#entries.markFrom(record.id, serial);
    return mark === null || mark.serial > record.headSerial ? null : mark;
  }

  #first(record: ChannelRecord, low: number, isReached: (mark: EntryMark) => boolean): EntryMark | null {
    return record.id === null ? null : this.#entries.firstMark(record.id, low, record.headSerial, isReached);
  }
}

/** What the rows of a channel have in common. */
export function factsOf(channel: Channel, record: ChannelRecord, channelId: number): ChannelFacts {
  return { channelId, key: channel.key, streamId: record.streamId, retention: record.retention };
}

function positionOf({ streamId, headSerial }: ChannelRecord): Position {
  return { streamId, serial: headSerial };
}
