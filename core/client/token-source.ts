/**
 * Where a client's capability tokens come from: one that is given, a function, or an endpoint of the application.
 * Must not know: what a token says, when it is needed.
 */
import { isJsonObject, stringMember } from '@sockudo/protocol';
import { EndpointError } from './errors.ts';
import type { AuthTokenRequest, SockudoOptions } from './options.ts';
import type { Runtime } from './runtime.ts';

/** Gives a token. Rejects when it could not. */
export type TokenSource = (request: TokenRequest) => string | Promise<string>;

interface TokenRequest extends Omit<AuthTokenRequest, 'socketId'> {
  readonly socketId?: string | undefined;
}

const TIMEOUT_MS = 30_000;

/** The first of `tokenProvider`, `authCallback`, `authUrl` and `token` that there is. */
export function tokenSettings(
  options: SockudoOptions,
  runtime: Runtime,
): { readonly token: TokenSource | undefined; readonly tokenIsRenewable: boolean } {
  const { token } = options;
  const renewable = renewableSource(options, runtime);
  const fixed = token === undefined ? undefined : () => token;
  return { token: renewable ?? fixed, tokenIsRenewable: renewable !== undefined };
}

function renewableSource(
  { tokenProvider, authCallback, authUrl }: SockudoOptions,
  runtime: Runtime,
): TokenSource | undefined {
  if (tokenProvider !== undefined) return () => tokenProvider();
  if (authCallback !== undefined) {
    return async (request) => tokenIn(await authCallback(withoutUnknown(request)), 'authCallback');
  }
  return authUrl === undefined ? undefined : (request) => ask(authUrl, request, runtime);
}

async function ask(url: string, { reason, socketId }: TokenRequest, runtime: Runtime): Promise<string> {
  const response = await runtime.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ socket_id: socketId, reason }),
    credentials: 'same-origin',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new EndpointError('authUrl', response.status);
  return tokenIn(await response.json(), 'authUrl');
}

function tokenIn(answer: unknown, source: string): string {
  const token = isJsonObject(answer) ? stringMember(answer, 'token') : answer;
  if (typeof token === 'string' && token !== '') return token;
  throw new Error(`${source} gave no token`);
}

const withoutUnknown = ({ reason, socketId }: TokenRequest): AuthTokenRequest =>
  socketId === undefined ? { reason } : { reason, socketId };
