import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

const word = fc.string({ maxLength: 12 });

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('of %j and %j is %i', (left, right, expected) => {
    expect(editDistance(left, right)).toBe(expected);
  });

  it('is symmetric, zero only for equals, and bounded by the longer word', () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        const distance = editDistance(left, right);
        expect(editDistance(right, left)).toBe(distance);
        expect(distance === 0).toBe(left === right);
        expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(left.length - right.length));
      }),
    );
  });
});

describe('nearest', () => {
  it('finds what was meant, and nothing where nothing is near', () => {
    expect(nearest('histroy', ['host', 'history', 'port'])).toBe('history');
    expect(nearest('PORT', ['host', 'port'])).toBe('port');
    expect(nearest('zzz', ['host', 'port'])).toBeNull();
    expect(nearest('x', ['ab'])).toBeNull();
    expect(nearest('a'.repeat(1000), ['a'.repeat(999)])).toBeNull();
  });
});
