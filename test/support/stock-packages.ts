// The packages that teams on Pusher have installed, as they are, pointed at a test server.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Pusher from 'pusher';
import pusherJs from 'pusher-js';
import { onTestFinished } from 'vitest';
import { Inbox } from './inbox.ts';
import type { TestServer } from './test-server.ts';

// CAST: the type file describes `exports.default`, but what Node loads assigns the class itself to module.exports.
export const PusherClient = pusherJs as unknown as typeof pusherJs.default;
export type PusherClient = InstanceType<typeof pusherJs.default>;

export const MASTER_KEY = Buffer.alloc(32, 'a secret of thirty-two bytes').toString('base64');

/** The `pusher` package as a backend would set it up. */
export function stockBackend({ host, port, app }: TestServer, masterKey = MASTER_KEY): Pusher {
  return new Pusher({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host,
    port: String(port),
    useTLS: false,
    encryptionMasterKeyBase64: masterKey,
  });
}

export interface AuthEndpoint {
  readonly channelUrl: string;
  readonly userUrl: string;
  /** Signs the answers; another one may be put in its place. */
  backend: Pusher;
}

/**
 * A backend's two endpoints. The user is the one named by the `x-user` header, which stands in for a session; without it the
 * answer is 403. `x-watchlist` names, separated by commas, whom the user watches; with `x-by-sign-in` presence channels are
 * authorised without channel_data, for users who have signed in.
 */
export async function startAuthEndpoint(backend: Pusher): Promise<AuthEndpoint> {
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await bodyOf(request));
    const user = request.headers['x-user'];
    if (typeof user !== 'string') {
      response.writeHead(403).end('Forbidden');
      return;
    }
    const socketId = form.get('socket_id') ?? '';
    const channel = form.get('channel_name');
    response.setHeader('content-type', 'application/json');
    if (channel === null) {
      const watchlist = String(request.headers['x-watchlist'] ?? '').split(',');
      const userData = {
        id: user,
        user_info: { name: `${user}!` },
        watchlist: watchlist.filter((id) => id !== ''),
      };
      response.end(JSON.stringify(endpoint.backend.authenticateUser(socketId, userData)));
      return;
    }
    const member = { user_id: user, user_info: { name: `${user}!` } };
    const isPresence = channel.startsWith('presence-') && request.headers['x-by-sign-in'] === undefined;
    const answer = endpoint.backend.authorizeChannel(socketId, channel, isPresence ? member : undefined);
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // CAST: a server that listens on TCP has an address object.
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const endpoint: AuthEndpoint = { channelUrl: `${origin}/auth`, userUrl: `${origin}/user-auth`, backend };
  return endpoint;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

export interface StockClientOptions {
  readonly endpoint?: AuthEndpoint;
  /** Headers sent to the endpoints; see `startAuthEndpoint`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** Options as the documentation of pusher-js gives them for a server of one's own. */
export function stockOptions(
  { host, port }: TestServer,
  { endpoint, headers = {} }: StockClientOptions = {},
) {
  return {
    wsHost: host,
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws' as const],
    disableStats: true,
    cluster: '',
    ...(endpoint !== undefined && {
      channelAuthorization: { endpoint: endpoint.channelUrl, transport: 'ajax' as const, headers },
      userAuthentication: { endpoint: endpoint.userUrl, transport: 'ajax' as const, headers },
    }),
  };
}

/** The `pusher-js` package; disconnected when the test is over. */
export function stockClient(server: TestServer, options: StockClientOptions = {}): PusherClient {
  const client = new PusherClient(options.key ?? server.app.key, stockOptions(server, options));
  onTestFinished(() => client.disconnect());
  return client;
}

/** A stock client of this user that has connected. */
export async function connectedUser(
  server: TestServer,
  endpoint: AuthEndpoint,
  user: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PusherClient> {
  const client = stockClient(server, { endpoint, headers: { 'x-user': user, ...headers } });
  await heard(client.connection, 'connected').next();
  return client;
}

interface Bindable {
  bind(event: string, callback: (data: unknown, metadata?: unknown) => void): unknown;
}

export interface Heard {
  readonly data: unknown;
  readonly metadata: unknown;
}

/** Everything that a channel, connection or user says under this name from now on. */
export function heard(target: Bindable, event: string): Inbox<Heard> {
  const inbox = new Inbox<Heard>();
  target.bind(event, (data, metadata) => inbox.push({ data, metadata }));
  return inbox;
}

/** Waits until the connection is in this state. Bind before what causes it. */
export async function reaches(client: PusherClient, state: string): Promise<void> {
  if (client.connection.state === state) return;
  const changes = heard(client.connection, 'state_change');
  await changes.next(() => client.connection.state === state);
}

export async function subscribed(client: PusherClient, name: string) {
  const channel = client.subscribe(name);
  if (!channel.subscribed) await heard(channel, 'pusher:subscription_succeeded').next();
  return channel;
}
