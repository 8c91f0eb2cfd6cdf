import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTokenClaims } from './capability-token.ts';
import { ProtocolError } from './errors.ts';

const now = 1_770_000_000;
const claims = {
  'x-sockudo-capability': { '*': ['subscribe'] },
  'x-sockudo-client-id': 'ann',
  iat: now,
  exp: now + 3600,
  jti: 'j-1',
};
const refusal = (value: unknown): string => {
  try {
    parseTokenClaims(value, now);
  } catch (error) {
    if (ProtocolError.is(error) && error.wsCode === 4009) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('parseTokenClaims', () => {
  it('reads a valid token', () => {
    const { capabilities, ...rest } = parseTokenClaims(claims, now);
    expect(rest).toEqual({ clientId: 'ann', jti: 'j-1', expiresAtSeconds: now + 3600 });
    expect(capabilities.source).toBe('token');
  });

  it.each([
    [{ jti: undefined }, 'capability token signature or claims are invalid'],
    [{ iat: undefined }, 'capability token signature or claims are invalid'],
    [{ exp: 'soon' }, 'capability token signature or claims are invalid'],
    [{ 'x-sockudo-capability': undefined }, 'capability token signature or claims are invalid'],
    [{ exp: now - 31, iat: now - 60 }, 'capability token signature or claims are invalid'],
    [{ nbf: now + 31 }, 'capability token signature or claims are invalid'],
    [{ exp: now - 30, iat: now - 60 }, 'capability token is expired'],
    [{ iat: now + 31 }, 'capability token iat is too far in the future'],
    [{ exp: now + 86_401 }, 'capability token lifetime exceeds 24 hours'],
    [{ 'x-sockudo-client-id': '' }, 'x-sockudo-client-id must be 1..=128 bytes'],
    [{ jti: 'j'.repeat(129) }, 'jti must be 1..=128 bytes'],
    [{ 'x-sockudo-capability': { '*': ['fly'] } }, "unsupported capability operation 'fly'"],
  ])('refuses %j', (change, text) => {
    expect(refusal({ ...claims, ...change })).toBe(`Authentication error: ${text}`);
  });

  it('grants the skew of 30 seconds', () => {
    expect(refusal({ ...claims, iat: now + 30, nbf: now + 30 })).toBe('accepted');
    expect(refusal({ ...claims, iat: now - 60, exp: now - 29 })).toBe('accepted');
    expect(refusal({ ...claims, nbf: null, exp: now + 86_400 })).toBe('accepted');
  });

  it('throws nothing but 4009', () => {
    fc.assert(fc.property(fc.anything(), (value) => void refusal(value)));
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(claims)),
        fc.jsonValue(),
        (key, value) => void refusal({ ...claims, [key]: value }),
      ),
    );
  });
});
