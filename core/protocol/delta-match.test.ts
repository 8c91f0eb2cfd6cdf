import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEdits, LITERAL } from './delta-match.ts';
import { bytesOf, pairs } from './testing/delta-pairs.ts';

describe('edits', () => {
  it('say what the target is, piece by piece', () => {
    fc.assert(
      fc.property(pairs, ([base, target]) => {
        const edits = findEdits(base, target);
        let at = 0;
        for (let i = 0; i < edits.length; i += 2) {
          const [from = 0, length = 0] = edits.slice(i, i + 2);
          expect(length).toBeGreaterThan(0);
          const piece =
            from === LITERAL ? target.subarray(at, at + length) : base.subarray(from, from + length);
          expect(piece).toEqual(target.subarray(at, at + length));
          at += length;
        }
        expect(at).toBe(target.length);
      }),
    );
  });

  it.each([
    ['the same text', 'twelve bytes', 'twelve bytes', [0, 12]],
    ['nothing', 'twelve bytes', '', []],
    ['all new', '', 'twelve bytes', [LITERAL, 12]],
    [
      'a change in the middle',
      'beginning A the ending',
      'beginning B the ending',
      [0, 10, LITERAL, 1, 11, 11],
    ],
    ['an insertion', 'beginning, the ending', 'beginning, and the ending', [0, 11, LITERAL, 4, 11, 10]],
    ['a cut', 'beginning, and the ending', 'beginning, the ending', [0, 11, 15, 10]],
  ])('%s', (_, base, target, expected) => {
    expect(findEdits(bytesOf(base), bytesOf(target))).toEqual(expected);
  });

  it('take a short common end as new text: a copy would cost as much', () => {
    expect(findEdits(bytesOf('beginning A end'), bytesOf('beginning B end'))).toEqual([0, 10, LITERAL, 5]);
  });

  it('find text that moved', () => {
    const [a, b, c] = ['first-part-of-the-text;', 'second-part-of-the-text;', 'third-part-of-the-text;'];
    expect(findEdits(bytesOf(`${a}${b}${c}`), bytesOf(`${c}${a}${b}`))).toEqual([47, 23, 0, 47]);
  });

  it('find in a growing list what the new item has from the others', () => {
    const items = [1, 2, 3].map((n) => `{"kind":"trade","exchange":"somewhere","price":${n}}`);
    const edits = findEdits(bytesOf(`[${items.slice(0, 2).join()}]`), bytesOf(`[${items.join()}]`));
    const literals = edits.reduce(
      (sum, value, i) => (i % 2 === 1 && edits[i - 1] === LITERAL ? sum + value : sum),
      0,
    );
    expect(literals).toBeLessThan(12);
  });
});
