// All receipts: those that have just come, and those in their table. A receipt past its end is as good as none; the sweep removes it
// some time later, and one that ends while it is among the recent ones never gets to the table.
import type { Receipt } from '@sockudo/server/ports';
import type { Participant } from './group-commit.ts';
import type { ReceiptTable } from './receipt-table.ts';
import type { ReceiptRow, ReceiptTie, RecentReceipts } from './recent-receipts.ts';

export interface ReceiptsOptions {
  readonly recent: RecentReceipts;
  readonly table: ReceiptTable;
  /** Of the recent ones. Beyond as many some move with each group. */
  readonly maxRows: number;
  readonly now: () => number;
}

const MAX_BYTES = 16 * 1024 * 1024;
/** Older ones are moved without waiting for that, so that an idle server holds none and a start has little to do. */
const MAX_AGE_MS = 30_000;
/** Of one scope, which are neighbours in the table: moving them takes about a millisecond. */
const MOVED_ROWS = 256;
/** Then all are forgotten: asking again costs one read each. */
const MAX_KNOWN_SCOPES = 20_000;

export class Receipts implements Participant {
  readonly #options: ReceiptsOptions;
  /** Rows that the transaction at work has added. */
  #added = 0;
  /** Whether scopes that were asked for have rows in the table, or may have. */
  readonly #inTable = new Map<string, boolean>();

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** True while receipts have waited longer than they should. */
  get isLate(): boolean {
    return this.#options.recent.waitedMs > MAX_AGE_MS;
  }

  /** Receipts that wait to be moved. */
  get waiting(): number {
    return this.#options.recent.rows;
  }

  find(scope: string, key: string): ReceiptRow | null {
    const { recent, table, now } = this.#options;
    const found = recent.ofScope(scope).get(key) ?? (this.#isInTable(scope) ? table.find(scope, key) : null);
    return found === null || found.receipt.expiresAtMs <= now() ? null : found;
  }

  /** Which of the keys have a receipt, ended or not. */
  used(scope: string, keys: readonly string[]): Set<string> {
    const { recent, table } = this.#options;
    const waiting = recent.ofScope(scope);
    const used = this.#isInTable(scope) ? table.used(scope, keys) : new Set<string>();
    for (const key of keys) if (waiting.has(key)) used.add(key);
    return used;
  }

  /** Inside a transaction. */
  insert(receipt: Receipt, tie: ReceiptTie | null = null): void {
    this.#options.recent.add(receipt, tie);
    this.#added += 1;
  }

  /**
   * The same for one of many that come together in one scope: those are neighbours in the table already. Its key has no receipt, not
   * even one that ended: that might still wait, and take its place.
   */
  insertOneOfMany(receipt: Receipt, tie: ReceiptTie): void {
    this.#options.table.insert(receipt, tie);
    this.#know(receipt.scope, true);
  }

  /** Inside a transaction: moves some of those that have waited longest; answers how many. */
  settleSome(): number {
    const settled = this.#settle();
    this.#options.recent.removeTaken();
    return settled;
  }

  /** Keeps pace: moves about as many as were added, so that no group has to move all at once. */
  beforeCommit(): void {
    const { recent, maxRows } = this.#options;
    let budget = this.#added * 1.5;
    while (budget > 0 && (recent.rows > maxRows || recent.bytes > MAX_BYTES)) budget -= this.#settle();
    recent.removeTaken();
  }

  committed(): void {
    this.#added = 0;
    this.#options.recent.committed();
  }

  synced(): void {}

  rolledBack(): void {
    this.#added = 0;
    this.#options.recent.rolledBack();
  }

  #settle(): number {
    const { recent, table, now } = this.#options;
    const taken = recent.take(MOVED_ROWS);
    const endedMs = now();
    for (const { receipt, tie } of taken) {
      if (receipt.expiresAtMs > endedMs) table.insert(receipt, tie);
    }
    const scope = taken[0]?.receipt.scope;
    if (scope !== undefined) this.#know(scope, true);
    return taken.length;
  }

  #isInTable(scope: string): boolean {
    return this.#inTable.get(scope) ?? this.#know(scope, this.#options.table.hasScope(scope));
  }

  #know(scope: string, isInTable: boolean): boolean {
    if (this.#inTable.size >= MAX_KNOWN_SCOPES && !this.#inTable.has(scope)) this.#inTable.clear();
    this.#inTable.set(scope, isInTable);
    return isInTable;
  }
}
