/** The whole client over real sockets: Node's own WebSocket and fetch against a scripted server in this process. */
import { createServer, type Server } from 'node:http';
import Echo from 'laravel-echo';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket as NpmWebSocket } from 'ws';
import DefaultExport, { type ConnectionEvents, Sockudo, type SockudoOptions } from './index.ts';
import { defaultRuntime, type Runtime } from './runtime.ts';
import { FakeServer, type FakeServerOptions } from './testing/fake-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** No jitter: retries come at once. */
const runtime: Runtime = { ...defaultRuntime, random: () => 0 };

async function serve(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await FakeServer.start(options);
  cleanups.push(() => server.stop());
  return server;
}

function connect(server: FakeServer, options: Partial<SockudoOptions> = {}): Sockudo {
  const client = new Sockudo(
    'app-key',
    { wsHost: '127.0.0.1', wsPort: server.port, forceTLS: false, ...options },
    runtime,
  );
  cleanups.push(() => client.disconnect());
  return client;
}

const next = <Name extends keyof ConnectionEvents>(client: Sockudo, event: Name) =>
  new Promise<ConnectionEvents[Name]>((resolve) => client.connection.bind(event, resolve));

/** Resolves with the data of the next such event. */
const event = (target: { bind(name: string, handler: (data: unknown) => void): unknown }, name: string) =>
  new Promise<unknown>((resolve) => target.bind(name, resolve));

describe('over real sockets', () => {
  it('is the default export too', () => {
    expect(DefaultExport).toBe(Sockudo);
  });

  it.each([7, 2] as const)('subscribes and receives (protocol %i)', async (protocolVersion) => {
    const server = await serve();
    const client = connect(server, { protocolVersion });
    const peer = await server.connection();
    expect(peer.url.pathname).toBe('/app/app-key');
    expect(peer.url.searchParams.get('protocol')).toBe(String(protocolVersion));
    const channel = client.subscribe('market');
    const succeeded = event(channel, 'pusher:subscription_succeeded');
    const price = event(channel, 'price');
    expect((await peer.acknowledge('market')).data).toEqual({ auth: '', channel: 'market' });
    await succeeded;
    peer.send({ event: 'price', channel: 'market', data: '{"value":7}' });
    expect(await price).toEqual({ value: 7 });
    expect(client.connection.socket_id).toBe(peer.socketId);
  });

  it('works with the npm package ws', async () => {
    const server = await serve();
    const client = connect(server, { WebSocket: NpmWebSocket });
    await next(client, 'connected');
    expect(client.connection.state).toBe('connected');
  });

  it('comes back after 4200 and after a torn connection, subscriptions and all', async () => {
    const server = await serve();
    const client = connect(server);
    client.subscribe('market');
    const first = await server.connection();
    await first.acknowledge('market');
    first.close(4200, 'Server shutting down');
    const second = await server.connection();
    await second.acknowledge('market');
    second.terminate();
    const third = await server.connection();
    const succeeded = event(client.subscribe('market'), 'pusher:subscription_succeeded');
    await third.acknowledge('market');
    await succeeded;
  });

  it('stops on 4001, with an error before the state changes', async () => {
    const server = await serve({ isMute: true });
    const client = connect(server);
    const error = next(client, 'error');
    const disconnected = next(client, 'disconnected');
    const peer = await server.connection();
    peer.send({ event: 'pusher:error', data: { code: 4001, message: 'Application does not exist' } });
    expect((await error).data).toEqual({ code: 4001, message: 'Application does not exist' });
    await disconnected;
  });

  it('keeps trying while nobody listens', async () => {
    const gone = await FakeServer.start();
    await gone.stop();
    const client = connect(gone);
    await next(client, 'connecting_in');
    await next(client, 'connecting_in');
    expect(client.connection.state).toBe('connecting');
  });

  it('says goodbye with 1000', async () => {
    const server = await serve();
    const client = connect(server);
    const peer = await server.connection();
    await next(client, 'connected');
    client.disconnect();
    expect(await peer.closed).toBe(1000);
  });

  it('pings a silent server and gives up on it', async () => {
    const server = await serve();
    const client = connect(server, { activityTimeout: 20, pongTimeout: 20 });
    const peer = await server.connection();
    await peer.next('ping');
    const again = await server.connection();
    expect(again.socketId).not.toBe(peer.socketId);
    expect(client.connection.socket_id).not.toBe(peer.socketId);
  });

  it('resumes a channel after its acknowledgement', async () => {
    const server = await serve();
    const client = connect(server, { protocolVersion: 2, connectionRecovery: true });
    const channel = client.subscribe('market');
    const first = await server.connection();
    await first.acknowledge('market', {}, { stream_id: 's', serial: 41 });
    await event(channel, 'sockudo:subscription_succeeded');
    first.terminate();
    const second = await server.connection();
    const missed = event(channel, 'price');
    await second.acknowledge('market', {}, { stream_id: 's', serial: 42 });
    const { data } = await second.next('resume');
    expect(JSON.parse(String(data))).toEqual({
      channel_positions: { market: { stream_id: 's', serial: 41 } },
    });
    second.send({
      event: 'price',
      channel: 'market',
      data: '8',
      message_id: 'm',
      stream_id: 's',
      serial: 42,
    });
    expect(await missed).toBe(8);
  });
});

