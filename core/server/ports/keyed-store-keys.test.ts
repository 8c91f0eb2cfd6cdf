import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  descendingNumber,
  descendingPart,
  entryKey,
  keyParts,
  keyPrefix,
  numberPart,
  partNumber,
} from './keyed-store-keys.ts';

/** Texts with many of the characters that matter, halves of surrogate pairs among them. */
const part = fc
  .array(fc.constantFrom('/', '%', '\0', '\ud800', '\udc00', '🦊', 'a', '2', 'F', 'u', ' '), { maxLength: 6 })
  .map((characters) => characters.join(''));
const parts = fc
  .tuple(part, part, part)
  .chain((all) =>
    fc.integer({ min: 1, max: 3 }).map((count) => all.slice(0, count) as [string, ...string[]]),
  );

describe('keys of the keyed store', () => {
  it('give their parts back, whatever is in them, and are texts that every store takes', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const key = entryKey(...list);
        expect(keyParts(key)).toEqual(list);
        expect(key.isWellFormed()).toBe(true);
        expect(key).not.toContain('\0');
      }),
    );
  });

  it('begin with a prefix exactly when their first parts are its parts', () => {
    fc.assert(
      fc.property(parts, parts, (list, first) => {
        const isBelow = list.length > first.length && first.every((each, index) => each === list[index]);
        expect(entryKey(...list).startsWith(keyPrefix(...first))).toBe(isBelow);
      }),
    );
  });

  it('sort by number, upwards and downwards', () => {
    const number = fc.maxSafeNat();
    fc.assert(
      fc.property(number, number, (one, other) => {
        expect(numberPart(one) < numberPart(other)).toBe(one < other);
        expect(descendingPart(one) < descendingPart(other)).toBe(one > other);
        expect([partNumber(numberPart(one)), descendingNumber(descendingPart(other))]).toEqual([one, other]);
      }),
    );
    for (const make of [numberPart, descendingPart]) {
      for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => make(wrong)).toThrow(RangeError);
    }
  });
});
