import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import {
  canonicalRequest,
  channelSignatureInput,
  httpSignatureInput,
  isSocketId,
  parseSignedQuery,
  userSignatureInput,
} from './signing.ts';

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

describe('vectors of the fact sheets', () => {
  const secret = 's-demo-0001';

  it('channel, presence and user signatures', () => {
    expect(hmac(secret, channelSignatureInput('1234.5678', 'private-room'))).toBe(
      '197af5975fd2b2a1f29d246c4bb4c7fbbbec18650556ff553177685cdf12f90f',
    );
    expect(hmac(secret, channelSignatureInput('1234.5678', 'presence-room', '{"user_id":"u1"}'))).toBe(
      '9a4c60434a2a105d299947163da928eb1ee52666ba89777a85e91b49576d260d',
    );
    expect(hmac(secret, userSignatureInput('1234.5678', '{"id":"u1"}'))).toBe(
      '1cf24d36b95efc319d551c48173db8ac68b46fcdd648786596dcaf6d7cb01dd6',
    );
    expect(hmac('s3cr3t-demo', channelSignatureInput('4815162342.1607', 'private-desk'))).toBe(
      '23b3043f44a928e0a49909b58d08fc5f1ae3c1409505839622a337585c5abc7b',
    );
  });

  it('a POST with a body', () => {
    const body = '{"name":"tick","channel":"room-1","data":"{\\"n\\":1}"}';
    const md5 = createHash('md5').update(body).digest('hex');
    expect(md5).toBe('c2b74aa3659027257391a08859f2d663');
    const query = `auth_key=k-demo&auth_timestamp=1760000000&auth_version=1.0&body_md5=${md5}&auth_signature=ignored`;
    expect(hmac(secret, httpSignatureInput('POST', '/apps/4242/events', query))).toBe(
      'fdf2c796e26e389aa8ad60223524fb6184777f1bcdb446f4afc48c12fabb6983',
    );
  });

  it('a GET with parameters in any order', () => {
    const query =
      'info=user_count&auth_version=1.0&auth_key=k-demo&filter_by_prefix=presence-&auth_timestamp=1760000000';
    expect(hmac(secret, httpSignatureInput('get', '/apps/4242/channels', query))).toBe(
      'e1b35b0ff5235810b3c87c38ecfc333ccebadb5993e29eadb247402f1b59b474',
    );
  });
});

describe('the canonical query', () => {
  it.each([
    ['a=1&b=2', 'a=1&b=2'],
    ['b=2&a=1', 'a=1&b=2'],
    ['B=2&a=1', 'a=1&b=2'],
    ['a=1&a=2', 'a=2'],
    ['a=x+y%20z&b=%C3%A9', 'a=x y z&b=é'],
    ['a=1%2B1', 'a=1+1'],
    ['a', 'a='],
    ['a=b=c', 'a=b=c'],
    ['a=100%', 'a=100%'],
    ['a=%zz+1', 'a=%zz 1'],
    ['a=%ff', 'a=\ufffd'],
    ['', ''],
    ['&&a=1&', 'a=1'],
    ['auth_signature=x&a=1', 'a=1'],
    ['AUTH_SIGNATURE=x&a=1', 'a=1'],
  ])('%s', (query, canonical) => {
    expect(httpSignatureInput('GET', '/p', query)).toBe(`GET\n/p\n${canonical}`);
  });

  it('takes one slash off the end of the path, and leaves the path encoded', () => {
    expect(httpSignatureInput('GET', '/apps/1/channels/a%20b/', '?a=1')).toBe(
      'GET\n/apps/1/channels/a%20b\na=1',
    );
    expect(httpSignatureInput('GET', '/', '')).toBe('GET\n/\n');
  });

  it('refuses a signing parameter that is given twice', () => {
    expect(() => parseSignedQuery('auth_key=a&auth_key=b')).toThrow(ProtocolError);
    expect(() => parseSignedQuery('body_md5=a&Body_MD5=b')).toThrow("Duplicate query parameter 'body_md5'");
  });

  it('sorts names by their bytes, not by code units', () => {
    const query = `${encodeURIComponent('\u{10000}')}=astral&${encodeURIComponent('\uffee')}=plane`;
    expect(httpSignatureInput('GET', '/p', query)).toBe('GET\n/p\n\uffee=plane&\u{10000}=astral');
  });

  it('is what a client signs, whatever the values and however they are encoded', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme' })), (parameters) => {
        const encoded = new URLSearchParams(parameters).toString();
        const names = Object.keys(parameters).sort();
        const signed = names.map((key) => `${key}=${parameters[key]}`).join('&');
        expect(httpSignatureInput('GET', '/p', encoded)).toBe(`GET\n/p\n${signed}`);
        expect(canonicalRequest('GET', '/p', parseSignedQuery(encoded))).toBe(`GET\n/p\n${signed}`);
      }),
    );
  });

  it('never throws anything but a ProtocolError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (query) => {
        try {
          httpSignatureInput('GET', '/p', query);
        } catch (error) {
          expect(ProtocolError.is(error)).toBe(true);
        }
      }),
    );
  });
});

describe('isSocketId', () => {
  it.each(['1.2', '0.0', '4815162342.1607'])('%s', (id) => expect(isSocketId(id)).toBe(true));
  it.each(['', '1', '1.', '.2', '1.2.3', 'a.b', '1.2\n', ' 1.2', '-1.2', '١.٢'])('not %j', (id) =>
    expect(isSocketId(id)).toBe(false),
  );
});
