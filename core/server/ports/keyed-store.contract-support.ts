// What the contract suites of the KeyedStore share: a store for one test on a clock of the test's own, and short operations.
import type { KeyedEntry, KeyedOperation, KeyedScan, KeyedStore } from './keyed-store.ts';

export interface KeyedStoreUnderTest {
  readonly store: KeyedStore;
  /** For stores that outlive their object: closes and opens the same store again. */
  readonly reopen?: () => Promise<KeyedStore>;
  /** Closes what is open and removes the store. */
  readonly close: () => Promise<void>;
}

export type OpenKeyedStore = (options: { readonly now: () => number }) => Promise<KeyedStoreUnderTest>;

export interface KeyedTest {
  readonly store: KeyedStore;
  readonly reopen: (() => Promise<KeyedStore>) | undefined;
  readonly clock: { nowMs: number };
}

export async function withStore(
  open: OpenKeyedStore,
  test: (test: KeyedTest) => Promise<void>,
): Promise<void> {
  const clock = { nowMs: 1_700_000_000_000 };
  const { store, reopen, close } = await open({ now: () => clock.nowMs });
  try {
    await test({ store, reopen, clock });
  } finally {
    await close();
  }
}

type PutOptions = Partial<Omit<Extract<KeyedOperation, { kind: 'put' }>, 'kind' | 'key'>>;

export const put = (key: string, options: PutOptions = {}): KeyedOperation => ({
  kind: 'put',
  key,
  value: '0',
  ...options,
});

export const remove = (key: string, ifRevision?: number): KeyedOperation =>
  ifRevision === undefined ? { kind: 'delete', key } : { kind: 'delete', key, ifRevision };

export const check = (key: string, ifRevision: number): KeyedOperation => ({
  kind: 'check',
  key,
  ifRevision,
});

/** A batch that must be taken; answers its revision. */
export async function writeAll(store: KeyedStore, ...operations: readonly KeyedOperation[]): Promise<number> {
  const result = await store.write(operations);
  if (result.kind === 'conflict') throw new Error(`conflict on ${result.keys.join(', ')}`);
  return result.revision;
}

export async function revisionOf(store: KeyedStore, key: string): Promise<number> {
  const entry = await store.get(key);
  if (entry === null) throw new Error(`there is no ${key}`);
  return entry.revision;
}

/** All pages of a scan, each within its bound. */
export async function scanAll(store: KeyedStore, scan: KeyedScan): Promise<KeyedEntry[]> {
  const found: KeyedEntry[] = [];
  let after = scan.after;
  for (;;) {
    const { entries, next } = await store.scan(after === undefined ? scan : { ...scan, after });
    if (entries.length > scan.limit) throw new Error('a page has more entries than asked for');
    found.push(...entries);
    if (next === null) return found;
    after = next;
  }
}
