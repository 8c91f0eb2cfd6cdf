import fc from 'fast-check';
import { expect, it } from 'vitest';
import { APPENDS_PER_MESSAGE_MAX } from '../wire/index.ts';
import { minimumLength, PIECE_MAX_LENGTH, pieceLength } from './pacing.ts';

it('lets a message of 750 KB get along with the appends that it may have', () => {
  let length = 0;
  for (let appends = 0; appends < APPENDS_PER_MESSAGE_MAX; appends += 1) length += minimumLength(appends);
  expect(length).toBeGreaterThan(750_000);
  expect(minimumLength(500)).toBe(1);
  expect(minimumLength(APPENDS_PER_MESSAGE_MAX)).toBeLessThan(PIECE_MAX_LENGTH);
});

it('cuts pieces between characters, and takes all of it in the end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.nat(40_000), (unit, repeats) => {
      let rest = unit.repeat(repeats).slice(0, 100_000);
      const whole = rest.isWellFormed();
      while (rest !== '') {
        const length = pieceLength(rest, true);
        expect(length).toBeGreaterThan(0);
        if (whole) expect(rest.slice(0, length).isWellFormed()).toBe(true);
        rest = rest.slice(length);
      }
    }),
    { numRuns: 50 },
  );
});
