import { createHmac } from 'node:crypto';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenTrust } from '../apps/app.ts';
import { KEY_SET_ALGORITHMS, parseKeySet } from './key-set.ts';
import { NoKeySet } from './remote-key-set.ts';
import { type KeyOf, type TokenApp, verifyToken } from './verify-token.ts';

const APP: TokenApp = { key: 'app-key', secret: 'app-secret', tokens: null };
const NOW = 1_770_000_000;

const NEVER: KeyOf = () => {
  throw new Error('no key set may be asked');
};

interface Given {
  readonly alg?: string;
  readonly kid?: string;
  readonly secret?: string | CryptoKey;
  readonly claims?: Readonly<Record<string, unknown>>;
}

function token({
  alg = 'HS256',
  kid = APP.key,
  secret = APP.secret,
  claims = {},
}: Given = {}): Promise<string> {
  const all = {
    'x-sockudo-client-id': 'ann',
    'x-sockudo-capability': { 'room-*': ['subscribe'] },
    jti: 'token-1',
    iat: NOW,
    exp: NOW + 3600,
    ...claims,
  };
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(key);
}

const refusalOf = (text: string, app: TokenApp, keyOf: KeyOf): Promise<string> =>
  verifyToken(app, text, NOW, keyOf).then(
    () => 'accepted',
    (error: Error) => error.message,
  );

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('verifyToken with the secret of the app', () => {
  it('grants what the claims say', async () => {
    const grant = await verifyToken(APP, await token(), NOW, NEVER);
    expect(grant).toMatchObject({ clientId: 'ann', jti: 'token-1', expiresAtSeconds: NOW + 3600 });
    expect(grant.capabilities.grants.get('subscribe')).toEqual(['room-*']);
  });

  it.each<[string, Given, string]>([
    ['another secret', { secret: 'other' }, 'capability token signature or claims are invalid'],
    ['another key id', { kid: 'other' }, 'capability token kid does not match app key'],
    ['another algorithm', { alg: 'HS512' }, 'capability token must use HS256'],
    ['its end', { claims: { exp: NOW - 3600 } }, 'capability token signature or claims are invalid'],
    ['too long a life', { claims: { exp: NOW + 86_401 } }, 'capability token lifetime exceeds 24 hours'],
    [
      'an unknown operation',
      { claims: { 'x-sockudo-capability': { '*': ['fly'] } } },
      "unsupported capability operation 'fly'",
    ],
  ])('refuses %s', async (_, given, text) => {
    expect(await refusalOf(await token(given), APP, NEVER)).toBe(`Authentication error: ${text}`);
  });

  it('refuses what is no token, and a token that is too long, before any cryptography', async () => {
    expect(await refusalOf('garbage', APP, NEVER)).toMatch('capability token has an invalid header');
    expect(await refusalOf('x'.repeat(8193), APP, NEVER)).toMatch('capability token exceeds 8 KiB');
  });

  it('takes no token without a signature', async () => {
    const unsigned = `${encoded({ alg: 'none', kid: 'app-key' })}.e30.`;
    expect(await refusalOf(unsigned, APP, NEVER)).toMatch('capability token must use HS256');
  });
});

