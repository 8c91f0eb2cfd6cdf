// What models have used, as numbers that add up. Pure.

/** Whole numbers, none negative; `cost` in millionths of whatever currency the app reckons in. */
export interface Tally {
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_input_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost_micros: number;
}

export const NO_USE: Tally = {
  calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
  cost_micros: 0,
};

const MEMBERS = Object.keys(NO_USE) as readonly (keyof Tally)[];

/** Never beyond what a number can hold exactly. */
export function sumOf(one: Tally, other: Tally): Tally {
  const sum: Record<keyof Tally, number> = { ...one };
  for (const member of MEMBERS) sum[member] = Math.min(sum[member] + other[member], Number.MAX_SAFE_INTEGER);
  return sum;
}

/** A tally from its JSON text; members that are missing or no count are 0. */
export function tallyOf(text: string | undefined): Tally {
  if (text === undefined) return NO_USE;
  // CAST: written by this file's callers as JSON of a Tally; each member is looked at.
  const stored = JSON.parse(text) as Partial<Record<keyof Tally, unknown>>;
  const tally: Record<keyof Tally, number> = { ...NO_USE };
  for (const member of MEMBERS) {
    const value = stored[member];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) tally[member] = value;
  }
  return tally;
}
