// What every KeyedStore driver decides alike: what is refused, what a batch comes to, and in which order keys stand. Pure; knows
// nothing of storage.
import {
  type KeyedOperation,
  type KeyedScan,
  MAX_BATCH_BYTES,
  MAX_BATCH_OPERATIONS,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
} from './keyed-store.ts';

/** Values of a page: beyond it the page ends, and another one follows. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Longer than a key may be, of the last character there is. */
const BEHIND_ALL_KEYS = '\u{10ffff}'.repeat(MAX_KEY_BYTES / 4 + 1);

/** What becomes of one key. `value` null: it is removed. */
export interface KeyedChange {
  readonly key: string;
  readonly value: string | null;
  readonly expiresAtMs: number | null;
}

/** A batch that keeps the bounds. */
export interface KeyedBatch {
  readonly operations: readonly KeyedOperation[];
  /** One for each key that is put or deleted. */
  readonly changes: readonly KeyedChange[];
  /** UTF-8, keys and values. */
  readonly bytes: number;
}

/** @throws RangeError for what exceeds a bound of the port, or can't be stored as text. */
export function checkedBatch(operations: readonly KeyedOperation[]): KeyedBatch {
  if (operations.length > MAX_BATCH_OPERATIONS) {
    throw new RangeError(`a batch has ${MAX_BATCH_OPERATIONS} operations at most`);
  }
  const changes = new Map<string, KeyedChange>();
  let bytes = 0;
  for (const operation of operations) {
    const { kind, key } = operation;
    bytes += keyBytes(key);
    if (kind === 'delete') changes.set(key, { key, value: null, expiresAtMs: null });
    if (kind !== 'put') continue;
    bytes += valueBytes(operation.value);
    changes.set(key, { key, value: operation.value, expiresAtMs: checkedEnd(operation.expiresAtMs) });
  }
  if (bytes > MAX_BATCH_BYTES) throw new RangeError(`a batch has ${MAX_BATCH_BYTES} bytes at most`);
  return { operations, changes: [...changes.values()], bytes };
}

/** @throws RangeError */
export function checkKeys(keys: readonly string[]): void {
  if (keys.length > MAX_BATCH_OPERATIONS) {
    throw new RangeError(`${MAX_BATCH_OPERATIONS} keys are read at once at most`);
  }
  for (const key of keys) keyBytes(key);
}

/** @throws RangeError */
export function checkScan({ prefix, after, limit }: KeyedScan): void {
  if (prefix !== '') keyBytes(prefix);
  if (after !== undefined) keyBytes(after);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_BATCH_OPERATIONS) {
    throw new RangeError(`a page has 1 to ${MAX_BATCH_OPERATIONS} entries`);
  }
}

/**
 * Keys whose expectation does not hold, in the order of the operations, each once.
 *
 * @param revisionOf of the entry of a key before the batch; null: there is none
 */
export function conflictingKeys(
  operations: readonly KeyedOperation[],
  revisionOf: (key: string) => number | null,
): string[] {
  const keys = new Set<string>();
  for (const operation of operations) {
    const { key, ifRevision } = operation;
    const wantsAbsence = operation.kind === 'put' && operation.ifAbsent === true;
    if (!wantsAbsence && ifRevision === undefined) continue;
    const revision = revisionOf(key);
    const holds =
      (!wantsAbsence || revision === null) && (ifRevision === undefined || revision === ifRevision);
    if (!holds) keys.add(key);
  }
  return [...keys];
}

/** Keys whose entries the expectations of a batch are about. */
export function expectedKeys(operations: readonly KeyedOperation[]): string[] {
  const isExpecting = (operation: KeyedOperation): boolean =>
    operation.ifRevision !== undefined || (operation.kind === 'put' && operation.ifAbsent === true);
  return operations.filter(isExpecting).map(({ key }) => key);
}

/** Order of keys: that of their UTF-8 bytes, which is that of their code points. Negative: `one` comes first. */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const [unit, otherUnit] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (unit !== otherUnit) return rank(unit) - rank(otherUnit);
  }
  return one.length - other.length;
}

/** The keys of a scan: from `first` on, all that are before `end`. */
export function scanRange({ prefix, after }: KeyedScan): { readonly first: string; readonly end: string } {
  // A key has no NUL, so nothing stands between a key and this text behind it.
  const behind = after === undefined ? prefix : `${after}\u0001`;
  return { first: compareKeys(behind, prefix) < 0 ? prefix : behind, end: endOfPrefix(prefix) };
}

/** First text behind everything that begins with the prefix. */
export function endOfPrefix(prefix: string): string {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last >= 0x10ffff) continue;
    // Halves of surrogate pairs are no characters.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return BEHIND_ALL_KEYS;
}

/** Code units of surrogate pairs stand for code points behind all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function keyBytes(key: string): number {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MAX_KEY_BYTES) throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes`);
  checkText(key, 'a key');
  return bytes;
}

function valueBytes(value: string): number {
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) throw new RangeError(`a value has ${MAX_VALUE_BYTES} bytes at most`);
  checkText(value, 'a value');
  return bytes;
}

/** Stores differ in what they make of NUL and of half a surrogate pair. JSON texts need neither. */
function checkText(text: string, name: string): void {
  if (!text.isWellFormed() || text.includes('\0')) {
    throw new RangeError(`${name} has no NUL and no unpaired surrogate`);
  }
}

function checkedEnd(expiresAtMs: number | undefined): number | null {
  if (expiresAtMs === undefined) return null;
  if (Number.isSafeInteger(expiresAtMs)) return expiresAtMs;
  throw new RangeError('the end of an entry is a whole number of milliseconds');
}
