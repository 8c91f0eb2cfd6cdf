import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutBytes, cutJsonBytes, exceedsBytes, utf8Length } from './text.ts';

const any = fc.string({ unit: 'binary', maxLength: 60 });

it('tells whether a text has too many bytes', () => {
  fc.assert(fc.property(any, fc.nat(80), (text, max) => exceedsBytes(text, max) === utf8Length(text) > max));
});

it('cuts to the longest beginning that fits, between characters', () => {
  fc.assert(
    fc.property(any, fc.nat(80), (text, max) => {
      const kept = cutBytes(text, max);
      expect(text.startsWith(kept)).toBe(true);
      expect(utf8Length(kept)).toBeLessThanOrEqual(max);
      const next = [...text.slice(kept.length)][0];
      if (next !== undefined) expect(utf8Length(kept + next)).toBeGreaterThan(max);
    }),
  );
  expect(cutBytes('a😀', 4)).toBe('a');
});

it('cuts to what fits into JSON', () => {
  fc.assert(
    fc.property(any, fc.nat(80), (text, max) => {
      const kept = cutJsonBytes(text, max);
      expect(text.startsWith(kept)).toBe(true);
      expect(utf8Length(JSON.stringify(kept)) - 2).toBeLessThanOrEqual(max);
    }),
  );
  expect(cutJsonBytes('plain', 5)).toBe('plain');
});
