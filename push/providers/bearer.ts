// Sending with an access token: made or taken from the cache, and made anew once when the provider does not take it.
import type { Credential, SendResult } from '../contracts.ts';
import { type Answer, noAnswerResult } from './exchange.ts';
import { NoToken } from './oauth.ts';
import { again, rejected } from './results.ts';
import { type AccessToken, credentialKey, type TokenCache } from './token-cache.ts';

export interface Bearer {
  readonly appId: string;
  readonly credential: Credential;
  readonly cache: TokenCache;
  /** A token that the operator configured; it cannot be made anew. */
  readonly fixed?: string;
  readonly make: () => Promise<AccessToken>;
  readonly post: (token: string) => Promise<Answer>;
  /** The answer says that the token is not, or no longer, taken. */
  readonly isTokenRefused: (answer: Answer) => boolean;
  readonly resultOf: (answer: Answer) => SendResult;
}

/** A token server that fails is a reason to try again, never to give up a push (divergence D78). */
export async function sendWithToken(bearer: Bearer): Promise<SendResult> {
  const { cache, fixed, make, post, isTokenRefused, resultOf } = bearer;
  try {
    if (fixed !== undefined) return resultOf(await post(fixed));
    const key = credentialKey(bearer.appId, bearer.credential);
    const token = await cache.get(key, make);
    const answer = await post(token);
    if (!isTokenRefused(answer)) return resultOf(answer);
    await cache.reject(key, token);
    return resultOf(await post(await cache.get(key, make)));
  } catch (error) {
    return withoutToken(error);
  }
}

/** What comes of a push whose token could not be had. */
export function withoutToken(error: unknown): SendResult {
  if (error instanceof NoToken) {
    return error.isRefusal
      ? rejected('credential_auth', error.message)
      : again('provider_transient', error.message);
  }
  if (error instanceof InvalidCredential) return rejected('credential_auth', error.message);
  return noAnswerResult(error);
}

/** The stored credential cannot be used. The text names what is wrong with it, and nothing of it. */
export class InvalidCredential extends Error {
  override readonly name = 'InvalidCredential';
}
