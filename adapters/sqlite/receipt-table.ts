// The rows of the receipts table, by scope and key: all but the newest receipts.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Receipt } from '@sockudo/server/ports';
import { ArrayStatement } from './array-statement.ts';
import type { ReceiptRow, ReceiptTie } from './recent-receipts.ts';

/** A place in the table's key order. */
export interface ReceiptCursor {
  readonly scope: string;
  readonly key: string;
}

export class ReceiptTable {
  readonly #find: StatementSync;
  readonly #ofScope: StatementSync;
  readonly #used: ArrayStatement;
  readonly #insert: StatementSync;
  readonly #ahead: StatementSync;
  readonly #removeUntil: StatementSync;
  readonly #removeRest: StatementSync;

  constructor(connection: DatabaseSync) {
    this.#find = connection.prepare(
      'SELECT expires_at_ms, fingerprint, answer, channel_id, history_serial FROM receipts WHERE scope = ? AND key = ?',
    );
    this.#ofScope = connection.prepare('SELECT 1 FROM receipts WHERE scope = ? LIMIT 1');
    this.#used = new ArrayStatement(
      connection,
      'SELECT key FROM receipts WHERE scope = ? AND key IN (SELECT value FROM json_each(?))',
    );
    this.#insert = connection.prepare('INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#ahead = connection.prepare(
      'SELECT scope, key FROM receipts WHERE (scope, key) > (?, ?) ORDER BY scope, key LIMIT 1 OFFSET ?',
    );
    this.#removeUntil = connection.prepare(
      'DELETE FROM receipts WHERE (scope, key) > (?, ?) AND (scope, key) <= (?, ?) AND expires_at_ms <= ?',
    );
    this.#removeRest = connection.prepare(
      'DELETE FROM receipts WHERE (scope, key) > (?, ?) AND expires_at_ms <= ?',
    );
  }

  /** Ended or not. */
  find(scope: string, key: string): ReceiptRow | null {
    const row = this.#find.get(scope, key);
    if (row === undefined) return null;
    const { fingerprint, channel_id: channelId } = row;
    const receipt: Receipt = {
      scope,
      key,
      ...(fingerprint === null ? {} : { fingerprint: String(fingerprint) }),
      expiresAtMs: Number(row.expires_at_ms),
      answer: String(row.answer),
    };
    const tie =
      channelId === null ? null : { channelId: Number(channelId), historySerial: Number(row.history_serial) };
    return { receipt, tie };
  }

  hasScope(scope: string): boolean {
    return this.#ofScope.get(scope) !== undefined;
  }

  /** Which of the keys have a row, ended or not: one question for many keys costs less than half of one for each. */
  used(scope: string, keys: readonly string[]): Set<string> {
    return new Set(this.#used.all(scope, JSON.stringify(keys)).map(([key]) => String(key)));
  }

  insert(receipt: Receipt, tie: ReceiptTie | null): void {
    const { scope, key, expiresAtMs, fingerprint, answer } = receipt;
    const { channelId = null, historySerial = null } = tie ?? {};
    this.#insert.run(scope, key, expiresAtMs, fingerprint ?? null, answer, channelId, historySerial);
  }

  /** Looks at the next `count` rows after a place and removes those that have ended. Null: the table ends there. */
  sweep(after: ReceiptCursor, count: number, nowMs: number): ReceiptCursor | null {
    const row = this.#ahead.get(after.scope, after.key, count - 1);
    if (row === undefined) {
      this.#removeRest.run(after.scope, after.key, nowMs);
      return null;
    }
    const until = { scope: String(row.scope), key: String(row.key) };
    this.#removeUntil.run(after.scope, after.key, until.scope, until.key, nowMs);
    return until;
  }
}
