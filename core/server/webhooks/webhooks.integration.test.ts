// The whole way of a webhook: a client acts, the server notices, an application's backend is told and verifies it.
import { tmpdir } from 'node:os';
import { Sockudo as Client } from '@sockudo/client';
import { pino } from 'pino';
import { Sockudo } from 'sockudo';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { formatProblem, loadSettings } from '../config/index.ts';
import { type RunningServer, startServer } from '../server.ts';
import { type Receiver, startReceiver } from './testing/webhook-app.ts';

const APP = { id: 'app-id', key: 'app-key', secret: 'app-secret' };
const backend = new Sockudo({ appId: APP.id, key: APP.key, secret: APP.secret });
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

async function start(eventTypes: readonly string[]): Promise<RunningServer> {
  const webhooks = [{ url: receiver.url, event_types: eventTypes }];
  const loaded = loadSettings({
    config: {
      host: '127.0.0.1',
      port: 0,
      shutdown_grace_period: 0,
      metrics: { enabled: false },
      queue: { driver: 'memory' },
      history: { backend: 'memory' },
      cache: { driver: 'memory' },
      webhooks: { allow_private_networks: true, batching: { duration: 1 } },
      app_manager: { array: { apps: [{ ...APP, enabled: true, enable_client_messages: true, webhooks }] } },
    },
    env: {},
    cwd: tmpdir(),
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const server = await startServer(loaded.settings, { logger: pino({ level: 'silent' }) });
  onTestFinished(() => server.close());
  return server;
}

function connect(server: RunningServer): Client {
  const client = new Client(APP.key, {
    wsHost: '127.0.0.1',
    wsPort: server.address.port,
    forceTLS: false,
    channelAuthorization: {
      customHandler: async ({ socketId, channelName }) =>
        backend.authorizeChannel(socketId, channelName, { user_id: 'ada' }),
    },
  });
  onTestFinished(() => client.disconnect());
  return client;
}

/** All events so far, each request verified. */
function events() {
  return receiver.received.flatMap(({ headers, body }) =>
    backend.webhook({ headers, rawBody: body }).getEvents(),
  );
}

describe('a server with a webhook', () => {
  it('tells of a client that comes, speaks and goes', async () => {
    const server = await start([
      'channel_occupied',
      'channel_vacated',
      'member_added',
      'member_removed',
      'client_event',
      'cache_miss',
      'subscription_count',
    ]);
    const client = connect(server);
    const room = client.subscribe('presence-room');
    await new Promise((resolve) => room.bind('pusher:subscription_succeeded', resolve));
    const cache = client.subscribe('cache-prices');
    await new Promise((resolve) => cache.bind('pusher:cache_miss', resolve));
    room.trigger('client-typing', { on: true });
    const socketId = client.connection.socket_id;
    await receiver.hears('client-typing');
    await server.close();

    const channel = 'presence-room';
    const seen = events();
    expect(seen).toContainEqual({ name: 'channel_occupied', channel });
    expect(seen).toContainEqual({ name: 'member_added', channel, user_id: 'ada' });
    expect(seen).toContainEqual({ name: 'cache_miss', channel: 'cache-prices', data: '{}' });
    expect(seen).toContainEqual({
      name: 'subscription_count',
      channel: 'cache-prices',
      subscription_count: 1,
    });
    expect(seen).toContainEqual({
      name: 'client_event',
      channel,
      event: 'client-typing',
      data: '{"on":true}',
      socket_id: socketId,
      user_id: 'ada',
    });
    // The delay of these ends with the server.
    expect(seen).toContainEqual({ name: 'member_removed', channel, user_id: 'ada' });
    expect(seen).toContainEqual({ name: 'channel_vacated', channel });
    expect(seen).toContainEqual({
      name: 'subscription_count',
      channel: 'cache-prices',
      subscription_count: 0,
    });
  });

  it('sends nothing that is not listed', async () => {
    const server = await start(['cache_miss']);
    const channel = connect(server).subscribe('room-1');
    await new Promise((resolve) => channel.bind('pusher:subscription_succeeded', resolve));
    await server.close();
    expect(receiver.received).toHaveLength(0);
  });
});
