// The device identity token: what a device proves with that a registration is its own. The server keeps a PBKDF2 record of it and
// can't give it out again.
import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

const SCHEME = 'pbkdf2-sha256';
const ITERATIONS = 120_000;
const DIGEST_BYTES = 32;
const SALT_BYTES = 16;
const TOKEN_BYTES = 32;
/** Whatever is longer is no token of ours, and not worth the derivation. */
const MAX_TOKEN_CHARS = 128;

export interface IssuedToken {
  /** Base64url of 32 random bytes; told once. */
  readonly token: string;
  /** `pbkdf2-sha256$120000$SALT$DIGEST`, both base64url. */
  readonly record: string;
}

export async function issueToken(): Promise<IssuedToken> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const salt = randomBytes(SALT_BYTES);
  const digest = await derive(token, salt, ITERATIONS, DIGEST_BYTES, 'sha256');
  const record = [SCHEME, ITERATIONS, salt.toString('base64url'), digest.toString('base64url')].join('$');
  return { token, record };
}

/** Takes the same time for every wrong token. A record that cannot be read verifies nothing. */
export async function verifiesToken(record: string, token: string): Promise<boolean> {
  const [scheme, iterations = '', salt = '', digest = ''] = record.split('$');
  const rounds = Number(iterations);
  const expected = Buffer.from(digest, 'base64url');
  if (scheme !== SCHEME || !Number.isInteger(rounds) || rounds < 1 || expected.length !== DIGEST_BYTES)
    return false;
  if (token.length > MAX_TOKEN_CHARS) return false;
  const actual = await derive(token, Buffer.from(salt, 'base64url'), rounds, DIGEST_BYTES, 'sha256');
  return timingSafeEqual(actual, expected);
}
