/**
 * Places in a channel's log and their order. A serial is a number, or decimal text where it is above 2^53-1. Pure.
 * Must not know: what stands at a place.
 */

export type Serial = number | string;

const DECIMAL = /^\d+$/;

/** Undefined for what is no serial. Whole numbers that Sockudo writes as `12.0` come as numbers anyway. */
export function serialOf(value: unknown): Serial | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && DECIMAL.test(value) ? value : undefined;
}

/** Negative, 0 or positive, as for sort; exact beyond 2^53. */
export function compareSerials(a: Serial, b: Serial): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The place just before; null at the beginning. */
export function placeBefore(serial: Serial): Serial | null {
  if (typeof serial === 'number') return serial > 0 ? serial - 1 : null;
  const before = BigInt(serial) - 1n;
  if (before < 0n) return null;
  return before <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(before) : String(before);
}

/** The lower of two, of which either may be missing. */
export function lowerSerial(a: Serial | null, b: Serial | null): Serial | null {
  if (a === null || b === null) return a ?? b;
  return compareSerials(a, b) <= 0 ? a : b;
}
