import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, endOfPrefix, scanRange } from './keyed-store-rules.ts';

const text = fc
  .array(fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '🦊', '\u{10ffff}'), { maxLength: 4 })
  .map((characters) => characters.join(''));

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

describe('order of keys', () => {
  it('is that of their bytes', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(Math.sign(compareKeys(one, other))).toBe(byBytes(one, other));
      }),
    );
  });

  it('has all keys of a prefix before its end, and all others behind them at or behind it', () => {
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        const end = endOfPrefix(prefix);
        const isWithin = byBytes(key, prefix) >= 0 && byBytes(key, end) < 0;
        expect(isWithin).toBe(key.startsWith(prefix));
        expect(end.isWellFormed()).toBe(true);
      }),
    );
  });

  it('has all keys of a prefix behind another key in the range of a scan', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, after, key) => {
        const { first, end } = scanRange({ prefix, after, limit: 1 });
        const isWithin = byBytes(key, first) >= 0 && byBytes(key, end) < 0;
        expect(isWithin).toBe(key.startsWith(prefix) && byBytes(key, after) > 0);
      }),
    );
  });
});
