import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoteCharacters, utf8Encode, utf8Length } from './text.ts';

it('counts the bytes TextEncoder makes, lone surrogates included', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\ud800', '\udc00', '\ud800x', '😀'),
      (text, odd) => {
        expect(utf8Length(text + odd)).toBe(utf8Encode(text + odd).length);
        expect(utf8Length(odd + text)).toBe(utf8Encode(odd + text).length);
      },
    ),
  );
});

it('quotes characters as the recorded texts do', () => {
  expect(quoteCharacters([' ', '?'])).toBe("[' ', '?']");
  expect(quoteCharacters(["'", '\\', '\u0007'])).toBe("['\\'', '\\\\', '\\u{7}']");
});
