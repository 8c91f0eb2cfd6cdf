// Who is signed in: random tokens, kept in memory. The page keeps its token for one browser tab, so that two tabs can be two
// people; a site with one user per browser would rather use an HttpOnly cookie.
import { randomBytes } from 'node:crypto';
import type { User } from './users.ts';

const MAX_SESSIONS = 1000;
const LIFETIME_MS = 12 * 60 * 60 * 1000;

interface Session {
  readonly user: User;
  readonly endsAtMs: number;
}

export class Sessions {
  readonly #byToken = new Map<string, Session>();

  open(user: User): string {
    const token = randomBytes(24).toString('base64url');
    this.#byToken.set(token, { user, endsAtMs: Date.now() + LIFETIME_MS });
    for (const oldest of this.#byToken.keys()) {
      if (this.#byToken.size <= MAX_SESSIONS) break;
      this.#byToken.delete(oldest);
    }
    return token;
  }

  /** The user of an `Authorization: Bearer TOKEN` header. */
  userOf(authorization: string | undefined): User | undefined {
    const session = this.#byToken.get(tokenOf(authorization));
    return session !== undefined && session.endsAtMs > Date.now() ? session.user : undefined;
  }

  close(authorization: string | undefined): void {
    this.#byToken.delete(tokenOf(authorization));
  }
}

const tokenOf = (authorization: string | undefined): string => authorization?.replace(/^Bearer /i, '') ?? '';
