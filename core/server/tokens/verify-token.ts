// Capability tokens (realtime.md section 4.5): JWTs signed with the app's secret, whose claims say who a connection is and
// what it may do. JWT parsing and signatures are jose's; the claims are the protocol package's.
import {
  authenticationError,
  parseTokenClaims,
  TOKEN_MAX_BYTES,
  type TokenGrant,
  tryParseJson,
  utf8Length,
} from '@sockudo/protocol';
import { compactVerify, decodeProtectedHeader } from 'jose';
import type { App } from '../apps/app.ts';

/** @throws ProtocolError 4009 `Authentication error: …` for a token that is not this app's, or not valid at `nowSeconds` */
export async function verifyToken(
  app: Pick<App, 'key' | 'secret'>,
  token: string,
  nowSeconds: number,
): Promise<TokenGrant> {
  if (utf8Length(token) > TOKEN_MAX_BYTES) throw authenticationError('capability token exceeds 8 KiB');
  requireHeader(app, token);
  const secret = new TextEncoder().encode(app.secret);
  const claims = await compactVerify(token, secret, { algorithms: ['HS256'] }).then(
    ({ payload }) => tryParseJson(new TextDecoder().decode(payload)),
    () => undefined,
  );
  return parseTokenClaims(claims, nowSeconds);
}

function requireHeader(app: Pick<App, 'key'>, token: string): void {
  const { alg, kid } = headerOf(token);
  if (alg !== 'HS256') throw authenticationError('capability token must use HS256');
  if (kid !== app.key) throw authenticationError('capability token kid does not match app key');
}

function headerOf(token: string): { alg?: string; kid?: string } {
  try {
    return decodeProtectedHeader(token);
  } catch {
    // What jose says about it names parts of the token.
    throw authenticationError('capability token has an invalid header');
  }
}
