import { describe, expect, it } from 'vitest';
import { fillIn } from './placeholders.ts';

describe('fillIn', () => {
  it.each([
    ['plain', {}, 'plain'],
    ['', {}, ''],
    ['{{ data.a }}', { a: 'x' }, 'x'],
    ['a{{data.a}}b{{ data.b.c }}c', { a: 1, b: { c: true } }, 'a1btruec'],
    ['{{ data.a }}', { a: null }, ''],
    ['{{ data.a }}', { a: '{{ data.b }}' }, '{{ data.b }}'],
    ['}} {', {}, '}} {'],
    ['{{ data.a.b.c.d }}', { a: { b: { c: { d: 0 } } } }, '0'],
  ])('%j with %j is %j', (text, data, expected) => {
    expect(fillIn(text, data)).toBe(expected);
  });

  it.each([
    ['{{ data.a }}', {}, 'placeholder key is missing'],
    ['{{ data.toString }}', {}, 'placeholder key is missing'],
    ['{{ data.__proto__.x }}', {}, 'placeholder key is missing'],
    ['{{ data.a.length }}', { a: 'text' }, 'placeholder key is missing'],
    ['{{ data.a }}', { a: {} }, 'placeholder value must be a scalar'],
    ['{{ data.a }}', { a: [] }, 'placeholder value must be a scalar'],
    ['{{ data.a', { a: 1 }, 'placeholder is not terminated'],
    ['{{ }}', {}, 'placeholder must be data.NAME'],
    ['{{ data }}', {}, 'placeholder must be data.NAME'],
    ['{{ other.a }}', {}, 'placeholder must be data.NAME'],
    ['{{ data.a-b }}', {}, 'placeholder must be data.NAME'],
    ['{{ data.a.b.c.d.e }}', {}, 'placeholder must be data.NAME'],
  ])('%j with %j is refused: %s', (text, data, why) => {
    expect(() => fillIn(text, data)).toThrow(`invalid template substitution: ${why}`);
  });
});
