// What every ChannelLog driver decides alike: whether a position can be continued, which serials a page may take, what
// an entry weighs, when a retention is another one, and what a used key answers. Pure; knows nothing of storage.
import type {
  EntryDraft,
  GapReason,
  LogEntry,
  Position,
  ReadRange,
  Receipt,
  ReceiptDraft,
  Retention,
} from './channel-log.ts';

/**
 * Why reading on from `range.from` would hide missing entries, or null (invariant L6). Oldest-first, the entry after the
 * position must be retained or not yet written; newest-first, the position itself must not lie below what is retained.
 *
 * @param oldestSerial oldest retained entry, null where nothing is retained.
 */
export function continuityGap(
  range: ReadRange,
  head: Position,
  oldestSerial: number | null,
): GapReason | null {
  const { from, direction } = range;
  if (from === undefined) return null;
  if (from.streamId !== head.streamId) return 'other-stream';
  const firstAvailable = oldestSerial ?? head.serial + 1;
  if (direction === 'oldest-first') {
    if (from.serial > head.serial) return 'ahead';
    return from.serial + 1 < firstAvailable ? 'trimmed' : null;
  }
  if (from.serial > head.serial + 1) return 'ahead';
  return from.serial < firstAvailable && firstAvailable > 1 ? 'trimmed' : null;
}

/** Inclusive serials that a page may take by `from`, `startSerial` and `endSerial`; empty where low > high. */
export function serialWindow(
  range: ReadRange,
  oldestSerial: number,
  newestSerial: number,
): { low: number; high: number } {
  let low = Math.max(oldestSerial, range.startSerial ?? oldestSerial);
  let high = Math.min(newestSerial, range.endSerial ?? newestSerial);
  if (range.from !== undefined) {
    if (range.direction === 'oldest-first') low = Math.max(low, range.from.serial + 1);
    else high = Math.min(high, range.from.serial - 1);
  }
  return { low, high };
}

/** The entry that a draft becomes at its place. Calls `versionSerial`. */
export function entryOf(
  { versionSerial, records: _, ...draft }: EntryDraft,
  place: Pick<LogEntry, 'streamId' | 'serial' | 'publishedAtMs'>,
): LogEntry {
  if (versionSerial === undefined) return { ...draft, ...place };
  return { ...draft, ...place, messageSerial: versionSerial(place.serial) };
}

/** Size of an entry for retention and counts: UTF-8 bytes of all its texts. */
export function entryBytes(entry: LogEntry): number {
  let bytes = Buffer.byteLength(entry.event) + Buffer.byteLength(entry.data);
  if (entry.messageId !== undefined) bytes += Buffer.byteLength(entry.messageId);
  if (entry.messageSerial !== undefined) bytes += Buffer.byteLength(entry.messageSerial);
  if (entry.userId !== undefined) bytes += Buffer.byteLength(entry.userId);
  if (entry.creatorId !== undefined) bytes += Buffer.byteLength(entry.creatorId);
  if (entry.tags !== undefined) bytes += Buffer.byteLength(entry.tags);
  if (entry.extras !== undefined) bytes += Buffer.byteLength(entry.extras);
  return bytes;
}

/** Whether two retentions say the same. Drivers look before each entry, because a change of it must bring nothing back. */
export function isSameRetention(one: Retention, other: Retention): boolean {
  return (
    one === other ||
    (one.ageMs === other.ageMs &&
      one.messages === other.messages &&
      one.bytes === other.bytes &&
      one.versionsAgeMs === other.versionsAgeMs)
  );
}

/** What a used key answers: a repetition of the same request, or another request under its key. */
export function receiptVerdict(
  draft: Pick<ReceiptDraft, 'fingerprint'>,
  stored: Receipt,
): 'duplicate' | 'conflict' {
  const isSame =
    draft.fingerprint === undefined ||
    stored.fingerprint === undefined ||
    draft.fingerprint === stored.fingerprint;
  return isSame ? 'duplicate' : 'conflict';
}

/**
 * The receipts of a commit, with the texts their drafts give for `entries`.
 *
 * @throws Error when one commit uses a key twice, or when a draft's `answer` throws; nothing is stored then.
 */
export function answerReceipts(drafts: readonly ReceiptDraft[], entries: readonly LogEntry[]): Receipt[] {
  const receipts: Receipt[] = [];
  for (const { scope, key, fingerprint, expiresAtMs, answer } of drafts) {
    if (receipts.some((receipt) => receipt.scope === scope && receipt.key === key)) {
      throw new Error('a commit uses one receipt key twice');
    }
    const answered = { scope, key, expiresAtMs, answer: answer(entries) };
    receipts.push(fingerprint === undefined ? answered : { ...answered, fingerprint });
  }
  return receipts;
}
