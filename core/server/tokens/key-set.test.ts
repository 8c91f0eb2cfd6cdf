import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_SET_MAX_KEYS, parseKeySet } from './key-set.ts';

describe('parseKeySet', () => {
  it('keeps public keys for signatures', () => {
    const keys = [
      { kty: 'EC', kid: 'a', crv: 'P-256' },
      { kty: 'oct', kid: 'b', k: 'c2VjcmV0' },
      { kty: 'EC', kid: 'c', d: 'private' },
      { kty: 'RSA', kid: 'd', k: 'odd' },
      { kty: 'new', kid: 'e' },
    ];
    expect(parseKeySet({ keys, more: 1 })).toEqual({ keys: [keys[0]] });
  });

  it.each([null, 'text', [], {}, { keys: {} }, { keys: [null] }, { keys: ['a'] }])('refuses %j', (value) => {
    expect(() => parseKeySet(value)).toThrow(TypeError);
  });

  it('has a bound', () => {
    const keys = (count: number) => ({ keys: Array.from({ length: count }, () => ({ kty: 'EC' })) });
    expect(parseKeySet(keys(KEY_SET_MAX_KEYS)).keys).toHaveLength(KEY_SET_MAX_KEYS);
    expect(() => parseKeySet(keys(KEY_SET_MAX_KEYS + 1))).toThrow(/100 keys at most/);
  });

  it('throws nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseKeySet(value);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});
