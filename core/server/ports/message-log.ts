// Messages that change and messages that are annotated, on the same number line as the creates of the ChannelLog: a create,
// each mutation and each annotation event of a channel take the next serial under one `streamId` (divergence D29). Drivers
// know no merge rules: what a new version looks like is decided by a pure function that they call inside the step.
//
// Invariants, besides L1-L6 of the ChannelLog
//   M1  A mutation or annotation is stored whole (entry, state of the message, projection, receipt) or not at all; a refused
//       one uses no serial.
//   M2  Mutations of one message see each other: `apply` gets the state that the previous one left.
//   M3  Version serials of a message grow as text. Version serials are unique in the whole server.
//   M4  What an append costs does not depend on the length of the message or on the number of its versions.
//   M5  What is purged or reset takes its versions, annotations, projections and open receipts along (divergence D42).
import type {
  ChannelKey,
  ChannelLog,
  Gap,
  LogEntry,
  Position,
  ReadRange,
  Receipt,
  ReceiptDraft,
  Retention,
} from './channel-log.ts';
import type { ChannelRecords, RecordChange } from './channel-records.ts';

export type MutationAction = 'update' | 'append' | 'delete';

/** The message as its latest version shows it. Everything but `data()` is known without reading the whole text. */
export interface MessageState {
  readonly messageSerial: string;
  readonly versionSerial: string;
  /** Serial of the create. */
  readonly historySerial: number;
  /** Serial of the latest version; of the create where nothing changed. */
  readonly deliverySerial: number;
  readonly action: 'create' | MutationAction;
  /** Visible event name; null where it was cleared. */
  readonly event: string | null;
  /** Visible `extras`, JSON text; absent: none. */
  readonly extras?: string;
  readonly tags?: string;
  /** `message_id` of the create. */
  readonly messageId?: string;
  /** Verified id of who created the message; absent: a trusted server that named nobody. */
  readonly creatorId?: string;
  /** Of the latest version. */
  readonly userId?: string;
  readonly description?: string;
  /** JSON text. */
  readonly metadata?: string;
  readonly createdAtMs: number;
  readonly versionAtMs: number;
  readonly dataKind: 'string' | 'other' | 'none';
  /** UTF-8 bytes of the whole data's JSON text. */
  readonly dataBytes: number;
  /** Appends since the create. */
  readonly appendCount: number;
  /** JSON text of the whole data, base and all fragments; null where it was cleared. */
  data(): string | null;
}

/** What `apply` makes of the current state. */
export interface VersionDraft {
  readonly action: MutationAction;
  /** update, delete: JSON text of the whole data, null where there is none. append: JSON text of the fragment, a string. */
  readonly data: string | null;
  readonly event: string | null;
  readonly extras?: string;
  readonly userId?: string;
  readonly description?: string;
  readonly metadata?: string;
  /** Records that change with this version (ChannelRecords): named here, inside the step, where the current state is known. */
  readonly records?: readonly RecordChange[];
}

export interface MutationDraft {
  readonly key: ChannelKey;
  readonly messageSerial: string;
  readonly publishedAtMs: number;
  readonly retention: Retention;
  /** Runs inside the step, may run again; pure. What it throws refuses the mutation and comes back as `refused`. */
  readonly apply: (current: MessageState) => VersionDraft;
  /** Serial of the new version; sorts above `current`. */
  readonly versionSerial: (historySerial: number, current: string) => string;
  /** `op_id` of the request: same rules as the receipts of a commit. `answer` gets the new entry. */
  readonly receipt?: Omit<ReceiptDraft, 'answer'> & { readonly answer: (entry: VersionEntry) => string };
}

/** One change of one message, as it is delivered and replayed. */
export interface VersionEntry {
  readonly kind: 'version';
  readonly key: ChannelKey;
  readonly streamId: string;
  readonly serial: number;
  readonly publishedAtMs: number;
  readonly action: MutationAction;
  readonly messageSerial: string;
  readonly versionSerial: string;
  readonly historySerial: number;
  readonly event: string | null;
  /** As in VersionDraft: an append's fragment, else the whole. */
  readonly data: string | null;
  readonly extras?: string;
  readonly tags?: string;
  readonly userId?: string;
  readonly creatorId?: string;
  readonly messageId?: string;
  readonly description?: string;
  readonly metadata?: string;
  /** JSON text of the whole data as of this version; for an append, base and fragments up to it. Read when called. */
  whole(): string | null;
}

export type MutationResult =
  | { readonly kind: 'committed'; readonly entry: VersionEntry }
  | { readonly kind: 'duplicate'; readonly receipt: Receipt }
  | { readonly kind: 'conflict'; readonly receipt: Receipt }
  | { readonly kind: 'unknown-message' }
  /** `apply`, or that of a record, threw this. */
  | { readonly kind: 'refused'; readonly error: unknown };

