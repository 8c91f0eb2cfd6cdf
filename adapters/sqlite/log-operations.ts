// The three ways to change a channel, as operations of the group commit: append (with its receipts), purge, reset.
import { randomUUID } from 'node:crypto';
import {
  answerReceipts,
  type ChannelKey,
  type Commit,
  type CommitResult,
  commitRecords,
  type EntryDraft,
  entryBytes,
  entryOf,
  isSameRetention,
  type LogEntry,
  NO_RECORD_WRITES,
  type Position,
  type Receipt,
  type RecordSource,
  type RecordWrites,
  type Retention,
  receiptVerdict,
  versionsKeptFromMs,
} from '@sockudo/server/ports';
import type { AnnotationTable } from './annotation-table.ts';
import type { Channel, ChannelRecord, ChannelTable, StoredChannelRecord } from './channel-table.ts';
import type { Operation } from './group-commit.ts';
import type { HotMessages } from './hot-messages.ts';
import type { LogView } from './log-view.ts';
import type { MessageView } from './message-view.ts';
import type { Receipts } from './receipts.ts';
import type { RecentEntries } from './recent-entries.ts';
import type { ReceiptTie } from './recent-receipts.ts';
import type { RecentVersions } from './recent-versions.ts';
import { writeRecords } from './record-steps.ts';
import type { RecordTable } from './record-table.ts';

/** So many rows are removed at once rather than one after each commit. */
const SURPLUS_STEP = 64;
/** What the change of a record is taken to weigh: its content is known only once it is planned. */
const RECORD_BYTES = 1024;

export interface LogTables {
  readonly channels: ChannelTable;
  readonly recent: RecentEntries;
  readonly recentVersions: RecentVersions;
  readonly annotations: AnnotationTable;
  readonly hot: HotMessages;
  readonly receipts: Receipts;
  readonly records: RecordTable;
  readonly recordSource: RecordSource;
  readonly view: LogView;
  readonly messages: MessageView;
  readonly now: () => number;
  /** Tells the sweep that a channel has rows to remove. */
  readonly markSurplus: (channelId: number) => void;
}

/** The receipt of a key, if it has not ended and what it belongs to is still there. */
export function findReceipt(
  { receipts, channels, messages }: LogTables,
  key: { readonly scope: string; readonly key: string },
  standingOf: (channel: Channel) => ChannelRecord,
): Receipt | null {
  const isThere = ({ channelId, historySerial }: ReceiptTie): boolean => {
    const channel = channels.byId(channelId);
    if (channel === null) return false;
    const record = standingOf(channel);
    return record.id === channelId && messages.at(channel, record, historySerial) !== null;
  };
  const found = receipts.find(key.scope, key.key);
  return found !== null && (found.tie === null || isThere(found.tie)) ? found.receipt : null;
}

/**
 * Inside a transaction: the standing of a channel whose next entry comes under `retention`. A looser one must not bring back
 * what the old one has already hidden, and perhaps removed.
 */
export function underRetention(
  { channels, view, now }: LogTables,
  channel: Channel,
  retention: Retention,
): StoredChannelRecord {
  const { assigned } = channel;
  const stored =
    assigned.id === null
      ? channels.store(channel, assigned.streamId, now())
      : { ...assigned, id: assigned.id };
  if (isSameRetention(assigned.retention, retention)) return stored;
  channels.save(channel);
  const oldestSerial = view.floor(assigned);
  const keptFromMs = versionsKeptFromMs(assigned.retention, now());
  return {
    ...stored,
    retention,
    oldestSerial,
    ...(keptFromMs === Number.POSITIVE_INFINITY
      ? { purgedBelow: Math.max(assigned.purgedBelow, oldestSerial) }
      : { versionsSinceMs: Math.max(assigned.versionsSinceMs, keptFromMs) }),
  };
}

/** An operation whose outcome is a promise. */
export abstract class LogOperation<T> implements Operation {
  readonly needsSync = true;
  readonly weight: number = 1;
  abstract readonly bytes: number;
  readonly outcome: Promise<T>;
  protected result: T | undefined;
  #resolve: (value: T) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  plan(): void {}

  abstract write(): void;

  done(): void {
    if (this.result !== undefined) this.#resolve(this.result);
    else this.#reject(new Error('an operation ended without a result'));
  }

  failed(error: Error): void {
    this.#reject(error);
  }
}

/** Serials, receipts and answers are decided in `plan`, so that a commit that is refused has touched nothing. */
export class AppendOperation extends LogOperation<CommitResult> {
  readonly bytes: number;
  readonly #tables: LogTables;
  readonly #commit: Commit;
  #drawn: { readonly channel: Channel; readonly entry: LogEntry }[] = [];
  #receipts: readonly Receipt[] = [];
  #records: RecordWrites = NO_RECORD_WRITES;

  constructor(tables: LogTables, commit: Commit) {
    super();
    this.#tables = tables;
    this.#commit = commit;
    this.bytes = commit.entries.reduce(
      (sum, { data, extras = '', records }) =>
        sum + data.length + extras.length + (records === undefined ? 0 : records.length * RECORD_BYTES),
      256,
    );
  }

