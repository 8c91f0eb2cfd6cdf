// The retained creates of one channel in memory: a queue that grows at its newest end and shrinks at its oldest. Serials and
// times never run backwards, so every lookup is a binary search; the serials between them belong to changes (changes.ts).
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
import { Changes } from './changes.ts';

export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

/** Below this the room of removed entries is not worth a copy. */
const COMPACT_AT = 32;

export class Stream {
  readonly streamId: string;
  readonly changes = new Changes();
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

  /** The place of the next entry of any kind. Nothing is stored. */
  nextPlace(publishedAtMs: number): { serial: number; publishedAtMs: number } {
    return {
      serial: this.#headSerial + 1,
      publishedAtMs: Math.max(publishedAtMs, this.#lastPublishedAtMs),
    };
  }

  /** An entry of another kind took the next place. */
  advance({ serial, publishedAtMs }: { serial: number; publishedAtMs: number }): void {
    this.#headSerial = serial;
    this.#lastPublishedAtMs = publishedAtMs;
  }

  append(entry: LogEntry): void {
    this.advance(entry);
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
    this.changes.forgetBelow(this.#entries[this.#start]?.serial ?? this.#headSerial + 1);
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
    const { from, until } = this.#window(range, oldest.serial);
    const count = Math.max(0, Math.min(range.limit, until - from));
    const isOldestFirst = range.direction === 'oldest-first';
    const first = isOldestFirst ? from : until - count;
    const entries = this.#entries.slice(first, first + count).filter((entry) => entry !== undefined);
    if (!isOldestFirst) entries.reverse();
    return { kind: 'page', entries, more: until - from > count, head: this.head };
  }

  /** The retained create with this serial. */
  entryAt(serial: number): LogEntry | null {
    const entry = this.#entries[this.#firstIndex((candidate) => candidate.serial >= serial)];
    return entry?.serial === serial ? entry : null;
  }

  /** Retained creates strictly after a serial, oldest first. */
  entriesAfter(serial: number, limit: number): readonly LogEntry[] {
    const first = this.#firstIndex((candidate) => candidate.serial > serial);
    return this.#entries.slice(first, first + limit).filter((entry) => entry !== undefined);
  }

  /** Indexes of the creates that a page may take: from the first to before the second. */
  #window(range: ReadRange, oldestSerial: number): { from: number; until: number } {
    const { low, high } = serialWindow(range, oldestSerial, this.#headSerial);
    const { startTimeMs = Number.NEGATIVE_INFINITY, endTimeMs = Number.POSITIVE_INFINITY } = range;
    return {
      from: this.#firstIndex((entry) => entry.serial >= low && entry.publishedAtMs >= startTimeMs),
      until: this.#firstIndex((entry) => entry.serial > high || entry.publishedAtMs > endTimeMs),
    };
  }

  /** Index of the first retained create of which this is true; it stays true from there on. */
  #firstIndex(isFrom: (entry: LogEntry) => boolean): number {
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && !isFrom(entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies at most once per as many removals, so that an append stays cheap on average. */
  #compact(): void {
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}
