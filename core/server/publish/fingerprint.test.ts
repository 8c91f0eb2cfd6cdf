import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { load } from '../config/load-fixture.ts';
import { canonicalJson, fingerprintOf } from './fingerprint.ts';
import type { Publication } from './publication.ts';

const [app] = load({}).settings.apps;
if (app === undefined) throw new Error('no app');

const publication: Publication = {
  app,
  channel: 'x',
  event: 'tick',
  data: '"{\\"a\\":1}"',
  source: 'http',
  isEphemeral: false,
  publishedAtMs: 1,
};

describe('canonical JSON', () => {
  it('has the members of every object in one order, whatever order they were given in', () => {
    const shuffled = fc
      .jsonValue()
      .chain((value) => fc.tuple(fc.constant(value), fc.constant(reversed(value))));
    fc.assert(
      fc.property(shuffled, ([value, other]) => {
        expect(canonicalJson(other)).toBe(canonicalJson(value));
      }),
    );
  });

  it('says what the value says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

/** The same value with the members of its objects the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
}

describe('D56: the fingerprint of a publish', () => {
  const same = (more: Partial<Publication>): boolean =>
    fingerprintOf({ ...publication, ...more }) === fingerprintOf(publication);

  it('does not depend on the order of tags and headers', () => {
    const one = { tags: { a: '1', b: '2' }, extras: { headers: { x: 1, y: 2 } } };
    const other = { tags: { b: '2', a: '1' }, extras: { headers: { y: 2, x: 1 } } };
    expect(fingerprintOf({ ...publication, ...one })).toBe(fingerprintOf({ ...publication, ...other }));
  });

  it.each<[string, Partial<Publication>]>([
    ['the event', { event: 'tock' }],
    ['the data', { data: '"{}"' }],
    ['tags', { tags: { a: '1' } }],
    ['headers', { extras: { headers: { a: 1 } } }],
    ['delta', { delta: false }],
  ])('depends on %s', (_, more) => {
    expect(same(more)).toBe(false);
  });

  it.each<[string, Partial<Publication>]>([
    ['when it comes', { publishedAtMs: 2 }],
    ['who is left out', { exceptSocketId: '1.1' }],
    ['the id', { messageId: 'm' }],
    ['the key itself', { extras: { idempotencyKey: 'k' } }],
  ])('does not depend on %s', (_, more) => {
    expect(same(more)).toBe(true);
  });
});
