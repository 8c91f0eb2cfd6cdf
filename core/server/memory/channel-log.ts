// The ChannelLog port in this process's memory: gone with the process, otherwise the same promises as a stored log.
// Also the recovery buffer of channels without history. Bounded by channels, bytes and receipts.
import { randomUUID } from 'node:crypto';
import {
  type ChannelKey,
  type ChannelLog,
  type Commit,
  type CommitResult,
  type LogEntry,
  type Position,
  type ReadRange,
  type Receipt,
  StoreUnavailable,
} from '../ports/channel-log.ts';
import type { DurableLog } from '../ports/index.ts';
import { answerReceipts, receiptVerdict } from '../ports/log-rules.ts';
import type {
  AnnotationDraft,
  AnnotationRecord,
  AnnotationResult,
  MessageState,
  MutationDraft,
  MutationResult,
  Projection,
  ReplayResult,
  RowsResult,
  VersionsRange,
} from '../ports/message-log.ts';
import { ExpiringMap } from './expiring-map.ts';
import {
  annotationIn,
  createIn,
  drawAnnotation,
  drawVersion,
  recordIn,
  replayPage,
  versionsPage,
} from './message-steps.ts';
import { type Removed, Stream } from './stream.ts';
import { UsageOrder } from './usage-order.ts';

export interface MemoryChannelLogOptions {
  /** Most channels remembered, default 100,000. Those that retain nothing are forgotten first, then the longest unused. */
  readonly maxChannels?: number;
  /** Most bytes of entries over all channels, default 256 MiB. Beyond it the longest unused channels lose entries. */
  readonly maxBytes?: number;
  /** Most receipts, default 250,000; beyond it the one that ends first is forgotten. */
  readonly maxReceipts?: number;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

const TRIM_INTERVAL_MS = 10_000;
/** Channels looked at by one background trim; the next goes on where it ended. */
const TRIM_CHANNELS = 2_000;
const TRIM_RECEIPTS = 20_000;

export function createMemoryChannelLog(options: MemoryChannelLogOptions = {}): DurableLog {
  return new MemoryChannelLog(options);
}

interface StoredReceipt {
  readonly receipt: Receipt;
  /** The message it belongs to and goes with. */
  readonly tie?: { readonly key: ChannelKey; readonly stream: Stream; readonly historySerial: number };
}

class MemoryChannelLog implements DurableLog {
  readonly durability = 'memory';
  readonly #maxChannels: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #receipts: ExpiringMap<StoredReceipt>;
  readonly #timer: NodeJS.Timeout;
  /** Channels with entries, the longest unused first. */
  readonly #busy = new UsageOrder<Stream>();
  /** Channels that retain nothing: their stream id and numbering only. */
  readonly #empty = new UsageOrder<Stream>();
  /** Where the trim on the clock goes on: a live iterator over `#busy`. */
  #walk: MapIterator<[string, Stream]> = this.#busy.entries();
  #bytes = 0;
  #isClosed = false;

  constructor(options: MemoryChannelLogOptions) {
    this.#maxChannels = Math.max(1, options.maxChannels ?? 100_000);
    this.#maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
    this.#now = options.now ?? Date.now;
    this.#receipts = new ExpiringMap(options.maxReceipts ?? 250_000);
    this.#timer = setInterval(() => this.#trimOnClock(), TRIM_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Everything happens in the calling turn: order of calls is order of serials. */
  async commit(commit: Commit): Promise<CommitResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const nowMs = this.#now();
    for (const draft of commit.receipts) {
      const receipt = this.#usedReceipt(draft, nowMs);
      if (receipt !== null) return { kind: receiptVerdict(draft, receipt), receipt };
    }
    const { entries, streams } = this.#draw(commit);
    const receipts = answerReceipts(commit.receipts, entries);
    for (const [index, entry] of entries.entries()) this.#append(streams[index], entry, nowMs);
    for (const receipt of receipts) {
      this.#receipts.set(receiptKey(receipt), { receipt }, receipt.expiresAtMs);
    }
    this.#forgetSurplus();
    return { kind: 'committed', entries };
  }

