// Access tokens and signed assertions that are used for many pushes: made once, refreshed before they run out, made by one
// request however many pushes wait for it.
import type { Credential } from '../contracts.ts';

export interface AccessToken {
  readonly value: string;
  /** Epoch milliseconds from which another one has to be used. */
  readonly freshUntilMs: number;
}

/** Credentials whose tokens are kept; of more, the one that was made first is forgotten. */
const MAX_TOKENS = 1_000;

export class TokenCache {
  readonly #tokens = new Map<string, Promise<AccessToken>>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The token kept under a key; else what `make` makes, for all who ask meanwhile. Rejects as `make` does; that is not kept. */
  async get(key: string, make: () => Promise<AccessToken>): Promise<string> {
    const kept = this.#tokens.get(key);
    if (kept !== undefined) {
      const token = await kept;
      if (token.freshUntilMs > this.#now()) return token.value;
      this.#forget(key, kept);
    }
    const making = this.#tokens.get(key) ?? this.#make(key, make);
    return (await making).value;
  }

  /** The provider did not take this token. One that was made since then stays. */
  async reject(key: string, value: string): Promise<void> {
    const kept = this.#tokens.get(key);
    if (kept !== undefined && (await kept).value === value) this.#forget(key, kept);
  }

  #make(key: string, make: () => Promise<AccessToken>): Promise<AccessToken> {
    const making = make();
    this.#tokens.set(key, making);
    making.catch(() => this.#forget(key, making));
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
    return making;
  }

  #forget(key: string, token: Promise<AccessToken>): void {
    if (this.#tokens.get(key) === token) this.#tokens.delete(key);
  }
}

/** Tells credentials apart; a new version is a new credential. */
export function credentialKey(appId: string, { source, credentialId, version }: Credential): string {
  return JSON.stringify([source === 'app' ? appId : null, credentialId, version]);
}
