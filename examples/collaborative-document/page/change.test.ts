import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changeOf } from './change.ts';

it.each([
  ['', 'new', ['', 'new', '']],
  ['same', 'same', ['same', '', '']],
  ['the fox', 'the red fox', ['the ', 'red ', 'fox']],
  ['the red fox', 'the fox', ['the ', '', 'fox']],
  ['aa', 'aaa', ['aa', 'a', '']],
])('%j → %j', (previous, text, [before, changed, after]) => {
  expect(changeOf(previous, text)).toEqual({ before, changed, after });
});

it('gives back the whole text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (previous, text) => {
      const { before, changed, after } = changeOf(previous, text);
      expect(before + changed + after).toBe(text);
    }),
  );
});
