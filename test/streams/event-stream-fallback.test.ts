// The client where no WebSocket comes through: it reads over Server-Sent Events, and says so.
import { type ConnectionEvents, Sockudo, type SockudoOptions } from '@sockudo/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channelAuth, TEST_APP } from '../support/credentials.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const DURABLE = { policy: { history: { enabled: true }, connection_recovery: { enabled: true } } };

/** What a proxy that strips upgrades makes of a WebSocket. */
class StrippedSocket {
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;

  constructor() {
    setImmediate(() => this.onclose?.({ code: 1006, reason: '' } as never));
  }

  send(): void {}
  close(): void {}
}

async function start(): Promise<TestServer> {
  const server = await startTestServer({ app: DURABLE });
  onTestFinished(() => server.close());
  return server;
}

function connect(server: TestServer, options: Partial<SockudoOptions> = {}): Sockudo {
  const client = new Sockudo(TEST_APP.key, {
    wsHost: server.host,
    wsPort: server.port,
    forceTLS: false,
    protocolVersion: 2,
    connectionRecovery: true,
    WebSocket: StrippedSocket,
    channelAuthorization: {
      customHandler: async ({ socketId, channelName }) => {
        if (channelName === 'private-no') return { auth: 'nobody:0' };
        const channel_data = channelName.startsWith('presence-') ? '{"user_id":"ann"}' : undefined;
        const auth = channelAuth(TEST_APP, socketId, channelName, channel_data);
        return { auth, ...(channel_data !== undefined && { channel_data }) };
      },
    },
    ...options,
  });
  onTestFinished(() => client.disconnect());
  return client;
}

/** Resolves with what the handler gets that `bind` is given. */
const heard = (bind: (handler: (data: unknown) => void) => unknown): Promise<unknown> =>
  new Promise((resolve) => void bind(resolve));

describe('a client whose WebSockets fail', () => {
  it('falls back, says so, and reads public, private and presence channels', async () => {
    const server = await start();
    const client = connect(server);
    const told: ConnectionEvents['transport'][] = [];
    client.connection.bind('transport', (event) => void told.push(event));
    const channels = ['room', 'private-room', 'presence-room'].map((name) => client.subscribe(name));
    await Promise.all(
      channels.map((channel) => heard((then) => channel.bind('sockudo:subscription_succeeded', then))),
    );
    expect(client.connection.transport).toBe('sse');
    expect(told).toEqual([{ transport: 'sse' }]);
    for (const channel of channels) {
      const event = heard((then) => channel.bind('tick', then));
      await server.publish(channel.name, 'tick', { n: 1 });
      expect(await event).toEqual({ n: 1 });
    }
    const { text } = await server.request('GET', '/channels/presence-room/users');
    expect(JSON.parse(text).users).toEqual([{ id: 'ann' }]);
  });

  it('hears everything once while it subscribes and unsubscribes', async () => {
    const server = await start();
    const client = connect(server);
    const room = client.subscribe('room');
    const ticks: number[] = [];
    let acknowledgements = 0;
    room.bind('sockudo:subscription_succeeded', () => {
      acknowledgements += 1;
    });
    const all = new Promise<void>((resolve) => {
      room.bind('tick', (n: number) => {
        ticks.push(n);
        if (n === 59) resolve();
      });
    });
    await heard((then) => room.bind('sockudo:subscription_succeeded', then));
    for (let n = 0; n < 60; n += 1) {
      if (n % 10 === 3) client.subscribe(`other-${n}`);
      if (n % 10 === 8) client.unsubscribe(`other-${n - 5}`);
      await server.publish('room', 'tick', n);
    }
    await all;
    expect(ticks).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(acknowledgements).toBe(1);
  });

  it('hears what it missed on the way from a WebSocket to events', async () => {
    const server = await start();
    const open: WebSocket[] = [];
    let isStripped = false;
    class Changing extends StrippedSocket {
      constructor(url: string) {
        super();
        if (isStripped) return;
        const socket = new WebSocket(url);
        open.push(socket);
        // CAST: stands for this object from here on.
        // biome-ignore lint/correctness/noConstructorReturn: the client takes a class, and this test two kinds of sockets
        return socket as unknown as Changing;
      }
    }
    const client = connect(server, { WebSocket: Changing });
    const room = client.subscribe('room');
    const ticks: number[] = [];
    const all = new Promise<void>((resolve) => {
      room.bind('tick', (n: number) => {
        ticks.push(n);
        if (n === 9) resolve();
      });
    });
    await heard((then) => room.bind('sockudo:subscription_succeeded', then));
    for (let n = 0; n < 3; n += 1) await server.publish('room', 'tick', n);
    isStripped = true;
    for (const socket of open) socket.close();
    const resumed = heard((then) => client.bind('sockudo:resume_success', then));
    for (let n = 3; n < 9; n += 1) await server.publish('room', 'tick', n);
    await resumed;
    await server.publish('room', 'tick', 9);
    await all;
    expect(client.connection.transport).toBe('sse');
    expect(ticks).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is told what needs a WebSocket, and which channel it may not read', async () => {
    const server = await start();
    const client = connect(server);
    const room = client.subscribe('private-room');
    await heard((then) => room.bind('sockudo:subscription_succeeded', then));
    const error = heard((then) => client.bind('sockudo:error', then));
    client.send_event('client-typing', {}, 'private-room');
    expect(await error).toMatchObject({
      code: 4301,
      message: 'client-typing needs a WebSocket; this connection only reads (transport sse)',
    });
    const refused = await heard((then) =>
      client.subscribe('private-no').bind('sockudo:subscription_error', then),
    );
    expect(refused).toMatchObject({ type: 'PusherError', status: 4009 });
    const event = heard((then) => room.bind('tick', then));
    await server.publish('private-room', 'tick', 'still here');
    expect(await event).toBe('still here');
    expect(client.connection.state).toBe('connected');
  });

  it('stays with WebSockets where the option says so', async () => {
    const server = await start();
    const client = connect(server, { eventStreamFallback: false, unavailableTimeout: 1 });
    await heard((then) => client.connection.bind('unavailable', then));
    expect(client.connection.transport).toBe('ws');
  });
});
