import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { verifyToken } from './verify-token.ts';

const APP = { key: 'app-key', secret: 'app-secret' };
const NOW = 1_770_000_000;

interface Given {
  readonly alg?: string;
  readonly kid?: string;
  readonly secret?: string;
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
  return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(new TextEncoder().encode(secret));
}

const refusal = async (given: Given): Promise<string> => {
  const text = await token(given);
  return verifyToken(APP, text, NOW).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
};

describe('verifyToken', () => {
  it('grants what the claims say', async () => {
    const grant = await verifyToken(APP, await token(), NOW);
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
    expect(await refusal(given)).toBe(`Authentication error: ${text}`);
  });

  it('refuses what is no token, and a token that is too long, before any cryptography', async () => {
    await expect(verifyToken(APP, 'garbage', NOW)).rejects.toThrow('capability token has an invalid header');
    await expect(verifyToken(APP, 'x'.repeat(8193), NOW)).rejects.toThrow('capability token exceeds 8 KiB');
  });

  it('takes no token without a signature', async () => {
    const unsigned = `${Buffer.from('{"alg":"none","kid":"app-key"}').toString('base64url')}.e30.`;
    await expect(verifyToken(APP, unsigned, NOW)).rejects.toThrow('capability token must use HS256');
  });
});
