// A JWKS behind an address: fetched when it is first needed, kept, renewed from time to time and when a token names a key that is
// not in it. While the address does not answer, the keys that are known go on working.
import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { KeyOf } from './verify-token.ts';

export interface RemoteKeySetOptions {
  /** Rejects when there is none to be had. */
  readonly fetch: () => Promise<JSONWebKeySet>;
  /** Told of each failure. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** A set this old is renewed beside the verification that found it so. */
export const RENEW_AFTER_MS = 5 * 60_000;
/** A set this old is renewed before anything is verified with it: a key that was taken back counts no longer than that. */
export const TRUSTED_FOR_MS = 60 * 60_000;
/** Pause between two attempts, whatever asks for them: tokens with invented key ids must not become requests. */
export const COOLDOWN_MS = 10_000;

/** A key set could not be had at all yet. */
export class NoKeySet extends Error {
  override readonly name = 'NoKeySet';
}

export class RemoteKeySet {
  readonly #options: RemoteKeySetOptions;
  #keyOf: KeyOf | null = null;
  #fetchedAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #attempt: Promise<boolean> | null = null;

  constructor(options: RemoteKeySetOptions) {
    this.#options = options;
  }

  /** The key that a token asks for. Rejects with NoKeySet, or with what jose says when no key fits. */
  readonly keyOf: KeyOf = async (header, token) => {
    await this.#beFresh();
    const keyOf = this.#keyOf;
    if (keyOf === null) throw new NoKeySet();
    try {
      return await keyOf(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#renew())) throw error;
      return (this.#keyOf ?? keyOf)(header, token);
    }
  };

  async #beFresh(): Promise<void> {
    const ageMs = this.#keyOf === null ? Number.POSITIVE_INFINITY : this.#options.now() - this.#fetchedAtMs;
    if (ageMs > TRUSTED_FOR_MS) await this.#renew();
    else if (ageMs > RENEW_AFTER_MS) void this.#renew();
  }

  /** One attempt serves everybody who waits. False: it failed, or the last one is too short ago. */
  #renew(): Promise<boolean> {
    if (this.#attempt !== null) return this.#attempt;
    const now = this.#options.now();
    if (now - this.#triedAtMs < COOLDOWN_MS) return Promise.resolve(false);
    this.#triedAtMs = now;
    this.#attempt = this.#fetch().finally(() => {
      this.#attempt = null;
    });
    return this.#attempt;
  }

  async #fetch(): Promise<boolean> {
    try {
      this.#keyOf = createLocalJWKSet(await this.#options.fetch());
      this.#fetchedAtMs = this.#options.now();
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }
}
