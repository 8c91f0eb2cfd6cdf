// Tokens that count no more, by their id or by whose they are. Kept in the cache until they would have ended anyway, so every
// node that shares the cache knows them.
import { authenticationError, type TokenGrant } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Cache } from '../ports/cache.ts';

/** Names the tokens to revoke; at least one of the two. */
export interface RevokedTokens {
  readonly jti?: string;
  readonly clientId?: string;
}

export class Revocations {
  readonly #cache: Cache;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  async add(app: App, { jti, clientId }: RevokedTokens, ttlMs: number): Promise<void> {
    if (jti !== undefined) await this.#cache.set(keyOf(app, 'jti', jti), '1', ttlMs);
    if (clientId !== undefined) await this.#cache.set(keyOf(app, 'client', clientId), '1', ttlMs);
  }

  /** @throws ProtocolError 4009 */
  async requireNotRevoked(app: App, { jti, clientId }: TokenGrant): Promise<void> {
    const isRevoked =
      (await this.#cache.get(keyOf(app, 'jti', jti))) !== null ||
      (await this.#cache.get(keyOf(app, 'client', clientId))) !== null;
    if (isRevoked) throw authenticationError('capability token has been revoked');
  }
}

const keyOf = (app: App, kind: 'jti' | 'client', value: string): string =>
  `revoked-token:${app.id}:${kind}:${value}`;
