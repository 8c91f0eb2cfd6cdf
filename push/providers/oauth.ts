// Asking a token server for an access token: the form request that Google, Huawei and Microsoft have in common.
import type { Exchange } from './exchange.ts';
import { jsonOf } from './results.ts';
import type { AccessToken } from './token-cache.ts';

/** Tokens are replaced this long before they run out. */
const SPARE_MS = 5 * 60 * 1000;

/** The token server did not give a token. `isRefusal`: because of the credential, so asking again is of no use. */
export class NoToken extends Error {
  override readonly name = 'NoToken';
  readonly isRefusal: boolean;

  constructor(status: number) {
    super(`token server status ${status}`);
    this.isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  }
}

/** Rejects with NoToken, or with NoAnswer when the network failed. */
export async function requestToken(
  exchange: Exchange,
  url: string,
  form: Readonly<Record<string, string>>,
  now: () => number,
): Promise<AccessToken> {
  // For many pushes at once, so none of their signals ends it; its own time limit does.
  const answer = await exchange.post(
    {
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    },
    new AbortController().signal,
  );
  const { access_token: value, expires_in: seconds } = jsonOf(answer);
  if (answer.status !== 200 || typeof value !== 'string') throw new NoToken(answer.status);
  const lifetimeMs = (Number(seconds) || 3600) * 1000;
  // Of a token that lives shorter than that, half its life is used.
  return { value, freshUntilMs: now() + Math.max(lifetimeMs - SPARE_MS, lifetimeMs / 2) };
}
