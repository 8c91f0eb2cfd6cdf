// Records of push as JSON in the KeyedStore: reading, listing, and changing what others change at the same time.
import { httpError } from '@sockudo/protocol';
import type { KeyedEntry, KeyedOperation, KeyedStore } from '@sockudo/server/ports';

/** A record was changed by somebody else each time. */
const MAX_ATTEMPTS = 16;

export const putOf = (
  key: string,
  value: unknown,
  more: Pick<Extract<KeyedOperation, { kind: 'put' }>, 'expiresAtMs' | 'ifAbsent' | 'ifRevision'> = {},
): KeyedOperation => ({ kind: 'put', key, value: JSON.stringify(value), ...more });

/** Expects the entry to be as it was read: of its revision, or absent. */
export const unchanged = (entry: KeyedEntry | null): { ifAbsent: true } | { ifRevision: number } =>
  entry === null ? { ifAbsent: true } : { ifRevision: entry.revision };

/** CAST: only push writes below its keys, and each key holds one type of record. */
export const recordOf = <Value>(entry: KeyedEntry): Value => JSON.parse(entry.value) as Value;

export async function read<Value>(store: KeyedStore, key: string): Promise<Value | null> {
  const entry = await store.get(key);
  return entry === null ? null : recordOf<Value>(entry);
}

/** What one look at the store comes to; `operations` null: there is nothing to write. */
export interface Change<Answer> {
  readonly operations: readonly KeyedOperation[] | null;
  readonly answer: Answer;
}

/**
 * Looks and writes until nobody came in between. `look` reads all it needs anew and puts its expectations into the operations.
 * Rejects with 503 `service_unavailable` when others are always faster.
 */
export async function change<Answer>(
  store: KeyedStore,
  look: () => Promise<Change<Answer>>,
  onConflict: () => void = () => {},
): Promise<Answer> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const { operations, answer } = await look();
    if (operations === null) return answer;
    const { kind } = await store.write(operations);
    if (kind === 'written') return answer;
    onConflict();
  }
  throw httpError('service_unavailable', 'push records are changed too often at once: try again');
}

/** Entries below a prefix, behind a key; `next` is null when there are no more. */
export interface Listing {
  readonly entries: readonly KeyedEntry[];
  readonly next: string | null;
}

/** A page that is full unless it is the last; 1 to 1,000 entries. */
export async function list(
  store: KeyedStore,
  prefix: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<Listing> {
  const entries: KeyedEntry[] = [];
  let next: string | null = after ?? null;
  while (entries.length < limit) {
    const page = await store.scan({
      prefix,
      limit: limit - entries.length,
      ...(next !== null && { after: next }),
    });
    entries.push(...page.entries);
    next = page.next;
    if (next === null) return { entries, next };
  }
  const more = await store.scan({ prefix, limit: 1, ...(next !== null && { after: next }) });
  return { entries, next: more.entries.length > 0 ? next : null };
}

/** Every entry below a prefix, page by page; each page is gone through before the next is read. */
export async function* pages(
  store: KeyedStore,
  prefix: string,
  limit = 1000,
): AsyncGenerator<readonly KeyedEntry[]> {
  let after: string | undefined;
  do {
    const page = await store.scan({ prefix, limit, ...(after !== undefined && { after }) });
    if (page.entries.length > 0) yield page.entries;
    after = page.next ?? undefined;
  } while (after !== undefined);
}
