// A small ordered key-value store for what is neither a channel nor a job: devices, subscriptions, templates, counters. It knows
// nothing of what a value means; secondary indexes are further keys of the same batch. The suite keyed-store.contract.ts runs
// against every driver.
//
// Invariants
//   K1  A batch is applied whole or not at all: nobody ever reads a part of it after its `write` resolved, and none of it where
//       `write` answers `conflict` or rejects. (Where the store's answer was lost, a rejected batch may turn out applied as a whole.)
//   K2  The expectations of a batch hold at the moment in which it is applied, whoever else writes, on whatever node.
//   K3  After `write` resolved, every read on every node sees the batch, until somebody writes again.
//   K4  No two batches have the same revision, also not after a key was deleted and made again, or after a restart.
//   K5  An entry whose end has come is absent for reads and expectations from that moment on, whenever its place is given back.
//   K6  A scan page shows each key as it was at one moment. Following pages go on behind the last key: a key that was there all the
//       time is seen exactly once, one that is written meanwhile at most once.

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 512;
/** Longest value, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 256 * 1024;
/** Most operations of a batch; also most keys of a `getMany` and most entries of a page. */
export const MAX_BATCH_OPERATIONS = 1000;
/** Keys and values of a batch together, in bytes of UTF-8. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export interface KeyedEntry {
  readonly key: string;
  /** JSON text, as it was put. */
  readonly value: string;
  /** Of the batch that put it. */
  readonly revision: number;
  /** When it ends; null: never. */
  readonly expiresAtMs: number | null;
}

export type KeyedOperation =
  | {
      readonly kind: 'put';
      /** From keyed-store-keys.ts; its first part names whose it is, e.g. `push`. */
      readonly key: string;
      /** JSON text, stored as given. */
      readonly value: string;
      /** When the entry ends, in whole ms since the epoch; absent: never, whatever it was before. */
      readonly expiresAtMs?: number;
      /** Conflict when there is an entry. */
      readonly ifAbsent?: true;
      /** Conflict unless there is an entry of this revision. */
      readonly ifRevision?: number;
    }
  /** Removes the entry, if there is one. */
  | { readonly kind: 'delete'; readonly key: string; readonly ifRevision?: number }
  /** Changes nothing: the batch goes with an entry that it only read. */
  | { readonly kind: 'check'; readonly key: string; readonly ifRevision: number };

export type WriteResult =
  /** `revision`: of all entries that the batch put. */
  | { readonly kind: 'written'; readonly revision: number }
  /** `keys`: those whose expectation did not hold, in the order of the operations. Nothing was changed. */
  | { readonly kind: 'conflict'; readonly keys: readonly string[] };

export interface WriteOptions {
  /**
   * When `write` resolves: `synced`, the default, as the store's `durability` says; `process`: the batch survives the death of
   * the process, a loss of power may take the newest. A store that promises less or more than asked for does what it does.
   */
  readonly durability?: 'process' | 'synced';
}

export interface KeyedScan {
  /** What the keys begin with, from `keyPrefix`; empty: all keys. */
  readonly prefix: string;
  /** Only keys behind this one: `next` of the page before. It need not exist (any more). */
  readonly after?: string;
  /** Most entries of the page, 1 to 1,000. A page of large values has fewer. */
  readonly limit: number;
}

export interface KeyedPage {
  /** Ascending by the bytes of their keys. */
  readonly entries: readonly KeyedEntry[];
  /** What to go on behind; null: there is nothing more. A page may be empty and have a next one. */
  readonly next: string | null;
}

/**
 * All methods reject with `RangeError` for what exceeds a bound above, and with `StoreUnavailable` when the store failed or is
 * closed.
 */
export interface KeyedStore {
  /** What the default of `write` promises. memory: gone with the process; synced: survives kill -9 and a loss of power. */
  readonly durability: 'memory' | 'synced';
  /** Null: there is none, or its end has come. */
  get(key: string): Promise<KeyedEntry | null>;
  /** Each as `get` has it, as of one moment, in the order of `keys`. */
  getMany(keys: readonly string[]): Promise<readonly (KeyedEntry | null)[]>;
  scan(scan: KeyedScan): Promise<KeyedPage>;
  /**
   * Applies a batch. All expectations are judged by what was there before it; of several operations that change one key the last
   * one counts. Batches of one process are applied in the order of the calls. Rejects with `StoreFull` where the driver has a bound.
   */
  write(operations: readonly KeyedOperation[], options?: WriteOptions): Promise<WriteResult>;
  /** Ends what was begun; later calls reject. Idempotent. */
  close(): Promise<void>;
}

/** The store holds as many entries or bytes as it may. Nothing was changed; later it may work. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}
