import { createHash } from 'node:crypto';
import { ProtocolError } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpRequest } from './exchange-types.ts';
import { fakeApp, fakeDeps, type SignOptions, signedQuery } from './fake-deps.ts';
import { verifySignature } from './signature.ts';

const PATH = '/apps/4242/events';
const BODY = '{"name":"tick","channel":"room-1","data":"{\\"n\\":1}"}';
const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';
const apps = fakeDeps({
  apps: [
    fakeApp(),
    fakeApp({ id: 'off', key: 'k-off', enabled: false }),
    fakeApp({ id: 'other', key: 'k-other' }),
  ],
}).apps;

function request(method: string, query: string, body = ''): HttpRequest {
  return {
    method,
    path: method === 'POST' ? PATH : '/apps/4242/channels',
    query,
    params: {},
    peerAddress: '127.0.0.1',
    header: () => undefined,
    body: Buffer.from(body),
  };
}

function outcome(method: string, query: string, body = '', appId = '4242'): string {
  try {
    return `signed by ${verifySignature(request(method, query, body), appId, apps).app.key}`;
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return `${error.httpStatus} ${error.code}: ${error.detail}`;
  }
}

const post = (options: SignOptions = {}, body = BODY): string =>
  outcome('POST', signedQuery('POST', PATH, body, options), body);

describe('test vectors of the HTTP sheet', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_760_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('accepts the POST and the GET', () => {
    expect(createHash('md5').update(BODY).digest('hex')).toBe('c2b74aa3659027257391a08859f2d663');
    const posted =
      'auth_key=k-demo&auth_timestamp=1760000000&auth_version=1.0&body_md5=c2b74aa3659027257391a08859f2d663' +
      '&auth_signature=fdf2c796e26e389aa8ad60223524fb6184777f1bcdb446f4afc48c12fabb6983';
    expect(outcome('POST', posted, BODY)).toBe('signed by k-demo');
    const got =
      'auth_key=k-demo&auth_timestamp=1760000000&auth_version=1.0&filter_by_prefix=presence-&info=user_count' +
      '&auth_signature=e1b35b0ff5235810b3c87c38ecfc333ccebadb5993e29eadb247402f1b59b474';
    expect(outcome('GET', got)).toBe('signed by k-demo');
  });

  it.each([
    [-600, 'signed by k-demo'],
    [600, 'signed by k-demo'],
    [-601, '401 auth_failed: Timestamp expired or too far in the future'],
    [601, '401 auth_failed: Timestamp expired or too far in the future'],
  ])('a timestamp %i seconds away: %s', (seconds, expected) => {
    expect(post({ timestamp: 1_760_000_000 + seconds })).toBe(expected);
  });
});

describe('the order of refusals', () => {
  it('wants a query', () => {
    expect(outcome('POST', '', BODY)).toBe('400 invalid_input: Missing authentication query parameters');
  });

  it('takes no signing parameter twice', () => {
    const query = `${signedQuery('POST', PATH, BODY)}&auth_key=k-other`;
    expect(outcome('POST', query, BODY)).toMatch(/^400 invalid_input/);
  });

  it('wants a known key, before anything else of the signature', () => {
    const expected = '404 app_not_found: Application key not found or invalid: Invalid app key';
    expect(post({ app: { key: 'nobody', secret: 's-demo-0001' } })).toBe(expected);
    expect(post({ query: { auth_key: undefined } })).toBe(expected);
    expect(outcome('POST', 'a=b', BODY)).toBe(expected);
  });

  it("wants the key of the path's app", () => {
    expect(post({ app: { key: 'k-other', secret: 's-demo-0001' } })).toBe(
      '401 auth_failed: Authenticated app does not match route app_id',
    );
  });

  it.each([
    [undefined, 'auth_timestamp is missing'],
    ['soon', 'Invalid auth_timestamp format'],
    ['', 'Invalid auth_timestamp format'],
    ['1760000000.5', 'Invalid auth_timestamp format'],
    ['0x68e6c500', 'Invalid auth_timestamp format'],
    ['99999999999999999999', 'Invalid auth_timestamp format'],
    ['1600000000', 'Timestamp expired or too far in the future'],
    ['4100000000', 'Timestamp expired or too far in the future'],
    ['-5', 'Timestamp expired or too far in the future'],
  ])('timestamp %s', (auth_timestamp, text) => {
    expect(post({ query: { auth_timestamp } })).toBe(`401 auth_failed: ${text}`);
  });

  it.each([
    [undefined, 'body_md5 is required for a request with a body'],
    ['', 'body_md5 does not match the body'],
    [MD5_OF_NOTHING, 'body_md5 does not match the body'],
    [createHash('md5').update(BODY).digest('hex').toUpperCase(), 'body_md5 does not match the body'],
  ])('body_md5 %s of a body', (body_md5, text) => {
    expect(post({ query: { body_md5 } })).toBe(`401 auth_failed: ${text}`);
  });

  it('may be without body_md5 when there is no body (D49)', () => {
    expect(post({ query: { body_md5: undefined } }, '')).toBe('signed by k-demo');
    expect(post({ query: { body_md5: MD5_OF_NOTHING } }, '')).toBe('signed by k-demo');
    expect(post({ query: { body_md5: '' } }, '')).toMatch(/^401 auth_failed/);
  });

  it.each(['GET', 'HEAD', 'DELETE'])('refuses body_md5 on %s', (method) => {
    const path = '/apps/4242/channels';
    expect(outcome(method, signedQuery(method, path, null))).toBe('signed by k-demo');
    expect(outcome(method, signedQuery(method, path, ''))).toMatch(/^401 auth_failed/);
  });

  it.each([
    ['another secret', { app: { key: 'k-demo', secret: 'wrong' } }, (query: string) => query],
    ['none', {}, (query: string) => query.replace(/&auth_signature=.*/, '')],
    ['a short one', {}, (query: string) => query.slice(0, -1)],
    ['a long one', {}, (query: string) => `${query}0`],
    ['upper-case digits', {}, (query: string) => query.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase())],
    [
      'letters that end like the right ones',
      {},
      (query: string) =>
        query.replace(/[0-9a-f]{64}$/, (hex) =>
          encodeURIComponent(
            [...hex].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100)).join(''),
          ),
        ),
    ],
    ['an added parameter', {}, (query: string) => `${query}&added=1`],
  ] as const)('signature with %s', (_name, options, change) => {
    const query = change(signedQuery('POST', PATH, BODY, options));
    expect(outcome('POST', query, BODY)).toBe('401 auth_failed: Invalid API signature');
  });

  it('tells only those who can sign that an app is disabled (D45)', () => {
    const app = { key: 'k-off', secret: 's-demo-0001' };
    const path = '/apps/4242/channels';
    expect(outcome('GET', signedQuery('GET', path, null, { app }), '', 'off')).toBe(
      '403 forbidden: Application is disabled',
    );
    const forged = signedQuery('GET', path, null, { app: { ...app, secret: 'wrong' } });
    expect(outcome('GET', forged, '', 'off')).toBe('401 auth_failed: Invalid API signature');
  });
});

describe('what is signed', () => {
  it('covers decoded values under lower-case names, of a repeated name the last', () => {
    const path = '/apps/4242/channels';
    const query = signedQuery('GET', path, null, { query: { Info: 'a b&c=ü' } });
    expect(outcome('GET', query)).toBe('signed by k-demo');
    expect(outcome('GET', `info=dropped&${query}`)).toBe('signed by k-demo');
    expect(outcome('GET', `${query}&INFO=other`)).toBe('401 auth_failed: Invalid API signature');
  });
});
