// The table of the keyed store. Knows no transactions: whoever calls `change` is in one.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type KeyedChange,
  type KeyedEntry,
  type KeyedPage,
  type KeyedScan,
  MAX_PAGE_BYTES,
  scanRange,
} from '@sockudo/server/ports';

/** Rows of ended entries that a page passes over at most; another page follows. */
const MAX_PASSED_ROWS = 1000;

const COLUMNS = 'key, value, revision, expires_at_ms';

type Row = Readonly<Record<string, unknown>>;

export class KeyedTable {
  readonly #find: StatementSync;
  readonly #findRevision: StatementSync;
  readonly #range: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #removeEnded: StatementSync;

  constructor(connection: DatabaseSync) {
    this.#find = connection.prepare(`SELECT ${COLUMNS} FROM keyed_entries WHERE key = ?`);
    this.#findRevision = connection.prepare(
      'SELECT revision, expires_at_ms FROM keyed_entries WHERE key = ?',
    );
    this.#range = connection.prepare(
      `SELECT ${COLUMNS} FROM keyed_entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
    );
    this.#upsert = connection.prepare(
      `INSERT OR REPLACE INTO keyed_entries (${COLUMNS}) VALUES (?, ?, ?, ?)`,
    );
    this.#delete = connection.prepare('DELETE FROM keyed_entries WHERE key = ?');
    this.#removeEnded = connection.prepare(
      `DELETE FROM keyed_entries WHERE key IN
        (SELECT key FROM keyed_entries WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)`,
    );
  }

  live(key: string, nowMs: number): KeyedEntry | null {
    const row = this.#find.get(key);
    return row === undefined || hasEnded(row, nowMs) ? null : entryOf(row);
  }

  /** Of the entry; null: there is none. */
  revision(key: string, nowMs: number): number | null {
    const row = this.#findRevision.get(key);
    return row === undefined || hasEnded(row, nowMs) ? null : Number(row.revision);
  }

  page(scan: KeyedScan, nowMs: number): KeyedPage {
    const { first, end } = scanRange(scan);
    const entries: KeyedEntry[] = [];
    let [passed, bytes, last] = [0, 0, ''];
    for (const row of this.#range.iterate(first, end, scan.limit + MAX_PASSED_ROWS + 1)) {
      if (entries.length >= scan.limit || passed >= MAX_PASSED_ROWS || bytes > MAX_PAGE_BYTES) {
        return { entries, next: last };
      }
      last = String(row.key);
      if (hasEnded(row, nowMs)) {
        passed += 1;
        continue;
      }
      const entry = entryOf(row);
      bytes += Buffer.byteLength(entry.value);
      entries.push(entry);
    }
    return { entries, next: null };
  }

  change({ key, value, expiresAtMs }: KeyedChange, revision: number): void {
    if (value === null) this.#delete.run(key);
    else this.#upsert.run(key, value, revision, expiresAtMs);
  }

  /** Answers how many. */
  removeEnded(nowMs: number, limit: number): number {
    return Number(this.#removeEnded.run(nowMs, limit).changes);
  }
}

function hasEnded({ expires_at_ms }: Row, nowMs: number): boolean {
  return expires_at_ms !== null && Number(expires_at_ms) <= nowMs;
}

function entryOf({ key, value, revision, expires_at_ms }: Row): KeyedEntry {
  return {
    key: String(key),
    value: String(value),
    revision: Number(revision),
    expiresAtMs: expires_at_ms === null ? null : Number(expires_at_ms),
  };
}
