import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, isStringMap, isTooDeep, member, stringMember, tryParseJson } from './json.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('members', () => {
  it('are own members', () => {
    const object = JSON.parse('{"a":"x","n":5,"__proto__":"y"}');
    expect([member(object, 'a'), member(object, 'n'), stringMember(object, 'n')]).toEqual([
      'x',
      5,
      undefined,
    ]);
    expect(stringMember(object, '__proto__')).toBe('y');
    for (const key of ['constructor', 'toString', 'hasOwnProperty']) expect(member({}, key)).toBeUndefined();
  });

  it('objects are neither null nor lists', () => {
    expect([{}, [], null, 'x', 5].map(isJsonObject)).toEqual([true, false, false, false, false]);
    expect([{}, { a: 'x' }, { a: 1 }, []].map(isStringMap)).toEqual([true, true, false, false]);
  });
});

describe('depth', () => {
  it('is counted exactly, through lists and objects', () => {
    expect(isTooDeep(JSON.parse(nested(128)))).toBe(false);
    expect(isTooDeep(JSON.parse(nested(129)))).toBe(true);
    expect(isTooDeep(JSON.parse(`${'{"a":'.repeat(129)}1${'}'.repeat(129)}`))).toBe(true);
    expect(isTooDeep('text')).toBe(false);
  });

  it('is looked at no further than the limit', () => {
    expect(isTooDeep(JSON.parse(nested(100_000)))).toBe(true);
    expect(tryParseJson(nested(100_000))).toBeUndefined();
  });
});

it('tryParseJson never throws and parses what is JSON', () => {
  fc.assert(fc.property(fc.string(), (text) => void tryParseJson(text)));
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(tryParseJson(text)).toEqual(JSON.parse(text));
    }),
  );
  expect(tryParseJson('null')).toBeNull();
});