  override plan(): void {
    this.#drawn = [];
    this.#receipts = [];
    this.#records = NO_RECORD_WRITES;
    this.result = this.#usedReceipt();
    if (this.result !== undefined) return;
    for (const draft of this.#commit.entries) this.#draw(draft);
    const entries = this.#drawn.map(({ entry }) => entry);
    const records = commitRecords(this.#tables.recordSource, this.#commit.entries, entries);
    if (records.kind === 'refused') {
      this.#drawn = [];
      this.result = records;
      return;
    }
    this.#receipts = answerReceipts(this.#commit.receipts, entries);
    this.#records = records;
    this.result = { kind: 'committed', entries };
  }

  override write(): void {
    for (const { channel, entry } of this.#drawn) this.#append(channel, entry);
    for (const receipt of this.#receipts) this.#tables.receipts.insert(receipt);
    writeRecords(this.#tables.channels, this.#tables.records, this.#records);
  }

  #usedReceipt(): CommitResult | undefined {
    for (const draft of this.#commit.receipts) {
      const receipt = findReceipt(this.#tables, draft, ({ assigned }) => assigned);
      if (receipt !== null) return { kind: receiptVerdict(draft, receipt), receipt };
    }
    return undefined;
  }

  #draw(draft: EntryDraft): void {
    const channel = this.#tables.channels.open(draft.key);
    const earlier = this.#drawn.findLast((drawn) => drawn.channel === channel)?.entry;
    const { streamId, headSerial, lastPublishedAtMs } = channel.assigned;
    const entry = entryOf(draft, {
      publishedAtMs: Math.max(draft.publishedAtMs, earlier?.publishedAtMs ?? lastPublishedAtMs),
      streamId,
      serial: (earlier?.serial ?? headSerial) + 1,
    });
    this.#drawn.push({ channel, entry });
  }

  #append(channel: Channel, entry: LogEntry): void {
    const { channels, recent } = this.#tables;
    const standing = underRetention(this.#tables, channel, entry.retention);
    const { id, bytesTotal, messagesTotal } = standing;
    const bytes = entryBytes(entry);
    recent.add(id, channel.key, { entry, bytesBefore: bytesTotal, messagesBefore: messagesTotal, bytes });
    const record: ChannelRecord = {
      ...standing,
      headSerial: entry.serial,
      bytesTotal: bytesTotal + bytes,
      messagesTotal: messagesTotal + 1,
      lastPublishedAtMs: entry.publishedAtMs,
    };
    channels.advance(channel, record);
    if (hasSurplus(record)) this.#tables.markSurplus(id);
  }
}

export class PurgeOperation extends LogOperation<{ messages: number; bytes: number }> {
  readonly bytes = 256;
  readonly #tables: LogTables;
  readonly #key: ChannelKey;
  readonly #below: { readonly serial?: number; readonly timeMs?: number };

  constructor(
    tables: LogTables,
    key: ChannelKey,
    below: { readonly serial?: number; readonly timeMs?: number },
  ) {
    super();
    this.#tables = tables;
    this.#key = key;
    this.#below = below;
  }

  /** Raises the bounds of what is to be seen; the sweep removes the rows. */
  override write(): void {
    const { channels, view, markSurplus } = this.#tables;
    const channel = channels.open(this.#key);
    const { assigned } = channel;
    const { serial = assigned.headSerial + 1, timeMs } = this.#below;
    const bySerial = Math.min(serial, assigned.headSerial + 1);
    const byTime =
      timeMs === undefined ? bySerial : view.firstSerialNotBefore(assigned, assigned.purgedBelow, timeMs);
    const purgedBelow = Math.max(assigned.purgedBelow, Math.min(bySerial, byTime));
    const floor = view.floor(assigned);
    const oldestSerial = Math.max(floor, purgedBelow);
    this.result = view.measure(assigned, floor, oldestSerial);
    if (assigned.id === null || purgedBelow === assigned.purgedBelow) return;
    channels.assign(channel, { ...assigned, oldestSerial, purgedBelow });
    markSurplus(assigned.id);
  }
}

export class ResetOperation extends LogOperation<{
  previous: Position;
  head: Position;
  messages: number;
  bytes: number;
}> {
  readonly bytes = 256;
  readonly #tables: LogTables;
  readonly #key: ChannelKey;

  constructor(tables: LogTables, key: ChannelKey) {
    super();
    this.#tables = tables;
    this.#key = key;
  }

  override write(): void {
    const { channels, view, markSurplus, now } = this.#tables;
    const channel = channels.open(this.#key);
    const { assigned } = channel;
    const removed = view.measure(assigned, view.floor(assigned), assigned.headSerial + 1);
    if (assigned.id !== null) {
      channels.abandon(assigned);
      markSurplus(assigned.id);
    }
    const { streamId } = channels.store(channel, randomUUID(), now());
    this.result = {
      previous: { streamId: assigned.streamId, serial: assigned.headSerial },
      head: { streamId, serial: 0 },
      ...removed,
    };
  }
}

/** Done when everything before it is. */
export class BarrierOperation extends LogOperation<true> {
  readonly bytes = 0;
  protected override result: true | undefined = true;

  override write(): void {}
}

/** Whether it is time for the sweep to look at a channel. Age is left to its rounds over all channels. */
function hasSurplus({ messagesTotal, retention: { messages, bytes } }: ChannelRecord): boolean {
  const step = Math.max(SURPLUS_STEP, Math.floor((messages ?? 0) / 8));
  if (messagesTotal % step !== 0) return false;
  return bytes !== undefined || (messages !== undefined && messagesTotal > messages);
}
