// What stands between browsers and the push API of the server: knows users as the application does, signs, and lets nobody reach
// beyond their own devices. Takes and gives fetch's Request and Response, so that any framework can serve it.
import {
  bodyOf,
  emptyAnswer,
  forbidden,
  jsonAnswer,
  notFound,
  ProxyRefusal,
  refusalAnswer,
  textOf,
} from './answers.ts';
import { type DeviceCaller, ProxyDevices, type SignedApi } from './devices.ts';

export interface PushProxyOptions {
  /** Who is signed in; null: nobody, answered with 401. The application's own way, e.g. by its session cookie. */
  readonly userOf: (request: Request) => string | null | Promise<string | null>;
  /** Path that the proxy is served under, e.g. `/push`. */
  readonly basePath: string;
  /**
   * Whether a user may get the pushes of a channel. The server asks nobody, so the application must be asked here. Default: none.
   */
  readonly maySubscribe?: (userId: string, channel: string, request: Request) => boolean | Promise<boolean>;
  /** Told at `GET /vapidPublicKey`; absent: 404 there, and the page brings the key along. */
  readonly vapidPublicKey?: string;
  /** Gets what is a mistake and not the browser's; the browser is answered 500. Default: rethrown. */
  readonly onError?: (error: unknown) => void;
}

interface Call {
  readonly request: Request;
  readonly caller: DeviceCaller;
  readonly query: URLSearchParams;
}

type Handler = (call: Call, deviceId: string) => Promise<Response>;

/**
 * A handler for the routes that `@sockudo/client/push` (and `SockudoPushRegistration` of Sockudo's SDK) asks for below `basePath`:
 * `POST|DELETE /deviceRegistrations`, `GET|DELETE /deviceRegistrations/ID`, `POST|GET|DELETE /channelSubscriptions`,
 * `GET /vapidPublicKey`. Publishing is not offered to browsers. `clientId` is always the signed-in user.
 *
 * Errors are JSON `{ error, code, status }`: 400 `invalid_input`, 401 `auth_failed`, 403 `forbidden`, 404 `not_found`,
 * 405 `method_not_allowed`, 413 `payload_too_large`, 429 `rate_limited`, 503 `service_unavailable`.
 */
export function pushProxy(
  sockudo: SignedApi,
  options: PushProxyOptions,
): (request: Request) => Promise<Response> {
  const routes = routesOf(new ProxyDevices(sockudo), sockudo, options);
  const base = options.basePath.replace(/\/+$/, '');
  return async (request) => {
    try {
      return await handle(request, routes, base, options);
    } catch (error) {
      const answer = refusalAnswer(error);
      if (answer !== null) return answer;
      if (options.onError === undefined) throw error;
      options.onError(error);
      return jsonAnswer(500, { error: 'internal error', code: 'internal_error', status: 500 });
    }
  };
}

type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

async function handle(
  request: Request,
  routes: Routes,
  base: string,
  { userOf }: PushProxyOptions,
): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url);
  if (!pathname.startsWith(`${base}/`)) throw notFound('no such route');
  const [name = '', id, ...more] = pathname.slice(base.length + 1).split('/');
  const key = id === undefined ? name : `${name}/ID`;
  const methods = more.length === 0 && Object.hasOwn(routes, key) ? routes[key] : undefined;
  if (methods === undefined) throw notFound('no such route');
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (handler === undefined) {
    const allow = Object.keys(methods).join(', ');
    throw new ProxyRefusal(405, 'method_not_allowed', `allowed: ${allow}`, { allow });
  }
  const userId = await userOf(request);
  if (userId === null || userId === '') throw new ProxyRefusal(401, 'auth_failed', 'sign in first');
  const caller = { userId, token: tokenOf(request) };
  return handler({ request, caller, query }, decoded(id ?? ''));
}

function routesOf(devices: ProxyDevices, api: SignedApi, options: PushProxyOptions): Routes {
  const path = '/push/channelSubscriptions';
  const { vapidPublicKey } = options;
  return {
    vapidPublicKey: {
      GET: async () => {
        if (vapidPublicKey === undefined) throw notFound('no key is told here');
        return jsonAnswer(200, { vapidPublicKey });
      },
    },
    deviceRegistrations: {
      POST: async ({ request, caller }) => passOn(await devices.register(caller, await bodyOf(request))),
      DELETE: async ({ caller }) => passOn(await devices.removeAll(caller)),
    },
    'deviceRegistrations/ID': {
      GET: async ({ caller }, id) => jsonAnswer(200, await devices.get(caller, id)),
      DELETE: async ({ caller }, id) => {
        await devices.remove(caller, id);
        return emptyAnswer();
      },
    },
    channelSubscriptions: {
      POST: async (call) => passOn(await subscribe(call, devices, api, options)),
      GET: async ({ caller, query }) => {
        const headers = await devices.own(caller, query.get('deviceId') ?? undefined);
        return passOn(await api.get({ path, params: pairOf(query), headers }));
      },
      DELETE: async ({ caller, query }) => {
        const headers = await devices.own(caller, query.get('deviceId') ?? undefined);
        return passOn(await api.delete({ path, params: pairOf(query), headers }));
      },
    },
  };
}

async function subscribe(
  { request, caller }: Call,
  devices: ProxyDevices,
  api: SignedApi,
  { maySubscribe }: PushProxyOptions,
): Promise<Response> {
  const body = await bodyOf(request);
  const channel = textOf(body.channel) ?? '';
  const deviceId = textOf(body.deviceId) ?? '';
  const isAllowed = (await maySubscribe?.(caller.userId, channel, request)) ?? false;
  if (!isAllowed) throw forbidden('the user may not get the pushes of this channel');
  const headers = await devices.own(caller, deviceId);
  const { provider, tokenHash } = body;
  return api.post({
    path: '/push/channelSubscriptions',
    body: { channel, deviceId, clientId: caller.userId, provider, tokenHash },
    headers,
  });
}

function pairOf(query: URLSearchParams): Record<string, string | undefined> {
  const names = ['channel', 'deviceId', 'limit', 'cursor'];
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? undefined]));
}

/** What the server answered, without its headers. */
async function passOn(response: Response): Promise<Response> {
  return response.status === 204 ? emptyAnswer() : jsonAnswer(response.status, await response.json());
}

function tokenOf({ headers }: Request): string | null {
  const own = headers.get('x-sockudo-device-identity-token');
  // Only what a header can hold, and no longer than tokens are.
  return own !== null && /^[\x21-\x7e]{1,128}$/.test(own) ? own : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound('no such route');
  }
}
