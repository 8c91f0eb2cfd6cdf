/**
 * Asking the application's backend for signatures: an HTTP endpoint, a function, or the old-style authorizer.
 * Must not know: channels' state, sockets. Answers are checked here and trusted afterwards.
 * Source: Pusher protocol, auth endpoints: POST, form-encoded, JSON answer.
 */
import { isJsonObject, stringMember } from '@sockudo/protocol';
import { HTTPAuthError, InvalidOptions } from './errors.ts';
import type {
  AuthHandler,
  AuthOptions,
  AuthorizedChannel,
  ChannelAuthorizationData,
  ChannelAuthorizationHandler,
  SockudoOptions,
  UserAuthenticationData,
  UserAuthenticationHandler,
} from './options.ts';
import type { Runtime } from './runtime.ts';

/** Longest an endpoint may take, milliseconds; afterwards the subscription fails instead of hanging. */
export const AUTH_TIMEOUT_MS = 30_000;

/** Rejects with HTTPAuthError (the endpoint answered) or any Error (it did not, or the application's function failed). */
export type ChannelAuthorizer = (
  socketId: string,
  channel: AuthorizedChannel,
) => Promise<ChannelAuthorizationData>;
/** Rejects as ChannelAuthorizer. */
export type UserAuthenticator = (socketId: string) => Promise<UserAuthenticationData>;

/** What is asked for, as it appears in error texts. */
type Purpose = 'channel-authorization' | 'user-authentication';

interface EndpointRequest {
  readonly purpose: Purpose;
  readonly endpoint: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly options: AuthOptions<unknown>;
  readonly runtime: Runtime;
}

/** The authoriser the options ask for. @throws InvalidOptions for a transport that does not exist */
export function channelAuthorizer(options: SockudoOptions, runtime: Runtime): ChannelAuthorizer {
  const auth = channelOptions(options);
  const { endpoint = '/pusher/auth', customHandler } = auth;
  refuseForeignTransport(auth);
  const legacy = options.channelAuthorization === undefined ? options.authorizer : undefined;
  if (legacy !== undefined) {
    const legacyOptions = {
      authTransport: 'ajax',
      authEndpoint: endpoint,
      auth: options.auth ?? {},
    } as const;
    return async (socketId, channel) =>
      checkedChannelData(
        await settle((callback) => legacy(channel, legacyOptions).authorize(socketId, callback)),
      );
  }
  if (customHandler !== undefined) {
    return async (socketId, channel) =>
      checkedChannelData(await run(customHandler, { socketId, channelName: channel.name }));
  }
  return async (socketId, channel) => {
    const fields = { socket_id: socketId, channel_name: channel.name };
    return checkedChannelData(
      await post({ purpose: 'channel-authorization', endpoint, fields, options: auth, runtime }),
    );
  };
}

/** The user authenticator the options ask for. @throws InvalidOptions for a transport that does not exist */
export function userAuthenticator(options: SockudoOptions, runtime: Runtime): UserAuthenticator {
  const auth: AuthOptions<UserAuthenticationHandler> = options.userAuthentication ?? {};
  const { endpoint = '/pusher/user-auth', customHandler } = auth;
  refuseForeignTransport(auth);
  if (customHandler !== undefined) {
    return async (socketId) => checkedUserData(await run(customHandler, { socketId }));
  }
  return async (socketId) => {
    const fields = { socket_id: socketId };
    return checkedUserData(
      await post({ purpose: 'user-authentication', endpoint, fields, options: auth, runtime }),
    );
  };
}

function channelOptions(options: SockudoOptions): AuthOptions<ChannelAuthorizationHandler> {
  if (options.channelAuthorization !== undefined) return options.channelAuthorization;
  const { authEndpoint, authTransport, auth } = options;
  return {
    ...(authEndpoint !== undefined && { endpoint: authEndpoint }),
    ...(authTransport !== undefined && { transport: authTransport }),
    ...(auth?.headers !== undefined && { headers: auth.headers }),
    ...(auth?.params !== undefined && { params: auth.params }),
  };
}

function refuseForeignTransport(auth: AuthOptions<unknown>): void {
  if ((auth.transport ?? 'ajax') === 'ajax') return;
  throw new InvalidOptions(`Auth transport '${String(auth.transport)}' does not exist; use 'ajax'`);
}

/** Callback or promise, whichever the application's function uses first. */
function run<Params, Data>(handler: AuthHandler<Params, Data>, params: Params): Promise<unknown> {
  return settle((callback) => handler(params, callback));
}

function settle(start: (callback: (error: unknown, data: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const returned = start((error, data) => {
      if (error === null || error === undefined) resolve(data);
      else reject(error instanceof Error ? error : new Error(String(error)));
    });
    if (returned instanceof Promise) returned.then(resolve, reject);
  });
}

async function post(request: EndpointRequest): Promise<unknown> {
  const { purpose, endpoint, fields, options, runtime } = request;
  const form = new URLSearchParams({ ...fields, ...options.params, ...(await options.paramsProvider?.()) });
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  for (const [name, value] of Object.entries({
    ...options.headers,
    ...(await options.headersProvider?.()),
  })) {
    headers.set(name, value);
  }
  const response = await runtime.fetch(endpoint, {
    method: 'POST',
    headers,
    body: form.toString(),
    credentials: 'same-origin',
    signal: AbortSignal.timeout(AUTH_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new HTTPAuthError(
      response.status,
      `Unable to retrieve auth string from ${purpose} endpoint - received status: ${response.status} from ${endpoint}`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    // The answer itself is left out of the text: it may hold a secret.
    throw new HTTPAuthError(
      response.status,
      `JSON returned from ${purpose} endpoint was invalid, yet status code was ${response.status} from ${endpoint}`,
    );
  }
}

function checkedChannelData(answer: unknown): ChannelAuthorizationData {
  const auth = isJsonObject(answer) ? stringMember(answer, 'auth') : undefined;
  if (!isJsonObject(answer) || auth === undefined)
    throw new Error('The authorisation answer has no auth string');
  const channelData = stringMember(answer, 'channel_data');
  const sharedSecret = stringMember(answer, 'shared_secret');
  return {
    auth,
    ...(channelData !== undefined && { channel_data: channelData }),
    ...(sharedSecret !== undefined && { shared_secret: sharedSecret }),
  };
}

function checkedUserData(answer: unknown): UserAuthenticationData {
  const auth = isJsonObject(answer) ? stringMember(answer, 'auth') : undefined;
  const userData = isJsonObject(answer) ? stringMember(answer, 'user_data') : undefined;
  if (auth === undefined || userData === undefined) {
    throw new Error('The user authentication answer lacks auth or user_data');
  }
  return { auth, user_data: userData };
}
