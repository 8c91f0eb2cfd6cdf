import { canonicalRequest, parseSignedQuery } from '@sockudo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedQuery } from './fake-deps.ts';
import { readPlainQuery } from './plain-query.ts';

const PATH = '/apps/4242/events';

/** Whatever is read here must be what core/protocol reads. */
function compare(query: string): boolean {
  const plain = readPlainQuery(query);
  if (plain === null) return false;
  const parameters = parseSignedQuery(query);
  expect([...plain.parameters]).toEqual([...parameters]);
  expect(`POST\n${PATH}\n${plain.canonical}`).toBe(canonicalRequest('POST', PATH, parameters));
  return true;
}

describe('readPlainQuery', () => {
  it('reads what SDKs send', () => {
    expect(compare(signedQuery('POST', PATH, '{}'))).toBe(true);
    expect(compare(signedQuery('GET', PATH, null, { query: { info: 'user_count' } }))).toBe(true);
    expect(compare('auth_key=278D425BDF160C739803&auth_signature=ab&auth_timestamp=1&auth_version=1.0')).toBe(
      true,
    );
    expect(compare('a=')).toBe(true);
  });

  it.each([
    ['an unordered query', 'b=1&a=2'],
    ['a repeated name', 'a=1&a=2'],
    ['a repeated signature', 'auth_signature=1&auth_signature=2'],
    ['upper-case names', 'A=1'],
    ['encoded text', 'a=%41'],
    ['a plus', 'a=b+c'],
    ['a name alone', 'a'],
    ['no name', '=a'],
    ['an empty pair', 'a=1&&b=2'],
    ['a separator at the end', 'a=1&'],
    ['two equals signs', 'a=b=c'],
    ['other letters', 'a=é'],
    ['a line break', 'a=b\n'],
    ['nothing', ''],
  ])('leaves %s', (_name, query) => {
    expect(readPlainQuery(query)).toBeNull();
  });

  it('agrees with core/protocol on every query it reads', () => {
    const name = fc.constantFrom(
      'a',
      'b',
      'auth_key',
      'auth_signature',
      'body_md5',
      'B',
      'a_',
      'aa',
      '__proto__',
      '',
    );
    const value = fc.constantFrom('', '1', 'user_count,x', 'A:b-c.d', '%20', 'a+b', 'ü', 'x=y', 'x&');
    const pair = fc
      .tuple(name, value, fc.constantFrom('=', ''))
      .map(([left, right, sign]) => left + sign + right);
    fc.assert(fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => void compare(pairs.join('&'))));
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,5}$/), { maxLength: 8 }), (names) => {
        const query = names
          .sort()
          .map((each) => `${each}=${each.length}`)
          .join('&');
        expect(compare(query)).toBe(names.length > 0);
      }),
    );
  });
});
