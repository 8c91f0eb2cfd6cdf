// VAPID keys (RFC 8292) as operators give them: a point and a scalar of P-256, base64url without padding.
import { createECDH } from 'node:crypto';

const SCALAR_BYTES = 32;

/** The public key of a private one; null: it is none. */
export function publicKeyOf(privateKey: string): string | null {
  const scalar = Buffer.from(privateKey, 'base64url');
  if (scalar.length !== SCALAR_BYTES || !/^[A-Za-z0-9_-]+={0,2}$/.test(privateKey)) return null;
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(scalar);
  } catch {
    return null;
  }
  return curve.getPublicKey('base64url');
}
