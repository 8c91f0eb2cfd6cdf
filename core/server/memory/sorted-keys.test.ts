import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedKeys } from './sorted-keys.ts';

const pad = (index: number): string => String(index).padStart(5, '0');

describe('SortedKeys', () => {
  it('has the keys of a set in order, however many are added and removed', () => {
    const change = fc.record({
      first: fc.nat({ max: 3000 }),
      count: fc.nat({ max: 1500 }),
      isAdded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.nat({ max: 3000 }), (changes, start) => {
        const keys = new SortedKeys();
        const model = new Set<string>();
        for (const { first, count, isAdded } of changes) {
          for (let step = 0; step < count; step += 1) {
            // 7 has no divisor in common with 4500: each key once, in a scattered order.
            const key = pad((first + step * 7) % 4500);
            if (isAdded) keys.add(key);
            else keys.delete(key);
            if (isAdded) model.add(key);
            else model.delete(key);
          }
        }
        const expected = [...model].sort().filter((key) => key >= pad(start));
        expect([...keys.from(pad(start))]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});
