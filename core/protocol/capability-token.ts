/**
 * The claims of a capability token, after its signature has been verified elsewhere.
 * Must not know: JWT encoding, secrets, revocation.
 * Sources: realtime sheet 4.5; recordings token-missing-claims, token-lifetime, token-expired; RFC 7519.
 */
import { type Capabilities, parseTokenCapabilities } from './capability.ts';
import { authenticationError, type ProtocolError } from './errors.ts';
import { isJsonObject, member } from './json.ts';
import { TOKEN_ID_MAX_BYTES, TOKEN_LIFETIME_MAX_SECONDS, TOKEN_SKEW_SECONDS } from './limits.ts';
import { utf8Length } from './text.ts';

/** What a valid token grants. */
export interface TokenGrant {
  readonly clientId: string;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly expiresAtSeconds: number;
  readonly capabilities: Capabilities;
}

/** 4009: what is said of a bad signature, an expired token and claims of the wrong type alike. */
const invalidToken = (): ProtocolError =>
  authenticationError('capability token signature or claims are invalid');

/**
 * Checks the claims of a verified token.
 * @param nowSeconds current time, seconds since the epoch
 * @throws ProtocolError 4009 `Authentication error: …`
 */
export function parseTokenClaims(claims: unknown, nowSeconds: number): TokenGrant {
  if (!isJsonObject(claims)) throw invalidToken();
  const clientId = member(claims, 'x-sockudo-client-id');
  const jti = member(claims, 'jti');
  const iat = member(claims, 'iat');
  const exp = member(claims, 'exp');
  const nbf = member(claims, 'nbf') ?? undefined;
  const capability = member(claims, 'x-sockudo-capability');
  if (typeof clientId !== 'string' || typeof jti !== 'string' || capability === undefined)
    throw invalidToken();
  if (!isWhole(iat) || !isWhole(exp) || (nbf !== undefined && !isWhole(nbf))) throw invalidToken();
  if (exp < nowSeconds - TOKEN_SKEW_SECONDS) throw invalidToken();
  if (nbf !== undefined && nbf > nowSeconds + TOKEN_SKEW_SECONDS) throw invalidToken();
  requireId('x-sockudo-client-id', clientId);
  requireId('jti', jti);
  if (iat > nowSeconds + TOKEN_SKEW_SECONDS) {
    throw authenticationError('capability token iat is too far in the future');
  }
  if (exp <= nowSeconds - TOKEN_SKEW_SECONDS) throw authenticationError('capability token is expired');
  if (exp - iat > TOKEN_LIFETIME_MAX_SECONDS) {
    throw authenticationError('capability token lifetime exceeds 24 hours');
  }
  return { clientId, jti, expiresAtSeconds: exp, capabilities: parseTokenCapabilities(capability) };
}

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

function requireId(claim: string, value: string): void {
  if (value !== '' && utf8Length(value) <= TOKEN_ID_MAX_BYTES) return;
  throw authenticationError(`${claim} must be 1..=${TOKEN_ID_MAX_BYTES} bytes`);
}
