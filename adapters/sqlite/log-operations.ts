// The three ways to change a channel, as operations of the group commit: append (with its receipts), purge, reset.
import { randomUUID } from 'node:crypto';
import {
  answerReceipts,
  type ChannelKey,
  type Commit,
  type CommitResult,
  type EntryDraft,
  entryBytes,
  entryOf,
  type LogEntry,
  type Position,
  type Receipt,
  type Retention,
  receiptVerdict,
} from '@sockudo/server/ports';
import type { Channel, ChannelTable } from './channel-table.ts';
import type { Operation } from './group-commit.ts';
import type { LogView } from './log-view.ts';
import type { ReceiptTable } from './receipt-table.ts';
import type { RecentEntries } from './recent-entries.ts';

/** So many rows are removed at once rather than one after each commit. */
const SURPLUS_STEP = 64;

export interface LogTables {
  readonly channels: ChannelTable;
  readonly recent: RecentEntries;
  readonly receipts: ReceiptTable;
  readonly view: LogView;
  readonly now: () => number;
  /** Tells the sweep that a channel has rows to remove. */
  readonly markSurplus: (channelId: number) => void;
}

/** An operation whose outcome is a promise. */
export abstract class LogOperation<T> implements Operation {
  readonly needsSync = true;
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

  constructor(tables: LogTables, commit: Commit) {
    super();
    this.#tables = tables;
    this.#commit = commit;
    this.bytes = commit.entries.reduce(
      (sum, { data, extras = '' }) => sum + data.length + extras.length,
      256,
    );
  }

  override plan(): void {
    this.#drawn = [];
    this.#receipts = [];
    this.result = this.#usedReceipt();
    if (this.result !== undefined) return;
    for (const draft of this.#commit.entries) this.#draw(draft);
    const entries = this.#drawn.map(({ entry }) => entry);
    this.#receipts = answerReceipts(this.#commit.receipts, entries);
    this.result = { kind: 'committed', entries };
  }

  override write(): void {
    for (const { channel, entry } of this.#drawn) this.#append(channel, entry);
    for (const receipt of this.#receipts) this.#tables.receipts.insert(receipt);
  }

  #usedReceipt(): CommitResult | undefined {
    if (this.#commit.receipts.length === 0) return undefined;
    const nowMs = this.#tables.now();
    for (const draft of this.#commit.receipts) {
      const receipt = this.#tables.receipts.find(draft.scope, draft.key, nowMs);
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
    const { channels, recent, view, now } = this.#tables;
    const { assigned } = channel;
    const id = assigned.id ?? channels.store(channel, assigned.streamId, now()).id;
    // A looser retention must not bring back what the old one has already hidden, and perhaps removed.
    const isSameRetention = sameRetention(assigned.retention, entry.retention);
    const oldestSerial = isSameRetention ? assigned.oldestSerial : view.floor(assigned);
    const bytes = entryBytes(entry);
    recent.add(id, { entry, bytesBefore: assigned.bytesTotal, bytes });
    channels.advance(channel, {
      id,
      streamId: assigned.streamId,
      headSerial: entry.serial,
      oldestSerial,
      bytesTotal: assigned.bytesTotal + bytes,
      lastPublishedAtMs: entry.publishedAtMs,
      retention: isSameRetention ? assigned.retention : entry.retention,
    });
    if (!isSameRetention) channels.save(channel);
    if (hasSurplus(entry, oldestSerial)) this.#tables.markSurplus(id);
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

  /** Raises the oldest serial that is to be seen; the sweep removes the rows. */
  override write(): void {
    const { channels, view, markSurplus } = this.#tables;
    const channel = channels.open(this.#key);
    const { assigned } = channel;
    const floor = view.floor(assigned);
    const { serial = assigned.headSerial + 1, timeMs } = this.#below;
    const bySerial = Math.min(serial, assigned.headSerial + 1);
    const byTime = timeMs === undefined ? bySerial : view.firstSerialNotBefore(assigned, floor, timeMs);
    const oldestSerial = Math.max(floor, Math.min(bySerial, byTime));
    this.result = view.measure(assigned, floor, oldestSerial);
    if (assigned.id === null || this.result.messages === 0) return;
    channels.assign(channel, { ...assigned, oldestSerial });
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

function sameRetention(one: Retention, other: Retention): boolean {
  return (
    one === other ||
    (one.ageMs === other.ageMs && one.messages === other.messages && one.bytes === other.bytes)
  );
}

/** Whether rows have gathered that the sweep should remove soon. Age is left to its rounds over all channels. */
function hasSurplus({ serial, retention: { messages, bytes } }: LogEntry, oldestSerial: number): boolean {
  if (bytes !== undefined && serial % SURPLUS_STEP === 0) return true;
  return messages !== undefined && serial - oldestSerial >= messages + Math.max(SURPLUS_STEP, messages / 8);
}
