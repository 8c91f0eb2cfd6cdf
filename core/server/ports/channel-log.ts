// The durable order of every channel. A driver owns storage, serials and receipts; it knows nothing of
// connections, frames or HTTP. One contract suite (channel-log.contract.ts) runs against every driver.
//
// Invariants
//   L1  Serials of a channel are 1, 2, 3 … without holes under one `streamId`, whatever runs concurrently. Creates share the
//       number line with what MessageLog adds (message-log.ts), so where messages change, the creates alone have holes.
//   L2  A commit is all or nothing: every entry and every receipt of it, or none; a refused or failed commit uses no serial.
//   L3  When `commit` resolves, the promise named by `durability` is kept, and every later read sees the entries.
//   L4  Commits of one channel resolve in serial order.
//   L5  Reads and `head` never show an entry that a crash could still take back.
//   L6  A position that was trimmed away or belongs to another stream is answered with a gap, never with an empty page.
//   L7  Times of a channel never run backwards: a draft older than the channel's newest entry takes that entry's time.

import type { RecordChange } from './channel-records.ts';

export interface ChannelKey {
  readonly appId: string;
  readonly channel: string;
}

/** `serial` counts entries from 1; 0 is the place before the first. A new `streamId` means that continuity cannot be proved. */
export interface Position {
  readonly streamId: string;
  readonly serial: number;
}

/**
 * How long entries are kept; that of a channel's newest entry counts for the whole channel. An absent bound does not limit.
 * What is beyond it is not read any more; it is removed in the background, never inside a commit. A looser retention brings
 * nothing back.
 */
export interface Retention {
  readonly ageMs?: number;
  readonly messages?: number;
  readonly bytes?: number;
  /**
   * How long a mutable message outlives its place in the history, from its newest version on; absent: as `ageMs`. Where
   * neither is given, it leaves with its create.
   */
  readonly versionsAgeMs?: number;
}

/** A message about to be committed. Texts are stored as given: `data`, `tags` and `extras` are JSON texts. */
export interface EntryDraft {
  readonly key: ChannelKey;
  readonly event: string;
  /** JSON text of the frame's `data` member. */
  readonly data: string;
  readonly publishedAtMs: number;
  readonly messageId?: string;
  /**
   * Present where messages are mutable: makes the message serial once the entry's own serial is known. Called inside the step,
   * again if the step is retried.
   */
  readonly versionSerial?: (historySerial: number) => string;
  /** `user_id` of the frame: the member who sent a client event. */
  readonly userId?: string;
  /** Verified id of who created the message; absent: a trusted server that named nobody. */
  readonly creatorId?: string;
  readonly tags?: string;
  readonly extras?: string;
  readonly retention: Retention;
  /** Records that change in the same step (ChannelRecords). */
  readonly records?: readonly RecordChange[];
}

/** `retention` is the one in force for the channel; `publishedAtMs` may be later than the draft's (L7). */
export interface LogEntry extends Omit<EntryDraft, 'versionSerial' | 'records'> {
  readonly streamId: string;
  readonly serial: number;
  /** Identity of a mutable message, and serial of its first version. */
  readonly messageSerial?: string;
}

/**
 * Proof that a key was used, stored in the same step as the entries. `answer` is called inside that step with the entries
 * of the commit, so that it can name their serials; its text is what a repeated request is answered with. A driver may retry
 * the step and then calls it again. What it throws rejects the commit.
 */
export interface ReceiptDraft {
  /** Key space, e.g. one app's request keys or one channel's message ids. */
  readonly scope: string;
  readonly key: string;
  /** Canonical form of the payload; absent: any payload counts as the same request. */
  readonly fingerprint?: string;
  readonly expiresAtMs: number;
  readonly answer: (entries: readonly LogEntry[]) => string;
}

export interface Receipt {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint?: string;
  readonly expiresAtMs: number;
  readonly answer: string;
}

export interface Commit {
  readonly entries: readonly EntryDraft[];
  readonly receipts: readonly ReceiptDraft[];
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly entries: readonly LogEntry[] }
  /** A receipt of the commit exists with the same fingerprint: nothing was stored. */
  | { readonly kind: 'duplicate'; readonly receipt: Receipt }
  /** A receipt of the commit exists with another fingerprint: nothing was stored. */
  | { readonly kind: 'conflict'; readonly receipt: Receipt }
  /** The change of a record threw this: nothing was stored. Only where an entry has `records`. */
  | { readonly kind: 'refused'; readonly error: unknown };

export interface ReadRange {
  readonly direction: 'oldest-first' | 'newest-first';
  /** Most entries of the page, at least 1. */
  readonly limit: number;
  /** Entries strictly after (oldest-first) or strictly before (newest-first) this serial. */
  readonly from?: Position;
  /** Inclusive bounds. */
  readonly startSerial?: number;
  readonly endSerial?: number;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
}

/** What is retained of a channel. All numbers are 0 / null where nothing is retained. */
export interface StreamState {
  readonly head: Position;
  readonly oldestSerial: number | null;
  readonly newestSerial: number | null;
  readonly oldestPublishedAtMs: number | null;
  readonly newestPublishedAtMs: number | null;
  readonly messages: number;
  readonly bytes: number;
}

export type GapReason = 'trimmed' | 'other-stream' | 'ahead';

/** A position cannot be continued (L6); `state`: what there is instead. */
export interface Gap {
  readonly kind: 'gap';
  readonly reason: GapReason;
  readonly state: StreamState;
}

export type ReadResult =
  | {
      readonly kind: 'page';
      readonly entries: readonly LogEntry[];
      readonly more: boolean;
      readonly head: Position;
    }
  | Gap;

export interface ChannelLog {
  /** memory: gone with the process; synced: survives kill -9 and loss of power. */
  readonly durability: 'memory' | 'synced';
  /** Rejects with `StoreUnavailable` when the store failed; nothing was stored then. */
  commit(commit: Commit): Promise<CommitResult>;
  read(key: ChannelKey, range: ReadRange): Promise<ReadResult>;
  /** The newest committed position; a channel never used gets its stream id here. */
  head(key: ChannelKey): Promise<Position>;
  state(key: ChannelKey): Promise<StreamState>;
  /** The receipt of a key that has not expired, or null. */
  receipt(scope: string, key: string): Promise<Receipt | null>;
  /** Removes entries (all, or those strictly below a serial or time; below both if both are given); keeps stream id and numbering. */
  purge(
    key: ChannelKey,
    below?: { readonly serial?: number; readonly timeMs?: number },
  ): Promise<{ messages: number; bytes: number }>;
  /** Forgets the channel: new stream id, numbering from 1. */
  reset(key: ChannelKey): Promise<{ previous: Position; head: Position; messages: number; bytes: number }>;
  /** Runs retention once now; drivers also run it on their own clock. */
  trim(): Promise<{ messages: number; bytes: number }>;
  /** Resolves when everything accepted so far is stored. Later commits reject. */
  close(): Promise<void>;
}

/** The store could not keep its promise; the caller may retry. `cause` holds the driver's error and never leaves the process. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
