// Rows that a transaction is going to add, gathered so that each table is written with one statement.
import type { AnnotationEntry, LogEntry, Receipt, StoredVersion } from '@sockudo/server/ports';
import type { ChannelStanding } from './channel-standing.ts';
import type { Session } from './session.ts';
import { toStored, toStoredOrNull } from './stored-text.ts';

type Value = string | number | null;

/** Receipt of a change of a message: it goes when the message is purged. */
export interface ReceiptOwner {
  readonly logId: number;
  readonly historySerial: number;
}

/** Another writer used a receipt's key, or made a channel's row, at the same time: the transaction has to look again. */
export class Outrun extends Error {
  override readonly name = 'Outrun';
}

export class StagedRows {
  #entries: Value[][] = [];
  #versions: Value[][] = [];
  #annotations: Value[][] = [];
  #projections = new Map<string, Value[]>();
  #receipts = new Map<string, { readonly receipt: Receipt; readonly owner: ReceiptOwner | null }>();

  /** Before the channel takes the create in: its sums are those of all earlier ones. */
  addEntry(channel: ChannelStanding, logId: number, entry: LogEntry): void {
    this.#entries.push([
      logId,
      entry.serial,
      entry.publishedAtMs,
      channel.messagesTotal,
      channel.bytesTotal,
      toStored(entry.event),
      toStored(entry.data),
      toStoredOrNull(entry.messageId),
      toStoredOrNull(entry.messageSerial),
      toStoredOrNull(entry.userId),
      toStoredOrNull(entry.creatorId),
      toStoredOrNull(entry.tags),
      toStoredOrNull(entry.extras),
    ]);
  }

  addVersion(logId: number, version: StoredVersion): void {
    this.#versions.push([
      logId,
      version.historySerial,
      version.serial,
      version.publishedAtMs,
      version.action,
      toStored(version.versionSerial),
      toStoredOrNull(version.event),
      toStoredOrNull(version.data),
      toStoredOrNull(version.extras),
      toStoredOrNull(version.userId),
      toStoredOrNull(version.description),
      toStoredOrNull(version.metadata),
      version.baseSerial,
      version.dataKind,
      version.dataBytes,
      version.appendCount,
    ]);
  }

  addAnnotation(logId: number, historySerial: number, entry: AnnotationEntry, projection: string): void {
    const { record, serial, publishedAtMs } = entry;
    const { annotationSerial, targetSerial, type, messageSerial } = record;
    this.#annotations.push([
      logId,
      historySerial,
      toStored(annotationSerial),
      serial,
      publishedAtMs,
      toStoredOrNull(targetSerial),
      toStored(type),
      toStored(JSON.stringify(record)),
    ]);
    this.#projections.set(`${logId}:${historySerial}:${type}`, [
      logId,
      historySerial,
      toStored(type),
      toStored(messageSerial),
      toStored(projection),
    ]);
  }

  addReceipt(receipt: Receipt, owner: ReceiptOwner | null): void {
    this.#receipts.set(receiptName(receipt), { receipt, owner });
  }

  /** All but the receipts. */
  async flush(session: Session): Promise<void> {
    await this.#insert(session, 'insert-entries', this.#entries);
    await this.#insert(session, 'insert-versions', this.#versions);
    await this.#insert(session, 'insert-annotations', this.#annotations);
    await this.#insert(session, 'save-projections', [...this.#projections.values()]);
    this.#entries = [];
    this.#versions = [];
    this.#annotations = [];
    this.#projections = new Map();
  }

  async #insert(session: Session, statement: string, rows: readonly Value[][]): Promise<void> {
    if (rows.length > 0) await session.query(statement, columnsOf(rows));
  }

  /**
   * In the order of their keys, so that two writers never wait for each other crosswise. After the channels have been saved,
   * because what became of them decides whether an older receipt is still in force.
   *
   * @throws Outrun where one is
   */
  async flushReceipts(session: Session, nowMs: number): Promise<void> {
    if (this.#receipts.size === 0) return;
    const sorted = [...this.#receipts].sort(([one], [other]) => (one < other ? -1 : 1));
    const rows = sorted.map(([, { receipt, owner }]) => [
      toStored(receipt.scope),
      toStored(receipt.key),
      toStoredOrNull(receipt.fingerprint),
      receipt.expiresAtMs,
      toStored(receipt.answer),
      owner?.logId ?? null,
      owner?.historySerial ?? null,
    ]);
    const inserted = await session.query('insert-receipts', [...columnsOf(rows), nowMs]);
    this.#receipts = new Map();
    if (inserted.length < rows.length) throw new Outrun('a receipt key was used by another writer');
  }
}

/** From rows to one array for each column. */
export function columnsOf(rows: readonly (readonly Value[])[]): Value[][] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null));
}

const receiptName = ({ scope, key }: { scope: string; key: string }): string =>
  `${scope.length}:${scope}${key}`;
