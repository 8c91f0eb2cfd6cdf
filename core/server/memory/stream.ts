// The retained entries of one channel in memory: a queue that grows at its newest end and shrinks at its oldest.
// Serials are contiguous and times never run backwards, so every lookup is arithmetic or a binary search.
import type {
  EntryDraft,
  LogEntry,
  Position,
  ReadRange,
  ReadResult,
  Retention,
  StreamState,
} from '../ports/channel-log.ts';
import { continuityGap, entryBytes, entryOf, serialWindow } from '../ports/log-rules.ts';

export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

/** Below this the room of removed entries is not worth a copy. */
const COMPACT_AT = 32;

export class Stream {
  readonly streamId: string;
  #headSerial = 0;
  #lastPublishedAtMs = 0;
  #bytes = 0;
  #retention: Retention = {};
  /** Retained entries are those from `#start` on; what lies before it is removed and waits to be compacted away. */
  #entries: (LogEntry | undefined)[] = [];
  #start = 0;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  get head(): Position {
    return { streamId: this.streamId, serial: this.#headSerial };
  }

  get messages(): number {
    return this.#entries.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The entry a draft becomes as the `ahead`-th one after the head (1: the next). Nothing is stored. */
  draw(draft: EntryDraft, ahead: number, notBeforeMs: number): LogEntry {
    const publishedAtMs = Math.max(draft.publishedAtMs, this.#lastPublishedAtMs, notBeforeMs);
    return entryOf(draft, { publishedAtMs, streamId: this.streamId, serial: this.#headSerial + ahead });
  }

  append(entry: LogEntry): void {
    this.#headSerial = entry.serial;
    this.#lastPublishedAtMs = entry.publishedAtMs;
    this.#retention = entry.retention;
    this.#bytes += entryBytes(entry);
    this.#entries.push(entry);
  }

  /** Removes what the newest entry's retention no longer keeps. */
  trim(nowMs: number): Removed {
    const { ageMs, messages, bytes } = this.#retention;
    const oldestKeptMs = ageMs === undefined ? Number.NEGATIVE_INFINITY : nowMs - ageMs;
    return this.removeOldestWhile(
      (entry) =>
        entry.publishedAtMs < oldestKeptMs ||
        (messages !== undefined && this.messages > messages) ||
        (bytes !== undefined && this.#bytes > bytes),
    );
  }

  removeOldestWhile(isSurplus: (entry: LogEntry) => boolean): Removed {
    const before: Removed = { messages: this.messages, bytes: this.#bytes };
    for (let oldest = this.#entries[this.#start]; oldest !== undefined; oldest = this.#entries[this.#start]) {
      if (!isSurplus(oldest)) break;
      this.#bytes -= entryBytes(oldest);
      this.#entries[this.#start] = undefined;
      this.#start += 1;
    }
    this.#compact();
    return { messages: before.messages - this.messages, bytes: before.bytes - this.#bytes };
  }

  state(): StreamState {
    const oldest = this.#entries[this.#start];
    const newest = oldest === undefined ? undefined : this.#entries.at(-1);
    return {
      head: this.head,
      oldestSerial: oldest?.serial ?? null,
      newestSerial: newest?.serial ?? null,
      oldestPublishedAtMs: oldest?.publishedAtMs ?? null,
      newestPublishedAtMs: newest?.publishedAtMs ?? null,
      messages: this.messages,
      bytes: this.#bytes,
    };
  }

  read(range: ReadRange): ReadResult {
    const oldest = this.#entries[this.#start];
    const gap = continuityGap(range, this.head, oldest?.serial ?? null);
    if (gap !== null) return { kind: 'gap', reason: gap, state: this.state() };
    if (oldest === undefined) return { kind: 'page', entries: [], more: false, head: this.head };
    const { low, high } = this.#window(range, oldest.serial);
    const count = Math.max(0, Math.min(range.limit, high - low + 1));
    const isOldestFirst = range.direction === 'oldest-first';
    const first = this.#start + (isOldestFirst ? low : high - count + 1) - oldest.serial;
    const entries = this.#entries.slice(first, first + count).filter((entry) => entry !== undefined);
    if (!isOldestFirst) entries.reverse();
    return { kind: 'page', entries, more: high - low + 1 > count, head: this.head };
  }

  #window(range: ReadRange, oldestSerial: number): { low: number; high: number } {
    const { low, high } = serialWindow(range, oldestSerial, this.#headSerial);
    const { startTimeMs, endTimeMs } = range;
    const fromTime = startTimeMs === undefined ? low : this.#firstSerialNotBefore(startTimeMs, oldestSerial);
    const untilTime =
      endTimeMs === undefined ? high : this.#firstSerialNotBefore(endTimeMs + 1, oldestSerial) - 1;
    return { low: Math.max(low, fromTime), high: Math.min(high, untilTime) };
  }

  #firstSerialNotBefore(timeMs: number, oldestSerial: number): number {
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.publishedAtMs ?? 0) < timeMs) low = middle + 1;
      else high = middle;
    }
    return oldestSerial + low - this.#start;
  }

  /** Copies at most once per as many removals, so that an append stays cheap on average. */
  #compact(): void {
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}