describe('auth endpoint', () => {
  async function endpoint(answer: (form: URLSearchParams) => [number, unknown]): Promise<string> {
    const http: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        const [status, json] = answer(new URLSearchParams(body));
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => http.close(resolve)));
    const address = http.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    return `http://127.0.0.1:${address.port}/auth`;
  }

  it('signs a private channel', async () => {
    const server = await serve();
    const url = await endpoint((form) => [
      200,
      { auth: `k:${form.get('socket_id')}:${form.get('channel_name')}` },
    ]);
    const client = connect(server, { channelAuthorization: { endpoint: url } });
    client.subscribe('private-desk');
    const peer = await server.connection();
    const { data } = await peer.next('subscribe');
    expect(data).toEqual({ auth: `k:${peer.socketId}:private-desk`, channel: 'private-desk' });
  });

  it('reports its refusal with the status', async () => {
    const server = await serve();
    const url = await endpoint(() => [403, { error: 'no' }]);
    const client = connect(server, { channelAuthorization: { endpoint: url } });
    const error = await event(client.subscribe('private-desk'), 'pusher:subscription_error');
    expect(error).toMatchObject({ type: 'AuthError', status: 403 });
  });
});

describe('laravel-echo', () => {
  it.each([7, 2] as const)('runs on this client (protocol %i)', async (protocolVersion) => {
    const server = await serve();
    const channelData = '{"user_id":"7","user_info":{"name":"Ada"}}';
    const client = connect(server, {
      protocolVersion,
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s', channel_data: channelData }) },
    });
    // CAST: Echo's types name pusher-js's class; at run time it needs the methods only.
    const echo = new Echo({
      broadcaster: 'pusher',
      client: client as never,
      key: 'app-key',
      withoutInterceptors: true,
    });
    const peer = await server.connection();
    const here = new Promise((resolve) => echo.join('room').here(resolve));
    const heard = new Promise((resolve) => echo.join('room').listen('.said', resolve));
    const whispered = new Promise((resolve) => echo.join('room').listenForWhisper('typing', resolve));
    await peer.acknowledge('presence-room', {
      presence: { ids: ['7'], hash: { 7: { name: 'Ada' } }, count: 1 },
    });
    expect(await here).toEqual([{ name: 'Ada' }]);
    peer.send({ event: 'said', channel: 'presence-room', data: '{"text":"hi"}' });
    expect(await heard).toEqual({ text: 'hi' });
    peer.send({ event: 'client-typing', channel: 'presence-room', data: { on: true } });
    expect(await whispered).toEqual({ on: true });
    expect(echo.socketId()).toBe(peer.socketId);
  });
});
