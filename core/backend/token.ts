// An app's key with its secret, and the one signature of the protocol: HMAC-SHA256 as lowercase hex. The secret sits in a
// private field, so that printing or serialising anything that holds a token does not show it.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signs and verifies for one app key. */
export class Token {
  readonly key: string;
  readonly #secret: string;

  constructor(key: string, secret: string) {
    if (typeof key !== 'string' || key === '') throw new TypeError('key must be a non-empty string');
    if (typeof secret !== 'string' || secret === '') throw new TypeError('secret must be a non-empty string');
    this.key = key;
    this.#secret = secret;
  }

  /** Lowercase hex HMAC-SHA256 of the text (as UTF-8) or bytes. */
  sign(content: string | Uint8Array): string {
    return createHmac('sha256', this.#secret).update(content).digest('hex');
  }

  /** Compares in constant time; anything but a string is no signature. Hex is compared as the server does: lowercase only. */
  verify(content: string | Uint8Array, signature: unknown): boolean {
    if (typeof signature !== 'string') return false;
    const expected = Buffer.from(this.sign(content));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}
