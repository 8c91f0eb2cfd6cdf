import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, matchesWildcard, validateWildcard } from './wildcard.ts';

describe('validateWildcard', () => {
  it.each(['prices.*', '*suffix', 'a*b', '*', 'market:*', 'cache-*'])('allows %s', (pattern) => {
    expect(validateWildcard(pattern)).toBeNull();
  });

  it.each([
    ['x*y*z', "must contain exactly one '*'"],
    ['room', "must contain exactly one '*'"],
    ['private-*', 'is only supported for public channels'],
    ['presence-x*', 'is only supported for public channels'],
    ['user#*', 'cannot use user-limited syntax'],
    ['a b*', 'contains invalid characters'],
    ['a,b*', 'contains invalid characters'],
  ])('refuses %s', (pattern, why) => {
    expect(validateWildcard(pattern)?.message).toBe(
      `Channel error: Wildcard subscription '${pattern}' ${why}`,
    );
  });

  it('refuses what is too long to match any allowed name', () => {
    expect(validateWildcard(`${'x'.repeat(200)}*`)).toBeNull();
    expect(validateWildcard(`${'x'.repeat(201)}*`)?.message).toBe(
      'Channel error: Channel name too long. Max length is 200',
    );
    const namespaces = new Map([['long', { maxNameBytes: 300 }]]);
    expect(validateWildcard(`${'x'.repeat(201)}*`, { namespaces })).toBeNull();
  });
});

describe('matching', () => {
  it.each([
    ['prices.*', 'prices.eur', true],
    ['prices.*', 'prices', false],
    ['*suffix', 'a-suffix', true],
    ['a*b', 'ab', true],
    ['a*b', 'a-x-b', true],
    ['a*a', 'a', false],
    ['room', 'room', true],
    ['room', 'room2', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it('agrees with the obvious definition: prefix, anything, suffix', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, middle, after) => {
        fc.pre(!`${before}${after}`.includes('*'));
        expect(matchesPattern(`${before}*${after}`, before + middle + after)).toBe(true);
      }),
    );
  });

  it('reaches public and public cache channels only (D16)', () => {
    expect(matchesWildcard('*', 'room')).toBe(true);
    expect(matchesWildcard('*', 'cache-room')).toBe(true);
    for (const channel of [
      'private-x',
      'presence-x',
      'private-encrypted-x',
      '[meta]x',
      '#server-to-user-x',
      'chat:r#u',
      'x*',
    ]) {
      expect(matchesWildcard('*', channel)).toBe(false);
    }
  });
});
