// The newest receipts of all scopes, before they move to the receipts table: stored in the order in which they came, so that those of
// one group share a page or two, and held in memory by scope and key. In key order each would touch a page of its own in every group.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Receipt } from '@sockudo/server/ports';

/** The message that a receipt belongs to and goes with. */
export interface ReceiptTie {
  readonly channelId: number;
  readonly historySerial: number;
}

export interface ReceiptRow {
  readonly receipt: Receipt;
  readonly tie: ReceiptTie | null;
}

interface Waiting extends ReceiptRow {
  readonly sequence: number;
  readonly bytes: number;
  /** By `performance.now`. */
  readonly since: number;
  isTaken: boolean;
}

/** One step of the transaction at work, to be undone. */
type Step =
  | { readonly kind: 'added'; readonly row: Waiting; readonly before: Waiting | undefined }
  | { readonly kind: 'taken'; readonly row: Waiting };

/** Taken rows are removed from the table by as many, because each removal costs some pages. */
const REMOVE_ROWS = 1024;
/** Below this, the room of taken rows in the order is not worth a copy. */
const COMPACT_AT = 4096;
const NO_ROWS: ReadonlyMap<string, ReceiptRow> = new Map();

export class RecentReceipts {
  /** Rows that wait, and their size. */
  rows = 0;
  bytes = 0;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #scopes = new Map<string, Map<string, Waiting>>();
  /** In order of arrival from `#start` on. A row that was taken, or replaced, stays until those before it have been. */
  #order: Waiting[] = [];
  #start = 0;
  /** All before it were taken, perhaps by the transaction at work. */
  #next = 0;
  #nextSequence = 1;
  #removedBelow = 1;
  #removedBefore = 1;
  #steps: Step[] = [];

  constructor(connection: DatabaseSync) {
    settleAll(connection);
    this.#insert = connection.prepare('INSERT INTO recent_receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#remove = connection.prepare('DELETE FROM recent_receipts WHERE sequence < ?');
  }

  /** How long the oldest row has waited, in ms. */
  get waitedMs(): number {
    const oldest = this.#oldest();
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  ofScope(scope: string): ReadonlyMap<string, ReceiptRow> {
    return this.#scopes.get(scope) ?? NO_ROWS;
  }

  /** Inside a transaction. */
  add(receipt: Receipt, tie: ReceiptTie | null): void {
    const { scope, key, expiresAtMs, fingerprint = null, answer } = receipt;
    const { channelId = null, historySerial = null } = tie ?? {};
    const sequence = this.#nextSequence;
    this.#insert.run(sequence, scope, key, expiresAtMs, fingerprint, answer, channelId, historySerial);
    const bytes = ROW_BYTES + scope.length + key.length + answer.length;
    const row = { receipt, tie, sequence, bytes, since: performance.now(), isTaken: false };
    this.#nextSequence += 1;
    this.#order.push(row);
    const before = this.#show(row);
    this.#steps.push({ kind: 'added', row, before });
    this.#count(row, 1);
    if (before === undefined) return;
    // It must never get to the table, where it would take the place of the new one.
    before.isTaken = true;
    this.#count(before, -1);
  }

  /** Inside a transaction: at most `limit` rows of the scope that has waited longest; they are the caller's to store, in this order. */
  take(limit: number): readonly ReceiptRow[] {
    const oldest = this.#oldest();
    if (oldest === undefined) return [];
    const taken = [...(this.#scopes.get(oldest.receipt.scope)?.values() ?? [])].slice(0, limit);
    for (const row of taken) {
      row.isTaken = true;
      this.#hide(row);
      this.#count(row, -1);
      this.#steps.push({ kind: 'taken', row });
    }
    return taken;
  }

  /** Inside a transaction: removes rows that were taken, if they are many or the last. */
  removeTaken(): void {
    const below = this.#oldest()?.sequence ?? this.#nextSequence;
    const isWorthIt = below - this.#removedBelow >= REMOVE_ROWS || this.rows === 0;
    if (!isWorthIt || below === this.#removedBelow) return;
    this.#remove.run(below);
    this.#removedBelow = below;
  }

  committed(): void {
    if (this.#steps.length > 0) this.#steps = [];
    this.#removedBefore = this.#removedBelow;
    this.#start = this.#next;
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#order.length) return;
    this.#order = this.#order.slice(this.#start);
    this.#start = 0;
    this.#next = 0;
  }

  rolledBack(): void {
    for (const step of this.#steps.reverse()) {
      const { row } = step;
      if (step.kind === 'taken') this.#giveBack(row);
      else this.#takeBack(row, step.before);
    }
    this.#steps = [];
    this.#next = this.#start;
    this.#removedBelow = this.#removedBefore;
  }

  #oldest(): Waiting | undefined {
    while (this.#order[this.#next]?.isTaken === true) this.#next += 1;
    return this.#order[this.#next];
  }

  #giveBack(row: Waiting): void {
    row.isTaken = false;
    this.#count(row, 1);
    this.#show(row);
  }

  #takeBack(row: Waiting, before: Waiting | undefined): void {
    this.#order.pop();
    this.#nextSequence -= 1;
    this.#count(row, -1);
    this.#hide(row);
    if (before !== undefined) this.#giveBack(before);
  }

  /** Answers the row that was found under its key until now. */
  #show(row: Waiting): Waiting | undefined {
    const { scope, key } = row.receipt;
    let shown = this.#scopes.get(scope);
    if (shown === undefined) {
      shown = new Map();
      this.#scopes.set(scope, shown);
    }
    const before = shown.get(key);
    shown.set(key, row);
    return before;
  }

  #hide({ receipt: { scope, key }, sequence }: Waiting): void {
    const shown = this.#scopes.get(scope);
    if (shown?.get(key)?.sequence !== sequence) return;
    shown.delete(key);
    if (shown.size === 0) this.#scopes.delete(scope);
  }

  #count({ bytes }: Waiting, sign: 1 | -1): void {
    this.rows += sign;
    this.bytes += sign * bytes;
  }
}

/** Of what is kept of a row, besides its texts. */
const ROW_BYTES = 200;

/** After a start: what waited goes to its place. Of two of one key the later one counts. */
function settleAll(connection: DatabaseSync): void {
  connection.exec(`
    BEGIN IMMEDIATE;
    INSERT OR REPLACE INTO receipts (scope, key, expires_at_ms, fingerprint, answer, channel_id, history_serial)
      SELECT scope, key, expires_at_ms, fingerprint, answer, channel_id, history_serial
      FROM recent_receipts ORDER BY scope, key, sequence;
    DELETE FROM recent_receipts;
    COMMIT;
  `);
}
