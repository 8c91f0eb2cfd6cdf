// Removes in the background what is no longer to be seen: rows beyond a channel's retention, channels that were reset, receipts
// that have ended. Small slices that ride in the group commit, so a commit never waits longer than for one slice.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChannelKey } from '@sockudo/server/ports';
import type { ChannelTable } from './channel-table.ts';
import type { EntrySettler } from './entry-settler.ts';
import type { GroupCommit, Operation } from './group-commit.ts';
import type { ReceiptCursor, ReceiptTable } from './receipt-table.ts';
import type { Receipts } from './receipts.ts';
import type { RemovalStep, RowRemoval } from './row-removal.ts';

export interface SweepOptions {
  readonly connection: DatabaseSync;
  readonly channels: ChannelTable;
  readonly receipts: Receipts;
  readonly receiptTable: ReceiptTable;
  readonly removal: RowRemoval;
  readonly settler: EntrySettler;
  readonly writer: GroupCommit;
  readonly now: () => number;
}

export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

/** Rows removed by one slice: well under a millisecond. */
const SLICE_ROWS = 256;
/** Channels looked at by one slice of a round. */
const SLICE_CHANNELS = 64;
const SLICE_RECEIPTS = 512;
/** Between slices while rows wait for removal, during a round, and after a round over all channels and receipts. */
const PAUSE_MS = { surplus: 10, round: 100, rest: 10_000 };
/** A channel that retains nothing is forgotten after this long: its next use begins a new stream. */
const FORGET_AFTER_MS = 7 * 24 * 3_600_000;
const NOTHING: Removed = { messages: 0, bytes: 0 };

export class RetentionSweep {
  readonly #options: SweepOptions;
  readonly #nextChannels: StatementSync;
  readonly #channel: StatementSync;
  readonly #removeChannel: StatementSync;
  /** Channels that are known to have rows to remove, and the serial to go on with. Bounded by the channels there are. */
  readonly #surplus = new Map<number, number>();
  #afterChannel = 0;
  #afterReceipt: ReceiptCursor | null = { scope: '', key: '' };
  #hasForgotten = false;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#nextChannels = options.connection.prepare(
      `SELECT * FROM channels WHERE id > ? ORDER BY id LIMIT ${SLICE_CHANNELS}`,
    );
    this.#channel = options.connection.prepare('SELECT * FROM channels WHERE id = ?');
    this.#removeChannel = options.connection.prepare('DELETE FROM channels WHERE id = ?');
    this.#wait(PAUSE_MS.rest);
  }

  markSurplus(channelId: number): void {
    if (this.#surplus.size === 0) this.#wait(PAUSE_MS.surplus);
    if (!this.#surplus.has(channelId)) this.#surplus.set(channelId, 0);
  }

  /** A whole round now, after all rows that are there have moved to their places. */
  async run(): Promise<Removed> {
    const { settler, receipts } = this.#options;
    for (const kind of [settler, receipts]) {
      for (let left = kind.waiting; left > 0 && kind.waiting > 0; ) {
        left -= await this.#inWriter(() => kind.settleSome());
      }
    }
    let { messages, bytes } = NOTHING;
    this.#restart();
    for (let isOver = false; !isOver; isOver = this.#isRoundOver()) {
      const removed = await this.#slice();
      messages += removed.messages;
      bytes += removed.bytes;
    }
    return { messages, bytes };
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(pauseMs: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), pauseMs);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    this.#timer = null;
    try {
      await this.#slice();
      const isRoundOver = this.#isRoundOver();
      if (isRoundOver) this.#restart();
      if (this.#surplus.size > 0) this.#wait(PAUSE_MS.surplus);
      else this.#wait(isRoundOver && !this.#isLate ? PAUSE_MS.rest : PAUSE_MS.round);
    } catch {
      // The store could not write; publishers hear of it from their own commits.
      this.#wait(PAUSE_MS.rest);
    }
  }

  get #isLate(): boolean {
    return this.#options.settler.isLate || this.#options.receipts.isLate;
  }

  #restart(): void {
    this.#afterChannel = 0;
    this.#afterReceipt = { scope: '', key: '' };
  }

  #slice(): Promise<Removed> {
    return this.#inWriter(() => (this.#surplus.size > 0 ? this.#removeSurplus() : this.#lookAround()));
  }

  #inWriter<T>(write: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let outcome: { readonly value: T } | null = null;
      const operation: Operation = {
        needsSync: false,
        bytes: 4096,
        plan() {},
        write: () => {
          outcome = { value: write() };
        },
        done: () => outcome !== null && resolve(outcome.value),
        failed: reject,
      };
      this.#options.writer.add(operation);
    });
  }

  #isRoundOver(): boolean {
    return this.#surplus.size === 0 && this.#afterChannel < 0 && this.#afterReceipt === null;
  }

  #removeSurplus(): Removed {
    let left = SLICE_ROWS;
    let { messages, bytes } = NOTHING;
    for (const [id, from] of this.#surplus) {
      if (left <= 0) break;
      const removed = this.#removeFrom(id, from, left);
      left -= removed.rows;
      messages += removed.messages;
      bytes += removed.bytes;
      if (removed.next === null) this.#surplus.delete(id);
      else this.#surplus.set(id, removed.next);
    }
    return { messages, bytes };
  }

  /** Goes on with the round: the next channels, the next receipts. */
  #lookAround(): Removed {
    const { now, receipts, receiptTable, settler } = this.#options;
    if (settler.isLate) settler.settleSome();
    if (receipts.isLate) receipts.settleSome();
    if (this.#afterReceipt !== null) {
      this.#afterReceipt = receiptTable.sweep(this.#afterReceipt, SLICE_RECEIPTS, now());
    }
    if (this.#afterChannel < 0) return NOTHING;
    const rows = this.#nextChannels.all(this.#afterChannel);
    for (const row of rows) this.#lookAt(row);
    const last = rows.at(-1);
    const isLast = rows.length < SLICE_CHANNELS || last === undefined;
    this.#afterChannel = isLast ? -1 : Number(last.id);
    if (isLast && this.#hasForgotten) this.#options.channels.advanceStreamEpoch();
    if (isLast) this.#hasForgotten = false;
    return NOTHING;
  }

  #lookAt(row: Record<string, unknown>): void {
    const { channels, removal, now } = this.#options;
    const id = Number(row.id);
    const key = keyOf(row);
    if (removal.hasSurplus(id, key === null ? null : channels.glance(key, row))) {
      this.#surplus.set(id, 0);
      return;
    }
    if (!removal.isEmpty(id)) return;
    const lastUse = Math.max(Number(row.stored_at_ms), Number(row.last_published_at_ms));
    if (key === null) this.#removeChannel.run(id);
    else if (lastUse < now() - FORGET_AFTER_MS && channels.forget(key)) this.#hasForgotten = true;
  }

  /** Removes about `limit` rows of a channel at most. */
  #removeFrom(id: number, from: number, limit: number): RemovalStep {
    const { channels, removal } = this.#options;
    const row = this.#channel.get(id);
    if (row === undefined) return { ...NOTHING, rows: 0, next: null };
    const key = keyOf(row);
    const step = removal.step(id, key === null ? null : channels.open(key), from, limit);
    if (key === null && step.next === null && removal.isEmpty(id)) this.#removeChannel.run(id);
    return step;
  }
}

/** Null: the channel was reset, and this row only waits for the removal of its entries. */
function keyOf({ app_id: appId, channel }: Record<string, unknown>): ChannelKey | null {
  return typeof appId === 'string' && typeof channel === 'string' ? { appId, channel } : null;
}
