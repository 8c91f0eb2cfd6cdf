// Capability tokens (realtime.md section 4.5): JWTs signed with the app's secret or, where the app trusts a key set, with one of
// its keys. Their claims say who a connection is and what it may do. JWT parsing and signatures are jose's; the claims are the
// protocol package's.
import {
  authenticationError,
  isJsonObject,
  parseTokenClaims,
  TOKEN_MAX_BYTES,
  type TokenGrant,
  tryParseJson,
  utf8Length,
} from '@sockudo/protocol';
import {
  type CompactJWSHeaderParameters,
  type CryptoKey,
  compactVerify,
  decodeProtectedHeader,
  errors,
  type FlattenedJWSInput,
} from 'jose';
import type { App, TokenTrust } from '../apps/app.ts';
import { NoKeySet } from './remote-key-set.ts';

interface Header {
  readonly alg?: string | undefined;
  readonly kid?: string | undefined;
}

/** The key for a token with this header. */
export type KeyOf = (header: CompactJWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

export type TokenApp = Pick<App, 'key' | 'secret' | 'tokens'>;

/**
 * Whose key verifies is decided by the algorithm alone: HS256 means the app's secret, everything else the key set. So a public key
 * never serves as a secret, and `none` as nothing.
 * @param keyOf of the app's key set; not asked where the app trusts none
 * @throws ProtocolError 4009 `Authentication error: …` for a token that is not this app's, or not valid at `nowSeconds`
 */
export async function verifyToken(
  app: TokenApp,
  token: string,
  nowSeconds: number,
  keyOf: KeyOf,
): Promise<TokenGrant> {
  if (utf8Length(token) > TOKEN_MAX_BYTES) throw authenticationError('capability token exceeds 8 KiB');
  const header = headerOf(token);
  const { tokens: trust } = app;
  const claims =
    trust === null || header.alg === 'HS256'
      ? await claimsBySecret(app, header, token)
      : await claimsByKeySet(trust, header, token, keyOf);
  return parseTokenClaims(claims, nowSeconds);
}

function claimsBySecret(app: TokenApp, { alg, kid }: Header, token: string): Promise<unknown> {
  if (alg !== 'HS256') throw authenticationError('capability token must use HS256');
  if (kid !== app.key) throw authenticationError('capability token kid does not match app key');
  const secret = new TextEncoder().encode(app.secret);
  return compactVerify(token, secret, { algorithms: ['HS256'] }).then(
    ({ payload }) => claimsIn(payload),
    () => undefined,
  );
}

async function claimsByKeySet(
  trust: TokenTrust,
  { alg = '' }: Header,
  token: string,
  keyOf: KeyOf,
): Promise<unknown> {
  const algorithms: string[] = [...trust.algorithms];
  if (!algorithms.includes(alg)) throw authenticationError('capability token algorithm is not accepted');
  const claims = await compactVerify(token, keyOf, { algorithms }).then(
    ({ payload }) => claimsIn(payload),
    (error: unknown) => {
      const refusal = keyRefusal(error);
      if (refusal === null) return undefined;
      throw authenticationError(refusal);
    },
  );
  requireIssuer(trust, claims);
  return claims;
}

/** Null: a key was found, and the signature is not its own. */
function keyRefusal(error: unknown): string | null {
  if (error instanceof NoKeySet) return 'keys for capability tokens are not available';
  if (error instanceof errors.JWKSNoMatchingKey) return 'capability token kid is not known';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'capability token needs a kid';
  return null;
}

/** A key set's owner may sign for others, too: what it signed for them opens nothing here. */
function requireIssuer({ issuer, audience }: TokenTrust, claims: unknown): void {
  if (!isJsonObject(claims)) return;
  if (issuer !== null && claims.iss !== issuer) {
    throw authenticationError('capability token issuer is not accepted');
  }
  const { aud } = claims;
  const isMeant = Array.isArray(aud) ? aud.includes(audience) : aud === audience;
  if (audience !== null && !isMeant) throw authenticationError('capability token audience is not accepted');
}

const claimsIn = (payload: Uint8Array): unknown => tryParseJson(new TextDecoder().decode(payload));

function headerOf(token: string): Header {
  try {
    return decodeProtectedHeader(token);
  } catch {
    // What jose says about it names parts of the token.
    throw authenticationError('capability token has an invalid header');
  }
}
