// The KeyedStore port in this process's memory: gone with the process. Bounded by entries and bytes.
import { StoreUnavailable } from '../ports/channel-log.ts';
import {
  type KeyedEntry,
  type KeyedOperation,
  type KeyedPage,
  type KeyedScan,
  type KeyedStore,
  StoreFull,
  type WriteResult,
} from '../ports/keyed-store.ts';
import {
  checkedBatch,
  checkKeys,
  checkScan,
  conflictingKeys,
  type KeyedChange,
  MAX_PAGE_BYTES,
  scanRange,
} from '../ports/keyed-store-rules.ts';
import { ExpiringMap } from './expiring-map.ts';
import { SortedKeys } from './sorted-keys.ts';

export interface MemoryKeyedStoreOptions {
  /** Most entries held, default 1,000,000. */
  readonly maxEntries?: number;
  /** Most characters of keys and values, default 256 Mi. */
  readonly maxChars?: number;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/** How often the memory of ended entries is given back. Reading never depends on it. */
const SWEEP_INTERVAL_MS = 5_000;
/** Entries removed beyond this wait for the next sweep, so that a sweep never holds up the event loop. */
const SWEEP_LIMIT = 10_000;

/** For development and tests. Every promise settles in the same turn; nothing awaits inside an operation. */
export function createMemoryKeyedStore(options: MemoryKeyedStoreOptions = {}): KeyedStore {
  return new MemoryKeyedStore(options);
}

class MemoryKeyedStore implements KeyedStore {
  readonly durability = 'memory';
  readonly #maxEntries: number;
  readonly #maxChars: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, KeyedEntry>();
  readonly #keys = new SortedKeys();
  /** Keys of entries that end. */
  readonly #ends = new ExpiringMap<null>(Number.POSITIVE_INFINITY);
  readonly #timer: NodeJS.Timeout;
  #chars = 0;
  #lastRevision = 0;
  #isClosed = false;

  constructor(options: MemoryKeyedStoreOptions) {
    this.#maxEntries = options.maxEntries ?? 1_000_000;
    this.#maxChars = options.maxChars ?? 256 * 1024 * 1024;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  async get(key: string): Promise<KeyedEntry | null> {
    this.#refuseClosed();
    checkKeys([key]);
    return this.#live(key, this.#now());
  }

  async getMany(keys: readonly string[]): Promise<(KeyedEntry | null)[]> {
    this.#refuseClosed();
    checkKeys(keys);
    const nowMs = this.#now();
    return keys.map((key) => this.#live(key, nowMs));
  }

  async scan(scan: KeyedScan): Promise<KeyedPage> {
    this.#refuseClosed();
    checkScan(scan);
    const { prefix, limit } = scan;
    const nowMs = this.#now();
    const entries: KeyedEntry[] = [];
    let bytes = 0;
    for (const key of this.#keys.from(scanRange(scan).first)) {
      if (!key.startsWith(prefix)) break;
      const last = entries.at(-1);
      if (last !== undefined && (entries.length >= limit || bytes > MAX_PAGE_BYTES)) {
        return { entries, next: last.key };
      }
      const entry = this.#live(key, nowMs);
      if (entry === null) continue;
      entries.push(entry);
      bytes += Buffer.byteLength(entry.value);
    }
    return { entries, next: null };
  }

  async write(operations: readonly KeyedOperation[]): Promise<WriteResult> {
    this.#refuseClosed();
    const { changes } = checkedBatch(operations);
    const nowMs = this.#now();
    const keys = conflictingKeys(operations, (key) => this.#live(key, nowMs)?.revision ?? null);
    if (keys.length > 0) return { kind: 'conflict', keys };
    this.#refuseFull(changes);
    this.#lastRevision += 1;
    for (const change of changes) {
      this.#remove(change.key);
      this.#put(change, this.#lastRevision);
    }
    return { kind: 'written', revision: this.#lastRevision };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#entries.clear();
    this.#keys.clear();
    this.#ends.clear();
  }

  #live(key: string, nowMs: number): KeyedEntry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined || (entry.expiresAtMs !== null && entry.expiresAtMs <= nowMs)) return null;
    return entry;
  }

  /** A batch that takes away as much as it brings is always taken. */
  #refuseFull(changes: readonly KeyedChange[]): void {
    let [entries, chars] = [0, 0];
    for (const { key, value } of changes) {
      const old = this.#entries.get(key);
      if (old !== undefined) [entries, chars] = [entries - 1, chars - charsOf(key, old.value)];
      if (value !== null) [entries, chars] = [entries + 1, chars + charsOf(key, value)];
    }
    const isTooMany = entries > 0 && this.#entries.size + entries > this.#maxEntries;
    const isTooLarge = chars > 0 && this.#chars + chars > this.#maxChars;
    if (isTooMany || isTooLarge) throw new StoreFull('the store in memory is full');
  }

  #put({ key, value, expiresAtMs }: KeyedChange, revision: number): void {
    if (value === null) return;
    this.#entries.set(key, { key, value, revision, expiresAtMs });
    this.#keys.add(key);
    if (expiresAtMs !== null) this.#ends.set(key, null, expiresAtMs);
    this.#chars += charsOf(key, value);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#keys.delete(key);
    this.#ends.delete(key);
    this.#chars -= charsOf(key, entry.value);
  }

  #sweep(): void {
    for (const key of this.#ends.takeExpired(this.#now(), SWEEP_LIMIT)) this.#remove(key);
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new StoreUnavailable('the store is closed');
  }
}

const charsOf = (key: string, value: string): number => key.length + value.length;