describe('verifyToken with a key set', () => {
  const issuer = 'https://login.example.test/';
  const pairs = new Map<string, { publicKey: CryptoKey; privateKey: CryptoKey; jwk: JWK }>();
  let keyOf: KeyOf;
  const trust: TokenTrust = {
    keys: { inline: { keys: [] } },
    algorithms: KEY_SET_ALGORITHMS,
    issuer: null,
    audience: null,
  };
  const app: TokenApp = { ...APP, tokens: trust };
  const meant: TokenApp = { ...APP, tokens: { ...trust, issuer, audience: 'sockudo' } };

  beforeAll(async () => {
    for (const alg of KEY_SET_ALGORITHMS) {
      const pair = await generateKeyPair(alg, { extractable: true });
      pairs.set(alg, { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid: alg, alg, use: 'sig' } });
    }
    keyOf = createLocalJWKSet(parseKeySet({ keys: [...pairs.values()].map(({ jwk }) => jwk) }));
  });

  function pairOf(alg: string) {
    const pair = pairs.get(alg);
    if (pair === undefined) throw new Error(`no key for ${alg}`);
    return pair;
  }
  const signed = (alg: string, { kid = alg, ...given }: Given = {}): Promise<string> =>
    token({ ...given, alg, kid, secret: given.secret ?? pairOf(alg).privateKey });

  it.each(KEY_SET_ALGORITHMS)('accepts %s, with the same claims', async (alg) => {
    const grant = await verifyToken(app, await signed(alg), NOW, keyOf);
    expect(grant).toMatchObject({ clientId: 'ann', jti: 'token-1', expiresAtSeconds: NOW + 3600 });
    const late = await signed(alg, { claims: { exp: NOW - 31, iat: NOW - 60 } });
    expect(await refusalOf(late, app, keyOf)).toMatch('signature or claims are invalid');
    const long = await signed(alg, { claims: { exp: NOW + 86_401 } });
    expect(await refusalOf(long, app, keyOf)).toMatch('lifetime exceeds 24 hours');
  });

  it('goes on taking the app’s own tokens, without a look at the keys', async () => {
    expect(await refusalOf(await token(), app, NEVER)).toBe('accepted');
  });

  it('takes no public key for a secret', async () => {
    const { publicKey, jwk } = pairOf('RS256');
    const header = encoded({ alg: 'HS256', kid: 'RS256' });
    const ownHeader = encoded({ alg: 'HS256', kid: APP.key });
    const payload = encoded({ 'x-sockudo-client-id': 'eve', 'x-sockudo-capability': { '*': ['publish'] } });
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(jwk), jwk.n ?? '']) {
      for (const head of [header, ownHeader]) {
        const text = `${head}.${payload}`;
        const signature = createHmac('sha256', secret).update(text).digest('base64url');
        expect(await refusalOf(`${text}.${signature}`, app, keyOf)).toMatch(
          /kid does not match app key|signature or claims are invalid/,
        );
      }
    }
  });

  it.each(['none', 'HS384', 'HS512', 'RS1', '', '__proto__'])(
    'does not accept the algorithm %j',
    async (alg) => {
      const text = `${encoded({ alg, kid: 'RS256' })}.${encoded({})}.AAAA`;
      expect(await refusalOf(text, app, keyOf)).toBe(
        'Authentication error: capability token algorithm is not accepted',
      );
    },
  );

  it('accepts only the algorithms that the app lists', async () => {
    const strict: TokenApp = { ...APP, tokens: { ...trust, algorithms: ['ES256'] } };
    expect(await refusalOf(await signed('ES256'), strict, keyOf)).toBe('accepted');
    expect(await refusalOf(await signed('RS256'), strict, NEVER)).toMatch('algorithm is not accepted');
  });

  it('uses a key for the algorithm that it names and no other', async () => {
    const text = await token({ alg: 'PS256', kid: 'RS256', secret: pairOf('PS256').privateKey });
    expect(await refusalOf(text, app, keyOf)).toMatch('kid is not known');
  });

  it('refuses the signature of another key, an unknown key id, and keys that are not to be had', async () => {
    const other = await generateKeyPair('ES256');
    const forged = await signed('ES256', { secret: other.privateKey });
    expect(await refusalOf(forged, app, keyOf)).toMatch('signature or claims are invalid');
    expect(await refusalOf(await signed('ES256', { kid: 'new' }), app, keyOf)).toBe(
      'Authentication error: capability token kid is not known',
    );
    const none: KeyOf = () => Promise.reject(new NoKeySet());
    expect(await refusalOf(await signed('ES256'), app, none)).toBe(
      'Authentication error: keys for capability tokens are not available',
    );
  });

  it('looks at no key that a token brings along', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const text = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'ES256', jwk, jku: 'http://127.0.0.1:9/keys' })
      .sign(privateKey);
    expect(await refusalOf(text, app, keyOf)).toMatch('signature or claims are invalid');
  });

  it('asks for a key id only where several keys fit', async () => {
    const { privateKey, jwk } = pairOf('ES384');
    const bare = await new SignJWT({}).setProtectedHeader({ alg: 'ES384' }).sign(privateKey);
    expect(await refusalOf(bare, app, keyOf)).toMatch('signature or claims are invalid');
    const two = createLocalJWKSet({ keys: [jwk, { ...jwk, kid: 'other' }] });
    expect(await refusalOf(bare, app, two)).toBe('Authentication error: capability token needs a kid');
  });

  it.each<[Record<string, unknown>, string]>([
    [{ iss: issuer, aud: 'sockudo' }, 'accepted'],
    [{ iss: issuer, aud: ['other', 'sockudo'] }, 'accepted'],
    [{ iss: `${issuer}x`, aud: 'sockudo' }, 'Authentication error: capability token issuer is not accepted'],
    [{ aud: 'sockudo' }, 'Authentication error: capability token issuer is not accepted'],
    [{ iss: issuer, aud: 'other' }, 'Authentication error: capability token audience is not accepted'],
    [{ iss: issuer, aud: ['other'] }, 'Authentication error: capability token audience is not accepted'],
    [{ iss: issuer }, 'Authentication error: capability token audience is not accepted'],
  ])('with issuer and audience: %j', async (claims, answer) => {
    expect(await refusalOf(await signed('EdDSA', { claims }), meant, keyOf)).toBe(answer);
  });
});
