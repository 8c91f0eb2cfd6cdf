// One channel in memory: the creates of its history, a queue that grows at its newest end and shrinks at its oldest; the messages
// that have outlived their place in it; and what happened to either (changes.ts). Serials and times never run backwards, so
// every lookup in the history is a binary search; the serials between the creates belong to changes.
import type {
  EntryDraft,
  LogEntry,
  Position,
  ReadRange,
  ReadResult,
  Retention,
  StreamState,
} from '../ports/channel-log.ts';
import { continuityGap, entryBytes, entryOf, isSameRetention, serialWindow } from '../ports/log-rules.ts';
import { versionsKeptFromMs } from '../ports/message-rules.ts';
import { Changes } from './changes.ts';
import { ChannelRecordShelf } from './channel-record-shelf.ts';

export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

/** Below this the room of removed entries is not worth a copy. */
const COMPACT_AT = 32;

export class Stream {
  readonly streamId: string;
  readonly changes = new Changes();
  readonly records = new ChannelRecordShelf();
  #headSerial = 0;
  #lastPublishedAtMs = 0;
  #bytes = 0;
  #retention: Retention = {};
  /** Retained entries are those from `#start` on; what lies before it is removed and waits to be compacted away. */
  #entries: (LogEntry | undefined)[] = [];
  #start = 0;
  /** Creates of messages beyond the history, by serial, ascending. */
  readonly #outliving = new Map<number, LogEntry>();
  #outlivingBytes = 0;
  /** As the retentions before the present one had it. */
  #versionsSinceMs = 0;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  get head(): Position {
    return { streamId: this.streamId, serial: this.#headSerial };
  }

  /** Creates in the history. */
  get messages(): number {
    return this.#entries.length - this.#start;
  }

  get isEmpty(): boolean {
    return this.messages === 0 && this.#outliving.size === 0 && this.records.isEmpty;
  }

  /** All that is held, roughly. */
  get heldBytes(): number {
    return this.#bytes + this.#outlivingBytes + this.changes.bytes + this.records.bytes;
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

  /** An entry of any kind took the next place. Its retention counts from now on, and brings nothing back. */
  advance(
    { serial, publishedAtMs }: { serial: number; publishedAtMs: number },
    retention: Retention,
    nowMs: number,
  ): void {
    this.#headSerial = serial;
    this.#lastPublishedAtMs = publishedAtMs;
    if (isSameRetention(retention, this.#retention)) return;
    this.trim(nowMs);
    this.forgetOutlived(nowMs);
    const keptFromMs = versionsKeptFromMs(this.#retention, nowMs);
    if (keptFromMs < Number.POSITIVE_INFINITY) {
      this.#versionsSinceMs = Math.max(this.#versionsSinceMs, keptFromMs);
    }
    this.#retention = retention;
  }

  append(entry: LogEntry, nowMs: number): void {
    this.advance(entry, entry.retention, nowMs);
    this.#bytes += entryBytes(entry);
    this.#entries.push(entry);
  }

  /** Takes out of the history what its retention no longer keeps. */
  trim(nowMs: number): Removed {
    const { ageMs, messages, bytes } = this.#retention;
    const oldestKeptMs = ageMs === undefined ? Number.NEGATIVE_INFINITY : nowMs - ageMs;
    return this.#shiftWhile(
      (entry) =>
        entry.publishedAtMs < oldestKeptMs ||
        (messages !== undefined && this.messages > messages) ||
        (bytes !== undefined && this.#bytes > bytes),
      (entry) => this.#outlive(entry, nowMs),
    );
  }

  forgetRecords(): Removed {
    this.records.clear();
    return { messages: 0, bytes: 0 };
  }

  /** Forgets messages that have outlived their versions' retention, too. */
  forgetOutlived(nowMs: number): void {
    for (const create of this.#outliving.values()) {
      if (!this.#isOutliving(create, nowMs)) this.#forget(create);
    }
  }

  /** Removes creates from the oldest on, with all that happened to them. Answers what that takes from the history. */
  removeOldestWhile(isSurplus: (entry: LogEntry) => boolean): Removed {
    for (const create of this.#outliving.values()) {
      if (!isSurplus(create)) break;
      this.#forget(create);
    }
    return this.#shiftWhile(isSurplus, (entry) => this.changes.forget(entry.serial));
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

  /** The create of a message that is known: in the history, or young enough by its newest version. */
  messageAt(serial: number, nowMs: number): LogEntry | null {
    const entry = this.#entries[this.#firstIndex((candidate) => candidate.serial >= serial)];
    if (entry?.serial === serial) return entry.messageSerial === undefined ? null : entry;
    const create = this.#outliving.get(serial);
    return create !== undefined && this.#isOutliving(create, nowMs) ? create : null;
  }

  /** Creates of the history with serials from `low` to `high`, oldest first. */
  between(low: number, high: number): readonly LogEntry[] {
    const first = this.#firstIndex((candidate) => candidate.serial >= low);
    const until = this.#firstIndex((candidate) => candidate.serial > high);
    return this.#entries.slice(first, until).filter((entry) => entry !== undefined);
  }

  #isOutliving(create: LogEntry, nowMs: number): boolean {
    const sinceMs = Math.max(this.#versionsSinceMs, versionsKeptFromMs(this.#retention, nowMs));
    return this.changes.recordOf(create).versionAtMs >= sinceMs;
  }

  /** A create has left the history. */
  #outlive(create: LogEntry, nowMs: number): void {
    if (create.messageSerial !== undefined && this.#isOutliving(create, nowMs)) {
      this.#outliving.set(create.serial, create);
      this.#outlivingBytes += entryBytes(create);
    } else {
      this.changes.forget(create.serial);
    }
  }

  /** An outliving message is gone. */
  #forget(create: LogEntry): void {
    this.#outliving.delete(create.serial);
    this.#outlivingBytes -= entryBytes(create);
    this.changes.forget(create.serial);
  }

  #shiftWhile(isSurplus: (entry: LogEntry) => boolean, shifted: (entry: LogEntry) => void): Removed {
    const before: Removed = { messages: this.messages, bytes: this.#bytes };
    for (let oldest = this.#entries[this.#start]; oldest !== undefined; oldest = this.#entries[this.#start]) {
      if (!isSurplus(oldest)) break;
      this.#bytes -= entryBytes(oldest);
      this.#entries[this.#start] = undefined;
      this.#start += 1;
      shifted(oldest);
    }
    this.#compact();
    return { messages: before.messages - this.messages, bytes: before.bytes - this.#bytes };
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
