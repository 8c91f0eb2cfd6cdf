// Capability tokens: who a user is, and what that user may do on which channels. With one, a browser sends, stops, edits and renames by
// itself; no endpoint of ours is asked.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { AGENTS_CHANNEL, conversationChannel, devicesChannel, listChannel } from '../shared/names.ts';

const LIFETIME = '15m';

const capabilitiesOf = (user: string): Readonly<Record<string, readonly string[]>> => ({
  [conversationChannel(user, '*')]: ['subscribe', 'history', 'publish'],
  [listChannel(user)]: ['subscribe', 'history', 'publish', 'message-update-own', 'message-delete-own'],
  [devicesChannel(user)]: ['subscribe', 'presence'],
  [AGENTS_CHANNEL]: ['subscribe', 'presence'],
});

export class Tokens {
  readonly #key: string;
  readonly #secret: Uint8Array;

  /** @param address `http://KEY:SECRET@HOST:PORT/apps/APP_ID` */
  constructor(address: string) {
    const { username, password } = new URL(address);
    this.#key = decodeURIComponent(username);
    this.#secret = new TextEncoder().encode(decodeURIComponent(password));
  }

  /** The app's key, which is no secret: the page connects with it. */
  get key(): string {
    return this.#key;
  }

  for(user: string): Promise<string> {
    return new SignJWT({ 'x-sockudo-client-id': user, 'x-sockudo-capability': capabilitiesOf(user) })
      .setProtectedHeader({ alg: 'HS256', kid: this.#key })
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
      .sign(this.#secret);
  }
}
