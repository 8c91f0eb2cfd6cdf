// The ChannelLog port in this process's memory: gone with the process, otherwise the same promises as a stored log.
// Also the recovery buffer of channels without history. Bounded by channels and bytes (streams.ts) and by receipts.
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
import type {
  ChannelRecord,
  RecordChange,
  RecordPage,
  RecordResult,
  RecordSearch,
} from '../ports/channel-records.ts';
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
import { isSettled } from '../ports/message-rules.ts';
import { changeRecords, commitRecords, type RecordSource, type RecordWrites } from '../ports/record-rules.ts';
import { searchShelves } from './channel-record-shelf.ts';
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
import type { Removed, Stream } from './stream.ts';
import { Streams } from './streams.ts';

export interface MemoryChannelLogOptions {
  /** Most channels remembered, default 100,000. Those that retain nothing are forgotten first, then the longest unused. */
  readonly maxChannels?: number;
  /**
   * Most bytes of entries and records over all channels, default 256 MiB. Beyond it the longest unused channels lose entries,
   * and those without entries their records.
   */
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
  readonly #now: () => number;
  readonly #streams: Streams;
  readonly #receipts: ExpiringMap<StoredReceipt>;
  readonly #timer: NodeJS.Timeout;
  readonly #records: RecordSource = {
    find: (key, kind, id) => this.#streams.open(key).records.find(kind, id),
    lastOrdinal: (key, kind) => this.#streams.open(key).records.lastOrdinal(kind),
  };
  #recordsMade = 0;
  #isClosed = false;

  constructor(options: MemoryChannelLogOptions) {
    this.#now = options.now ?? Date.now;
    this.#streams = new Streams({
      maxChannels: options.maxChannels ?? 100_000,
      maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
      now: this.#now,
    });
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
    const records = commitRecords(this.#records, commit.entries, entries);
    if (records.kind === 'refused') return records;
    const receipts = answerReceipts(commit.receipts, entries);
    for (const [index, entry] of entries.entries()) this.#append(streams[index], entry, nowMs);
    for (const receipt of receipts) {
      this.#receipts.set(receiptKey(receipt), { receipt }, receipt.expiresAtMs);
    }
    this.#write(records, nowMs);
    this.#streams.forgetSurplus();
    return { kind: 'committed', entries };
  }

  async mutate(draft: MutationDraft): Promise<MutationResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    return this.#mutate(draft);
  }

  async mutateInOrder(drafts: readonly MutationDraft[]): Promise<readonly MutationResult[]> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const results: MutationResult[] = [];
    for (const draft of drafts) {
      const result = this.#mutate(draft);
      results.push(result);
      if (!isSettled(result)) break;
    }
    return results;
  }

  #mutate(draft: MutationDraft): MutationResult {
    const { key, receipt } = draft;
    const nowMs = this.#now();
    const stream = this.#streams.look(key);
    const create = createIn(stream, draft.messageSerial, nowMs);
    if (create === null) return { kind: 'unknown-message' };
    const used = receipt === undefined ? null : this.#usedReceipt(receipt, nowMs);
    if (receipt !== undefined && used !== null) return { kind: receiptVerdict(receipt, used), receipt: used };
    const result = drawVersion(stream, create, draft, this.#records);
    if (result.kind === 'refused') return result;
    const { version, records } = result;
    const { entry } = version;
    if (receipt !== undefined) {
      const stored = { ...receipt, answer: receipt.answer(entry) };
      const tie = { key, stream, historySerial: create.serial };
      this.#receipts.set(receiptKey(receipt), { receipt: stored, tie }, receipt.expiresAtMs);
    }
    this.#streams.grow(key, stream, nowMs, () => {
      stream.advance(entry, draft.retention, nowMs);
      stream.changes.addVersion(create, version);
    });
    this.#write(records, nowMs);
    return { kind: 'committed', entry };
  }

  async annotate(draft: AnnotationDraft): Promise<AnnotationResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const nowMs = this.#now();
    const stream = this.#streams.look(draft.key);
    const create = createIn(stream, draft.messageSerial, nowMs);
    if (create === null) return { kind: 'unknown-message' };
    const result = drawAnnotation(stream, create, draft, nowMs);
    if (result.kind === 'refused') return result;
    const { entry, projection } = result;
    this.#streams.grow(draft.key, stream, nowMs, () => {
      stream.advance(entry, draft.retention, nowMs);
      stream.changes.addAnnotation(create, entry, projection);
    });
    return result;
  }

  async change(key: ChannelKey, change: RecordChange): Promise<RecordResult> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const records = changeRecords(this.#records, key, [change], null);
    if (records.kind === 'refused') return records;
    this.#write(records, this.#now());
    return { kind: 'changed', record: await this.record(key, change.kind, change.id) };
  }

  async record(key: ChannelKey, kind: string, id: string): Promise<ChannelRecord | null> {
    return this.#streams.look(key).records.find(kind, id);
  }

  async records(
    key: ChannelKey,
    kind: string,
    range: Parameters<DurableLog['records']>[2],
  ): Promise<RecordPage> {
    return this.#streams.look(key).records.page(kind, range);
  }

  async search(search: RecordSearch): Promise<readonly ChannelRecord[]> {
    return searchShelves(this.#streams.busy(), search);
  }

  async message(key: ChannelKey, messageSerial: string): Promise<MessageState | null> {
    return recordIn(this.#streams.look(key), messageSerial, this.#now())?.state() ?? null;
  }

  async versions(
    key: ChannelKey,
    messageSerial: string,
    range: VersionsRange,
  ): ReturnType<DurableLog['versions']> {
    const record = recordIn(this.#streams.look(key), messageSerial, this.#now());
    return record === null ? null : versionsPage(record, range);
  }

  async annotations(
    key: ChannelKey,
    messageSerial: string,
    { type, from, limit }: { readonly type?: string; readonly from?: string; readonly limit: number },
  ): ReturnType<DurableLog['annotations']> {
    const stream = this.#streams.look(key);
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
    return annotationIn(this.#streams.look(key), annotationSerial, this.#now());
  }

  async projections(key: ChannelKey, limit: number): Promise<readonly Projection[]> {
    const stream = this.#streams.look(key);
    const nowMs = this.#now();
    return stream.changes.projections(limit, (serial) => stream.messageAt(serial, nowMs) !== null);
  }

  async rows(key: ChannelKey, range: ReadRange): Promise<RowsResult> {
    const stream = this.#streams.look(key);
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
    return replayPage(this.#streams.look(key), from, limit, this.#now());
  }

  async read(key: ChannelKey, range: Parameters<ChannelLog['read']>[1]): ReturnType<ChannelLog['read']> {
    return this.#streams.look(key).read(range);
  }

  async head(key: ChannelKey): Promise<Position> {
    return this.#streams.look(key).head;
  }

  async state(key: ChannelKey): ReturnType<ChannelLog['state']> {
    return this.#streams.look(key).state();
  }

  async receipt(scope: string, key: string): Promise<Receipt | null> {
    return this.#usedReceipt({ scope, key }, this.#now());
  }

  async purge(
    key: ChannelKey,
    below?: { readonly serial?: number; readonly timeMs?: number },
  ): Promise<Removed> {
    return this.#streams.shrink(key, (stream) =>
      stream.removeOldestWhile(
        (entry) =>
          entry.serial < (below?.serial ?? Number.POSITIVE_INFINITY) &&
          entry.publishedAtMs < (below?.timeMs ?? Number.POSITIVE_INFINITY),
      ),
    );
  }

  async reset(key: ChannelKey): ReturnType<ChannelLog['reset']> {
    const { before, after } = this.#streams.replace(key);
    const { head: previous, messages, bytes } = before.state();
    return { previous, head: after.head, messages, bytes };
  }

  async trim(): Promise<Removed> {
    this.#receipts.removeExpired(this.#now());
    return this.#streams.trimAll();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#streams.clear();
    this.#receipts.clear();
    clearInterval(this.#timer);
  }

  #draw(commit: Commit): { entries: LogEntry[]; streams: Stream[] } {
    const entries: LogEntry[] = [];
    const streams: Stream[] = [];
    for (const draft of commit.entries) {
      const stream = this.#streams.open(draft.key);
      const previous = entries[streams.lastIndexOf(stream)];
      const ahead = previous === undefined ? 1 : previous.serial - stream.head.serial + 1;
      entries.push(stream.draw(draft, ahead, previous?.publishedAtMs ?? 0));
      streams.push(stream);
    }
    return { entries, streams };
  }

  #append(stream: Stream | undefined, entry: LogEntry, nowMs: number): void {
    if (stream !== undefined) this.#streams.grow(entry.key, stream, nowMs, () => stream.append(entry, nowMs));
  }

  #write({ records, ordinals }: RecordWrites, nowMs: number): void {
    for (const used of ordinals) this.#streams.open(used.key).records.use(used);
    for (const record of records) {
      const stream = this.#streams.open(record.key);
      this.#recordsMade += 1;
      this.#streams.grow(record.key, stream, nowMs, () => stream.records.write(record, this.#recordsMade));
    }
  }

  #usedReceipt(key: { readonly scope: string; readonly key: string }, nowMs: number): Receipt | null {
    const stored = this.#receipts.get(receiptKey(key), nowMs)?.value;
    if (stored === undefined) return null;
    const { receipt, tie } = stored;
    if (tie === undefined) return receipt;
    const isThere =
      this.#streams.look(tie.key) === tie.stream && tie.stream.messageAt(tie.historySerial, nowMs) !== null;
    return isThere ? receipt : null;
  }

  #trimOnClock(): void {
    this.#receipts.removeExpired(this.#now(), TRIM_RECEIPTS);
    this.#streams.trimSome(TRIM_CHANNELS);
  }
}

function receiptKey({ scope, key }: { readonly scope: string; readonly key: string }): string {
  return `${scope.length}:${scope}${key}`;
}
