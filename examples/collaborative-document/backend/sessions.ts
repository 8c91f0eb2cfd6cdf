// Who writes: a name somebody gave, and a token that proves it later, also to a backend that was started again. The token is the user
// with a signature of ours. There are no passwords: the demo's document is open to everybody.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Session, Writer } from '../shared/document.ts';

export class Sessions {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  open(name: string): Session {
    const user: Writer = { id: `${name}#${randomBytes(4).toString('hex')}`, name };
    const body = Buffer.from(user.id).toString('base64url');
    return { token: `${body}.${this.#sign(body)}`, user };
  }

  /** The user of an `Authorization: Bearer TOKEN` header. */
  userOf(authorization: string | undefined): Writer | undefined {
    const [body = '', signature = ''] = authorization?.replace(/^Bearer /i, '').split('.') ?? [];
    const expected = Buffer.from(this.#sign(body));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const id = Buffer.from(body, 'base64url').toString();
    return { id, name: id.slice(0, id.lastIndexOf('#')) };
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(`example-session:${body}`).digest('base64url');
  }
}
