import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSignedQuery, RESERVED_PARAMS } from './signed-query.ts';
import { Token } from './token.ts';

const token = new Token('k-demo', 's-demo-0001');
const NOW_MS = 1_760_000_000_999;

function signatureOf(query: string): string | null {
  return new URLSearchParams(query).get('auth_signature');
}

describe('createSignedQuery', () => {
  it('signs a POST as the published vector', () => {
    const body = '{"name":"tick","channel":"room-1","data":"{\\"n\\":1}"}';
    const query = createSignedQuery(token, { method: 'post', path: '/apps/4242/events', body }, NOW_MS);
    expect(query).toBe(
      'auth_key=k-demo&auth_timestamp=1760000000&auth_version=1.0&body_md5=c2b74aa3659027257391a08859f2d663' +
        '&auth_signature=fdf2c796e26e389aa8ad60223524fb6184777f1bcdb446f4afc48c12fabb6983',
    );
  });

  it('signs a GET with parameters as the published vector', () => {
    const params = { info: 'user_count', filter_by_prefix: 'presence-' };
    const query = createSignedQuery(token, { method: 'GET', path: '/apps/4242/channels', params }, NOW_MS);
    expect(signatureOf(query)).toBe('e1b35b0ff5235810b3c87c38ecfc333ccebadb5993e29eadb247402f1b59b474');
  });

  it('gives an empty POST the digest of nothing and a GET none', () => {
    const empty = createSignedQuery(token, { method: 'POST', path: '/apps/1/x' });
    expect(new URLSearchParams(empty).get('body_md5')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(createSignedQuery(token, { method: 'GET', path: '/apps/1/x' })).not.toContain('body_md5');
  });

  it('leaves one trailing slash out of what it signs, as the server does', () => {
    const withSlash = createSignedQuery(token, { method: 'GET', path: '/apps/1/channels/' }, NOW_MS);
    const without = createSignedQuery(token, { method: 'GET', path: '/apps/1/channels' }, NOW_MS);
    expect(withSlash).toBe(without);
  });

  it('leaves out undefined and null, and writes numbers and booleans', () => {
    const params = { a: undefined, b: null, limit: 5, sync: false };
    const sent = new URLSearchParams(createSignedQuery(token, { method: 'GET', path: '/apps/1/x', params }));
    expect([...sent.keys()].includes('a') || [...sent.keys()].includes('b')).toBe(false);
    expect([sent.get('limit'), sent.get('sync')]).toEqual(['5', 'false']);
  });

  it.each([...RESERVED_PARAMS, 'AUTH_KEY'])('refuses the reserved parameter %s', (name) => {
    const request = { method: 'GET', path: '/apps/1/x', params: { [name]: 'x' } };
    expect(() => createSignedQuery(token, request)).toThrow('is set by the SDK');
  });

  it('refuses two names that differ only in case', () => {
    const request = { method: 'GET', path: '/apps/1/x', params: { Limit: 1, limit: 2 } };
    expect(() => createSignedQuery(token, request)).toThrow('given twice');
  });

  it('verifies after form decoding, whatever the names and values hold', () => {
    const text = fc.string({ unit: 'grapheme' });
    const params = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), text), {
      selector: ([name]) => name.toLowerCase(),
    });
    fc.assert(
      fc.property(params, (pairs) => {
        const query = createSignedQuery(token, {
          method: 'GET',
          path: '/apps/1/x',
          // `__proto__` as a computed key of a literal is an own property, as it would be in parsed JSON.
          params: Object.fromEntries(pairs),
        });
        const received = [...new URLSearchParams(query)];
        const canonical = received
          .filter(([name]) => name !== 'auth_signature')
          .map(([name, value]) => [name.toLowerCase(), value] as const)
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .map(([name, value]) => `${name}=${value}`)
          .join('&');
        const expected = createHmac('sha256', 's-demo-0001')
          .update(`GET\n/apps/1/x\n${canonical}`)
          .digest('hex');
        expect(signatureOf(query)).toBe(expected);
      }),
    );
  });
});
