// Capability tokens: who a visitor is, and what a visitor may do on the example's channel. With one, a browser starts and stops runs
// itself; no endpoint of ours is asked.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { CHANNEL } from '../shared/job.ts';

const LIFETIME = '15m';
/** Whoever may publish may also stop the runs of others: everybody here looks at the same ones. */
const CAPABILITIES = { [CHANNEL]: ['subscribe', 'history', 'publish'] };

export class Tokens {
  readonly #key: string;
  readonly #secret: Uint8Array;

  /** @param address `http://KEY:SECRET@HOST:PORT/apps/APP_ID` */
  constructor(address: string) {
    const { username, password } = new URL(address);
    this.#key = decodeURIComponent(username);
    this.#secret = new TextEncoder().encode(decodeURIComponent(password));
  }

  for(clientId: string): Promise<string> {
    return new SignJWT({ 'x-sockudo-client-id': clientId, 'x-sockudo-capability': CAPABILITIES })
      .setProtectedHeader({ alg: 'HS256', kid: this.#key })
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
      .sign(this.#secret);
  }
}