export interface AnnotationRecord {
  /** Unique in the server; sorts by order within the message. */
  readonly annotationSerial: string;
  readonly action: 'annotation.create' | 'annotation.delete';
  readonly messageSerial: string;
  readonly type: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly count?: number;
  /** JSON text. */
  readonly data?: string;
  readonly encoding?: string;
  /** Creates only. */
  readonly id?: string;
  /** Deletes only: the annotation that is taken back. */
  readonly targetSerial?: string;
  /**
   * Set by the driver in answers and as `target`, not in what is replayed: the delete that took this create back. Not part of a
   * new record.
   */
  readonly deletedBy?: string;
  readonly timestampMs: number;
}

export interface AnnotationDraft {
  readonly key: ChannelKey;
  readonly messageSerial: string;
  readonly publishedAtMs: number;
  readonly retention: Retention;
  /** Makes the record; runs inside the step. `target`: the record that `targetSerial` names, null where there is none. */
  readonly record: (annotationSerial: string, target: AnnotationRecord | null) => AnnotationRecord;
  /**
   * Serial of the record; names the message's create as version serials do. `above`: the message's newest annotation serial,
   * absent where there is none; sorts above it.
   */
  readonly annotationSerial: (historySerial: number, above?: string) => string;
  readonly targetSerial?: string;
  /** Next projection of (message, type) as JSON text; `state` null: none yet. Pure. What `record` or `project` throw refuses. */
  readonly project: (
    state: string | null,
    record: AnnotationRecord,
    target: AnnotationRecord | null,
  ) => string;
}

export interface AnnotationEntry {
  readonly kind: 'annotation';
  readonly key: ChannelKey;
  readonly streamId: string;
  readonly serial: number;
  readonly publishedAtMs: number;
  readonly record: AnnotationRecord;
}

export type AnnotationResult =
  | { readonly kind: 'committed'; readonly entry: AnnotationEntry; readonly projection: string }
  | { readonly kind: 'unknown-message' }
  | { readonly kind: 'refused'; readonly error: unknown };

/** Any entry of a channel, in the order of its number line. A create has no `kind`. */
export type ReplayEntry = LogEntry | VersionEntry | AnnotationEntry;

export type ReplayResult =
  | {
      readonly kind: 'page';
      readonly entries: readonly ReplayEntry[];
      readonly more: boolean;
      readonly head: Position;
    }
  | Gap;

/** One row of the history: the create's place, and what the message has become. */
export interface HistoryRow {
  readonly entry: LogEntry;
  /** Null: the message is not mutable, or nothing has changed. */
  readonly latest: MessageState | null;
}

export type RowsResult =
  | {
      readonly kind: 'page';
      readonly rows: readonly HistoryRow[];
      readonly more: boolean;
      readonly head: Position;
    }
  | Gap;

export interface VersionsRange {
  readonly direction: 'oldest-first' | 'newest-first';
  readonly limit: number;
  /** Strictly after (oldest-first) or before (newest-first) this version serial. */
  readonly from?: string;
}

export interface Projection {
  readonly messageSerial: string;
  readonly type: string;
  /** JSON text, as `project` made it. */
  readonly state: string;
}

export interface MessageLog {
  /** Rejects with `StoreUnavailable` when the store failed. */
  mutate(draft: MutationDraft): Promise<MutationResult>;
  /**
   * Changes one message many times in one step, each change on top of the one before it, with no other between them. The first
   * that is neither committed nor a duplicate ends the row: the answer has one result for each up to and with it, and what comes
   * after it is not stored. Rejects with `StoreUnavailable` when the store failed: then none is stored.
   */
  mutateInOrder(drafts: readonly MutationDraft[]): Promise<readonly MutationResult[]>;
  annotate(draft: AnnotationDraft): Promise<AnnotationResult>;
  /** Null: never created, purged, or beyond history and `versionsAgeMs` both. */
  message(key: ChannelKey, messageSerial: string): Promise<MessageState | null>;
  /** The create and every version; null where the message is unknown. */
  versions(
    key: ChannelKey,
    messageSerial: string,
    range: VersionsRange,
  ): Promise<{ readonly entries: readonly (LogEntry | VersionEntry)[]; readonly more: boolean } | null>;
  /** Annotation events of a message, oldest first, strictly after `from`; unknown messages have none. */
  annotations(
    key: ChannelKey,
    messageSerial: string,
    range: { readonly type?: string; readonly from?: string; readonly limit: number },
  ): Promise<{ readonly records: readonly AnnotationRecord[]; readonly more: boolean }>;
  annotation(key: ChannelKey, annotationSerial: string): Promise<AnnotationRecord | null>;
  /** Projections of a channel by message, newest message first, then by type; `limit` at most. */
  projections(key: ChannelKey, limit: number): Promise<readonly Projection[]>;
  /** History: creates with what they have become. Same paging, bounds and gaps as `ChannelLog.read`. */
  rows(key: ChannelKey, range: ReadRange): Promise<RowsResult>;
  /**
   * Every entry strictly after `from`, oldest first, `limit` at most. A page has no holes: where something it would hold is
   * gone, and for positions of another stream or ahead of the head, the answer is a gap.
   */
  replay(key: ChannelKey, from: Position, limit: number): Promise<ReplayResult>;
}

/** What every driver of the channel log offers. */
export type DurableLog = ChannelLog & MessageLog & ChannelRecords;