  async mutate(draft: MutationDraft): Promise<MutationResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const { key, receipt } = draft;
    const nowMs = this.#now();
    const stream = this.#look(key);
    const create = createIn(stream, draft.messageSerial, nowMs);
    if (create === null) return { kind: 'unknown-message' };
    const used = receipt === undefined ? null : this.#usedReceipt(receipt, nowMs);
    if (receipt !== undefined && used !== null) return { kind: receiptVerdict(receipt, used), receipt: used };
    const result = drawVersion(stream, create, draft);
    if (result.kind === 'refused') return result;
    const { version } = result;
    const { entry } = version;
    if (receipt !== undefined) {
      const stored = { ...receipt, answer: receipt.answer(entry) };
      const tie = { key, stream, historySerial: create.serial };
      this.#receipts.set(receiptKey(receipt), { receipt: stored, tie }, receipt.expiresAtMs);
    }
    this.#grow(key, stream, nowMs, () => {
      stream.advance(entry, draft.retention, nowMs);
      stream.changes.addVersion(create, version);
    });
    return { kind: 'committed', entry };
  }

  async annotate(draft: AnnotationDraft): Promise<AnnotationResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const nowMs = this.#now();
    const stream = this.#look(draft.key);
    const create = createIn(stream, draft.messageSerial, nowMs);
    if (create === null) return { kind: 'unknown-message' };
    const result = drawAnnotation(stream, create, draft, nowMs);
    if (result.kind === 'refused') return result;
    const { entry, projection } = result;
    this.#grow(draft.key, stream, nowMs, () => {
      stream.advance(entry, draft.retention, nowMs);
      stream.changes.addAnnotation(create, entry, projection);
    });
    return result;
  }

  async message(key: ChannelKey, messageSerial: string): Promise<MessageState | null> {
    return recordIn(this.#look(key), messageSerial, this.#now())?.state() ?? null;
  }

  async versions(
    key: ChannelKey,
    messageSerial: string,
    range: VersionsRange,
  ): ReturnType<DurableLog['versions']> {
    const record = recordIn(this.#look(key), messageSerial, this.#now());
    return record === null ? null : versionsPage(record, range);
  }

  async annotations(
    key: ChannelKey,
    messageSerial: string,
    { type, from, limit }: { readonly type?: string; readonly from?: string; readonly limit: number },
  ): ReturnType<DurableLog['annotations']> {
    const stream = this.#look(key);
    const create = createIn(stream, messageSerial, this.#now());
    const all = create === null ? [] : stream.changes.annotationsOf(create.serial);
    const matching = all.filter(
      (record) =>
        (from === undefined || record.annotationSerial > from) &&
        (type === undefined || record.type === type),
    );
    return { records: matching.slice(0, limit), more: matching.length > limit };
  }

  async annotation(key: ChannelKey, annotationSerial: string): Promise<AnnotationRecord | null> {
    return annotationIn(this.#look(key), annotationSerial, this.#now());
  }

  async projections(key: ChannelKey, limit: number): Promise<readonly Projection[]> {
    const stream = this.#look(key);
    const nowMs = this.#now();
    return stream.changes.projections(limit, (serial) => stream.messageAt(serial, nowMs) !== null);
  }

  async rows(key: ChannelKey, range: ReadRange): Promise<RowsResult> {
    const stream = this.#look(key);
    const page = stream.read(range);
    if (page.kind === 'gap') return page;
    const { entries, ...rest } = page;
    const latestOf = (entry: LogEntry): MessageState | null => {
      const record = stream.changes.recordOf(entry);
      return record.versions.length === 0 ? null : record.state();
    };
    return { ...rest, rows: entries.map((entry) => ({ entry, latest: latestOf(entry) })) };
  }

  async replay(key: ChannelKey, from: Position, limit: number): Promise<ReplayResult> {
    return replayPage(this.#look(key), from, limit, this.#now());
  }

  async read(key: ChannelKey, range: Parameters<ChannelLog['read']>[1]): ReturnType<ChannelLog['read']> {
    return this.#look(key).read(range);
  }

  async head(key: ChannelKey): Promise<Position> {
    return this.#look(key).head;
  }

  async state(key: ChannelKey): ReturnType<ChannelLog['state']> {
    return this.#look(key).state();
  }

  async receipt(scope: string, key: string): Promise<Receipt | null> {
    return this.#usedReceipt({ scope, key }, this.#now());
  }

  async purge(
    key: ChannelKey,
    below?: { readonly serial?: number; readonly timeMs?: number },
  ): Promise<Removed> {
    const stream = this.#look(key);
    return this.#shrink(channelKey(key), stream, () =>
      stream.removeOldestWhile(
        (entry) =>
          entry.serial < (below?.serial ?? Number.POSITIVE_INFINITY) &&
          entry.publishedAtMs < (below?.timeMs ?? Number.POSITIVE_INFINITY),
      ),
    );
  }

  async reset(key: ChannelKey): ReturnType<ChannelLog['reset']> {
    const id = channelKey(key);
    const before = this.#look(key);
    const { head: previous, messages, bytes } = before.state();
    this.#bytes -= before.heldBytes;
    this.#busy.delete(id);
    const stream = new Stream(randomUUID());
    this.#empty.use(id, stream);
    return { previous, head: stream.head, messages, bytes };
  }

  async trim(): Promise<Removed> {
    this.#receipts.removeExpired(this.#now());
    return this.#trimSome(this.#busy.entries(), this.#busy.size);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#busy.clear();
    this.#empty.clear();
    this.#receipts.clear();
    clearInterval(this.#timer);
  }

  #draw(commit: Commit): { entries: LogEntry[]; streams: Stream[] } {
    const entries: LogEntry[] = [];
    const streams: Stream[] = [];
    for (const draft of commit.entries) {
      const stream = this.#open(draft.key);
      const previous = entries[streams.lastIndexOf(stream)];
      const ahead = previous === undefined ? 1 : previous.serial - stream.head.serial + 1;
      entries.push(stream.draw(draft, ahead, previous?.publishedAtMs ?? 0));
      streams.push(stream);
    }
    return { entries, streams };
  }

  #append(stream: Stream | undefined, entry: LogEntry, nowMs: number): void {
    if (stream !== undefined) this.#grow(entry.key, stream, nowMs, () => stream.append(entry, nowMs));
  }

  /** Adds to a channel, which is then the one used last, and holds what there is to its bounds. */
  #grow(key: ChannelKey, stream: Stream, nowMs: number, add: () => void): void {
    const id = channelKey(key);
    const bytesBefore = stream.heldBytes;
    add();
    this.#bytes += stream.heldBytes - bytesBefore;
    this.#empty.delete(id);
    this.#busy.use(id, stream);
    this.#shrink(id, stream, () => stream.trim(nowMs));
    while (this.#bytes > this.#maxBytes && this.#dropFromLongestUnused());
  }

  #dropFromLongestUnused(): boolean {
    const [id, stream] = this.#busy.first() ?? [];
    if (id === undefined || stream === undefined) return false;
    const bytesBefore = this.#bytes;
    const enough = stream.heldBytes - (bytesBefore - this.#maxBytes);
    this.#shrink(id, stream, () => stream.removeOldestWhile(() => stream.heldBytes > enough));
    return this.#bytes < bytesBefore;
  }

  #shrink(id: string, stream: Stream, remove: () => Removed): Removed {
    const bytesBefore = stream.heldBytes;
    const removed = remove();
    this.#bytes -= bytesBefore - stream.heldBytes;
    if (stream.isEmpty && this.#busy.delete(id)) this.#empty.use(id, stream);
    return removed;
  }

  #usedReceipt(key: { readonly scope: string; readonly key: string }, nowMs: number): Receipt | null {
    const stored = this.#receipts.get(receiptKey(key), nowMs)?.value;
    if (stored === undefined) return null;
    const { receipt, tie } = stored;
    if (tie === undefined) return receipt;
    const isThere =
      this.#look(tie.key) === tie.stream && tie.stream.messageAt(tie.historySerial, nowMs) !== null;
    return isThere ? receipt : null;
  }

  #open(key: ChannelKey): Stream {
    const id = channelKey(key);
    const known = this.#busy.get(id) ?? this.#empty.get(id);
    if (known !== undefined) return known;
    const stream = new Stream(randomUUID());
    this.#empty.use(id, stream);
    return stream;
  }

  /** The channel as it is to be seen: without what retention no longer keeps. */
  #look(key: ChannelKey): Stream {
    const stream = this.#open(key);
    const nowMs = this.#now();
    this.#shrink(channelKey(key), stream, () => stream.trim(nowMs));
    this.#forgetSurplus();
    return stream;
  }

  /** Never inside a commit's step: a channel that the step already drew serials from must stay the same object. */
  #forgetSurplus(): void {
    while (this.#busy.size + this.#empty.size > this.#maxChannels) {
      const isEmptyForgotten = this.#empty.shift() !== undefined;
      if (!isEmptyForgotten) this.#bytes -= this.#busy.shift()?.heldBytes ?? 0;
    }
  }

  /** A bounded part at a time, so that a sweep over many channels never holds up the event loop. */
  #trimOnClock(): void {
    this.#receipts.removeExpired(this.#now(), TRIM_RECEIPTS);
    this.#trimSome(this.#walk, TRIM_CHANNELS);
    if (this.#walk.next().done === true) this.#walk = this.#busy.entries();
  }

  #trimSome(streams: Iterable<[string, Stream]>, limit: number): Removed {
    const nowMs = this.#now();
    let messages = 0;
    let bytes = 0;
    let left = limit;
    for (const [id, stream] of streams) {
      const removed = this.#shrink(id, stream, () => {
        const trimmed = stream.trim(nowMs);
        stream.forgetOutlived(nowMs);
        return trimmed;
      });
      messages += removed.messages;
      bytes += removed.bytes;
      left -= 1;
      if (left <= 0) break;
    }
    return { messages, bytes };
  }
}

/** The length in front keeps any two pairs apart, whatever characters they hold. */
function channelKey({ appId, channel }: ChannelKey): string {
  return `${appId.length}:${appId}${channel}`;
}

function receiptKey({ scope, key }: { readonly scope: string; readonly key: string }): string {
  return `${scope.length}:${scope}${key}`;
}
