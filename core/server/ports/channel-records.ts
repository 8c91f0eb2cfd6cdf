// Small keyed facts about a channel that change in the same step as its entries: what a model run has come to, who holds it.
// They have no place on the number line and nobody is sent them; whoever changes them decides what they mean.
//
// Invariants, besides L1-L6 of the ChannelLog and M1-M5 of the MessageLog
//   R1  A record that is changed with an entry or a version is stored with it or not at all.
//   R2  Changes of one record see each other: `apply` gets what the previous one left. Those of one step run in their order.
//   R3  What `apply` throws refuses the whole step; nothing is stored and neither serial nor ordinal is used.
//   R4  A reset takes the records of the channel along; purge and retention leave them, and a channel that has records stays.
//   R5  Reads and searches never show a change that a crash could still take back (L5).
import type { ChannelKey } from './channel-log.ts';

export interface RecordContent {
  /** JSON text of at most 8 KiB (UTF-8); a longer one is refused with a RangeError. */
  readonly value: string;
  /** A word that records are looked for by, e.g. `queued`. */
  readonly state: string;
  /** When somebody has to look at it again, in whole ms since the epoch (else refused with a RangeError); absent: never. */
  readonly dueAtMs?: number;
}

export interface ChannelRecord extends RecordContent {
  readonly key: ChannelKey;
  /** What it is about, e.g. `run`. Kinds don't see each other. */
  readonly kind: string;
  readonly id: string;
  /**
   * Counts the records of a channel and kind from 1, in the order in which they were made; never used twice until a reset, also not
   * by a record that is removed and made again.
   */
  readonly ordinal: number;
}

/** The entry or version that a record is changed with; null for `change`, which stores nothing else. */
export interface RecordOccasion {
  readonly serial: number;
  readonly publishedAtMs: number;
  /** Serial of the message, where messages are mutable. */
  readonly messageSerial?: string;
}

export interface RecordChange {
  readonly kind: string;
  readonly id: string;
  /**
   * What becomes of the record: its new content, null to remove it, `keep` to leave it as it is. Pure; runs inside the step, again
   * if the step is retried.
   */
  readonly apply: (
    current: ChannelRecord | null,
    occasion: RecordOccasion | null,
  ) => RecordContent | null | 'keep';
}

export type RecordResult =
  /** `record`: as it is now; null: there is none. */
  | { readonly kind: 'changed'; readonly record: ChannelRecord | null }
  | { readonly kind: 'refused'; readonly error: unknown };

export interface RecordPage {
  readonly records: readonly ChannelRecord[];
  readonly more: boolean;
}

/** What records are looked for by, in all channels of all apps unless one is named. */
export interface RecordSearch {
  readonly kind: string;
  readonly state?: string;
  readonly appId?: string;
  /** What the channel's name begins with. */
  readonly channelPrefix?: string;
  /** Channels of that app, by name, whose records are passed over. Needs `appId`. */
  readonly exceptChannels?: readonly string[];
  /** Only records that are due at this time or before. Those without `dueAtMs` never are. */
  readonly dueByMs?: number;
  readonly limit: number;
}

export interface ChannelRecords {
  /** Changes one record alone; `apply` gets no occasion. Rejects with `StoreUnavailable` when the store failed. */
  change(key: ChannelKey, change: RecordChange): Promise<RecordResult>;
  record(key: ChannelKey, kind: string, id: string): Promise<ChannelRecord | null>;
  /** Newest first by ordinal, strictly before `before`; `states`: only those. `limit` at most. */
  records(
    key: ChannelKey,
    kind: string,
    range: { readonly before?: number; readonly states?: readonly string[]; readonly limit: number },
  ): Promise<RecordPage>;
  /**
   * Those due first come first, those never due last; then in the order in which they were made, which between channels is only
   * roughly so where several nodes make them. Quick with a `state`, a `dueByMs` or both; everything else of a kind is walked through.
   */
  search(search: RecordSearch): Promise<readonly ChannelRecord[]>;
}
