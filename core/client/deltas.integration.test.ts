/** Delta compression between this client and our own server. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Frame, Sockudo, type SockudoOptions } from './index.ts';
import { type RealServer, startRealServer } from './testing/real-server.ts';

let server: RealServer;
beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server.close());

const clients: Sockudo[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

function connect(options: Partial<SockudoOptions> = {}): Sockudo {
  const client = new Sockudo(server.key, {
    wsHost: '127.0.0.1',
    wsPort: server.port,
    forceTLS: false,
    protocolVersion: 2,
    ...options,
  });
  clients.push(client);
  return client;
}

interface Quote {
  readonly n: number;
  readonly note: string;
}

const quote = (n: number): Quote => ({ n, note: 'the quick brown fox jumps over the lazy dog. '.repeat(4) });

/** Subscribes, publishes and waits: what handlers were given, and the names of the frames that brought it. */
async function follow(client: Sockudo, channel: string, count: number, options = {}) {
  const frames: string[] = [];
  client.connection.bind('message', ({ event, channel: of }: Frame) => {
    if (of === channel) frames.push(event);
  });
  const subscription = client.subscribe(channel, options);
  await new Promise((resolve) => subscription.bind('sockudo:subscription_succeeded', resolve));
  const seen: Quote[] = [];
  const all = new Promise<void>((resolve) => {
    subscription.bind('tick', (data: Quote) => {
      if (seen.push(data) === count) resolve();
    });
  });
  for (let n = 1; n <= count; n += 1) await server.backend.trigger(channel, 'tick', quote(n));
  await all;
  return { seen, deltas: frames.filter((event) => event === 'sockudo:delta').length };
}

const quotes = (count: number): Quote[] => Array.from({ length: count }, (_, i) => quote(i + 1));

describe('messages that travel as deltas', () => {
  it.each([
    ['fossil', { delta: 'fossil' }],
    ['xdelta3', { delta: { algorithm: 'xdelta3' } }],
    ['yes', { delta: true }],
  ])('arrive as they were published: %s', async (name, options) => {
    const client = connect();
    const { seen, deltas } = await follow(client, `market-${name}`, 20, options);
    expect(seen).toEqual(quotes(20));
    // Two whole ones, ten deltas, one whole one, seven deltas.
    expect(deltas).toBe(17);
    expect(client.getRecoveryPosition(`market-${name}`)?.serial).toBe(20);
  });

  it('are asked for by the connection for all its subscriptions', async () => {
    const client = connect({ deltaCompression: { enabled: true } });
    const { seen, deltas } = await follow(client, 'market-all', 4);
    expect(seen).toEqual(quotes(4));
    expect(deltas).toBe(2);
    expect((await follow(client, 'market-not', 4, { delta: false })).deltas).toBe(0);
  });

  it('come through patterns too', async () => {
    const client = connect();
    const pattern = client.subscribe('wild-*', { delta: true });
    await new Promise((resolve) => pattern.bind('sockudo:subscription_succeeded', resolve));
    const seen: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      pattern.bind('tick', (data: Quote) => {
        if (seen.push(data) === 4) resolve();
      });
    });
    for (const n of [1, 2, 3, 4]) await server.backend.trigger('wild-one', 'tick', quote(n));
    await all;
    expect(seen).toEqual(quotes(4));
  });

  it('begin whole after a reconnect', async () => {
    const client = connect({ deltaCompression: { enabled: true } });
    await follow(client, 'market-again', 4);
    const errors: unknown[] = [];
    client.connection.bind('error', (error) => errors.push(error));
    const gone = new Promise((resolve) => client.connection.bind('disconnected', resolve));
    client.disconnect();
    await gone;
    client.connect();
    const channel = client.channel('market-again');
    await new Promise((resolve) => channel?.bind('sockudo:subscription_succeeded', resolve));
    const next = new Promise((resolve) => channel?.bind('tick', resolve));
    await server.backend.trigger('market-again', 'tick', quote(5));
    expect(await next).toEqual(quote(5));
    expect(errors).toEqual([]);
  });
});
