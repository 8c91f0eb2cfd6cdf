// Delta compression over real sockets, rebuilt by foreign decoders (realtime.md section 6.9, divergence D44).
import type { BinaryFormat } from '@sockudo/protocol';
import { encodeBinaryFrame } from '@sockudo/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { DeltaReceiver, type Rebuilt } from '../support/delta-receiver.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../support/test-server.ts';
import { dataOf, WireClient } from '../support/wire-client.ts';

const NOTE = 'the quick brown fox jumps over the lazy dog. '.repeat(5);
const body = (n: number, more: object = {}) => ({ symbol: 'XYZ', price: n, note: NOTE, ...more });

async function start(delta: object = {}, options: TestServerOptions = {}): Promise<TestServer> {
  const config = {
    history: { backend: 'memory' },
    delta_compression: { full_message_interval: 3, ...delta },
    ...options.config,
  };
  const server = await startTestServer({ ...options, config });
  onTestFinished(async () => {
    await server.close();
    expect(server.complaints).toEqual([]);
  });
  return server;
}

async function subscriber(server: TestServer, protocol: 1 | 2 = 2) {
  const client = await WireClient.connect(server, { protocol });
  onTestFinished(() => client.cut());
  return { client, inbox: new DeltaReceiver(client.webSocket) };
}

async function feed(server: TestServer, channel: string, numbers: readonly number[], event = 'tick') {
  for (const n of numbers) await server.publish(channel, event, body(n));
}

/** Without positions and versions, which the tests' server has and which make frames long. */
const PLAIN: TestServerOptions = { config: { history: { enabled: false, backend: 'memory' } } };

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
/** How messages came: a letter for each, with its number in the series. */
const ways = (messages: readonly Rebuilt[]) =>
  messages.map(({ via, seq }) => (via === 'plain' ? 'plain' : `${via} ${seq}`));
const bodies = (messages: readonly Rebuilt[]) => messages.map(({ data }) => data);

describe('a subscription with deltas', () => {
  it('gets every message, some of them whole, as they were published', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(1, 8));
    const messages = await inbox.take(8);
    expect(bodies(messages)).toEqual(numbers(1, 8).map((n) => body(n)));
    expect(ways(messages)).toEqual([
      'full 0',
      'full 1',
      'delta 2',
      'delta 3',
      'delta 4',
      'full 5',
      'delta 6',
      'delta 7',
    ]);
    expect(messages[2]?.algorithm).toBe('fossil');
  });

  it('gets VCDIFF where it asks for it', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: { algorithm: 'vcdiff' } });
    await feed(server, 'market', numbers(1, 4));
    const messages = await inbox.take(4);
    expect(bodies(messages)).toEqual(numbers(1, 4).map((n) => body(n)));
    expect(messages.map(({ algorithm }) => algorithm)).toEqual([undefined, undefined, 'xdelta3', 'xdelta3']);
  });

  it('says so for itself alone: other subscriptions of the connection stay whole', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: 'fossil' });
    await client.subscribe('news', { delta: false });
    await client.subscribe('weather');
    for (const channel of ['market', 'news', 'weather']) await feed(server, channel, numbers(1, 3));
    expect(ways(await inbox.take(3, 'market'))).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(ways(await inbox.take(3, 'news'))).toEqual(['plain', 'plain', 'plain']);
    expect(ways(await inbox.take(3, 'weather'))).toEqual(['plain', 'plain', 'plain']);
    expect(client.received('sockudo:delta_compression_enabled')).toEqual([]);
  });

  it('keeps series by event', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: true });
    for (const n of numbers(1, 3)) {
      await server.publish('market', 'tick', body(n));
      await server.publish('market', 'trade', body(-n));
    }
    const messages = await inbox.take(6);
    expect(ways(messages)).toEqual(['full 0', 'full 0', 'full 1', 'full 1', 'delta 2', 'delta 2']);
    expect(bodies(messages)).toEqual([1, -1, 2, -2, 3, -3].map((n) => body(n)));
  });

  it('leaves out what is small, what the publisher wants whole and what clients send', async () => {
    const server = await start({ min_message_size: 200 }, PLAIN);
    const { client, inbox } = await subscriber(server);
    await client.subscribe('private-market', { delta: true });
    const other = await WireClient.connect(server);
    onTestFinished(() => other.cut());
    await other.subscribe('private-market');
    await feed(server, 'private-market', numbers(1, 2));
    await server.publish('private-market', 'tick', 'x');
    await server.publish('private-market', 'tick', body(3), { delta: false });
    await inbox.take(2);
    expect(ways(await inbox.take(2))).toEqual(['plain', 'plain']);
    for (const n of numbers(1, 3)) {
      other.send({ event: 'client-tick', channel: 'private-market', data: body(n) });
    }
    expect(ways(await inbox.take(3))).toEqual(['plain', 'plain', 'plain']);
    await feed(server, 'private-market', [4]);
    expect(ways(await inbox.take(1))).toEqual(['delta 2']);
  });

  it('has none on encrypted channels', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('private-encrypted-room', { delta: true });
    await feed(server, 'private-encrypted-room', numbers(1, 3));
    expect(ways(await inbox.take(3))).toEqual(['plain', 'plain', 'plain']);
  });

  it('goes on from a whole message after delta_sync_error, and after a new subscribe', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(1, 3));
    client.request('delta_sync_error', { channel: 'market' });
    await client.settled();
    await feed(server, 'market', numbers(4, 3));
    const messages = await inbox.take(6);
    expect(ways(messages).slice(3)).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(bodies(messages)).toEqual(numbers(1, 6).map((n) => body(n)));
    client.request('unsubscribe', { channel: 'market' });
    await client.subscribe('market', { delta: true });
    await feed(server, 'market', [7]);
    expect(ways(await inbox.take(1))).toEqual(['full 0']);
  });

  it('is not disturbed by nonsense in place of a channel', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(1, 2));
    for (const data of [null, 'market', '{', [], { channel: 7 }, '{"channel":"elsewhere"}']) {
      client.request('delta_sync_error', data);
    }
    await client.settled();
    await feed(server, 'market', [3]);
    expect(ways(await inbox.take(3))).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(client.received('sockudo:error')).toEqual([]);
  });

  it('starts whole for whoever comes later', async () => {
    const server = await start();
    const early = await subscriber(server);
    await early.client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(1, 3));
    const late = await subscriber(server);
    await late.client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(4, 3));
    expect(ways((await early.inbox.take(6)).slice(3))).toEqual(['delta 3', 'delta 4', 'full 5']);
    const messages = await late.inbox.take(3);
    expect(ways(messages)).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(bodies(messages)).toEqual(numbers(4, 3).map((n) => body(n)));
  });
});

describe('a connection with deltas', () => {
  async function enabled(server: TestServer, data: unknown, protocol: 1 | 2 = 2) {
    const { client, inbox } = await subscriber(server, protocol);
    await client.subscribe('before');
    await client.subscribe('without', { delta: false });
    client.request('enable_delta_compression', data);
    const confirmation = await client.next('delta_compression_enabled');
    await client.subscribe('after');
    for (const channel of ['before', 'without', 'after']) await feed(server, channel, numbers(1, 3));
    const by = async (channel: string) => inbox.take(3, channel);
    return {
      confirmation,
      before: await by('before'),
      without: await by('without'),
      after: await by('after'),
    };
  }

  it('has them on every subscription that does not say otherwise, before and after', async () => {
    const { confirmation, before, without, after } = await enabled(await start(), {
      algorithms: ['fossil', 'xdelta3'],
    });
    expect(confirmation).toMatchObject({ data: { enabled: true, algorithm: 'fossil' } });
    expect(confirmation.message_id).toBeTypeOf('string');
    expect(ways(before)).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(ways(after)).toEqual(['full 0', 'full 1', 'delta 2']);
    expect(ways(without)).toEqual(['plain', 'plain', 'plain']);
  });

  it.each([[undefined], [null], ['text'], [{ algorithms: 'fossil' }], [{ algorithms: [1, 'zstd'] }]])(
    'whatever the request says: %j',
    async (data) => {
      const { after } = await enabled(await start(), data);
      expect(ways(after)).toEqual(['full 0', 'full 1', 'delta 2']);
      expect(after[2]?.algorithm).toBe('fossil');
    },
  );

  it('gets the one algorithm it understands, named, though the server confirms its own', async () => {
    const { confirmation, after } = await enabled(await start({ omit_delta_algorithm: true }), {
      algorithms: ['xdelta3'],
    });
    expect(dataOf(confirmation)).toEqual({ enabled: true, algorithm: 'fossil' });
    expect(after[2]?.algorithm).toBe('xdelta3');
    expect(bodies(after)).toEqual(numbers(1, 3).map((n) => body(n)));
  });

  it('on protocol 1 is told so and gets none', async () => {
    const { confirmation, before } = await enabled(await start(), {}, 1);
    expect(confirmation).toEqual({
      event: 'pusher:delta_compression_enabled',
      data: { enabled: true, algorithm: 'fossil' },
    });
    expect(ways(before)).toEqual(['plain', 'plain', 'plain']);
  });

  it('gets none from a server that has them off', async () => {
    const { before, after } = await enabled(await start({ enabled: false }), {});
    expect(ways([...before, ...after])).toEqual(Array.from({ length: 6 }, () => 'plain'));
  });
});

describe('settings', () => {
  const POLICY = {
    'quiet-*': 'disabled',
    'quiet-but': 'inherit',
    'vcdiff-*': 'xdelta3',
    prices: { algorithm: 'Fossil', conflation_key: 'symbol' },
  };

  it('of the app decide by channel', async () => {
    const server = await start({}, { app: { channel_delta_compression: POLICY } });
    const { client, inbox } = await subscriber(server);
    const channels = ['quiet-room', 'quiet-but', 'vcdiff-room'];
    for (const channel of channels) await client.subscribe(channel, { delta: true });
    for (const channel of channels) await feed(server, channel, numbers(1, 3));
    expect(ways(await inbox.take(3, 'quiet-room'))).toEqual(['plain', 'plain', 'plain']);
    expect((await inbox.take(3, 'quiet-but')).at(-1)?.algorithm).toBe('fossil');
    expect((await inbox.take(3, 'vcdiff-room')).at(-1)?.algorithm).toBe('xdelta3');
  });

  it('a conflation key compares messages about the same thing', async () => {
    const server = await start({}, { app: { channel_delta_compression: POLICY } });
    const { client, inbox } = await subscriber(server);
    await client.subscribe('prices', { delta: true });
    for (const n of numbers(1, 3)) {
      for (const symbol of ['A', 'B']) await server.publish('prices', 'tick', body(n, { symbol }));
    }
    const messages = await inbox.take(6);
    expect(ways(messages)).toEqual(['full 0', 'full 0', 'full 1', 'full 1', 'delta 2', 'delta 2']);
    expect(messages.map(({ key }) => key)).toEqual(['A', 'B', 'A', 'B', 'A', 'B']);
    expect(bodies(messages).at(-1)).toEqual(body(3, { symbol: 'B' }));
  });

  it('bound the channels and the series of a connection', async () => {
    const server = await start({
      max_channel_states_per_socket: 1,
      max_conflation_states_per_channel: 2,
      conflation_key_path: 'symbol',
    });
    const { client, inbox } = await subscriber(server);
    await client.subscribe('one', { delta: true });
    await client.subscribe('two', { delta: true });
    for (const symbol of ['A', 'B', 'C', 'A']) await server.publish('one', 'tick', body(1, { symbol }));
    await server.publish('two', 'tick', body(1));
    expect(ways(await inbox.take(4, 'one'))).toEqual(['full 0', 'full 0', 'full 1', 'full 1']);
    expect(ways(await inbox.take(1, 'two'))).toEqual(['plain']);
  });

  it('may leave the algorithm out of the frames', async () => {
    const server = await start({ omit_delta_algorithm: true, algorithm: 'xdelta3' });
    const { client, inbox } = await subscriber(server);
    client.request('enable_delta_compression', {});
    await client.next('delta_compression_enabled');
    inbox.algorithm = 'xdelta3';
    await client.subscribe('market');
    await feed(server, 'market', numbers(1, 3));
    const messages = await inbox.take(3);
    expect(messages[2]).toMatchObject({ via: 'delta', data: body(3) });
    expect(messages[2]?.algorithm).toBeUndefined();
  });
});

describe('what else a subscriber has', () => {
  it('a pattern and a name that meet in one channel make one series', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market-*', { delta: true });
    const filter = { expression: `contains(data, '"price":2')` };
    await client.subscribe('market-eur', { filter, delta: true });
    await feed(server, 'market-eur', numbers(1, 4));
    const messages = await inbox.take(4);
    expect(ways(messages)).toEqual(['full 0', 'full 1', 'delta 2', 'delta 3']);
    expect(bodies(messages)).toEqual(numbers(1, 4).map((n) => body(n)));
    client.request('unsubscribe', { channel: 'market-*' });
    await client.settled();
    await feed(server, 'market-eur', [2]);
    expect(ways(await inbox.take(1))).toEqual(['full 0']);
  });

  it('a binary format gets whole what it cannot tell exactly: versions', async () => {
    const server = await start();
    const { socket, inbox } = await binarySubscriber(server, 'msgpack');
    onTestFinished(() => socket.terminate());
    await feed(server, 'market', numbers(1, 3));
    expect(ways(await inbox.take(3))).toEqual(['plain', 'plain', 'plain']);
  });

  it('serials, ids and versions are inside the rebuilt frame', async () => {
    const server = await start();
    const { client, inbox } = await subscriber(server);
    await client.subscribe('market', { delta: true });
    await feed(server, 'market', numbers(1, 4));
    const messages = await inbox.take(4);
    expect(ways(messages)).toEqual(['full 0', 'full 1', 'delta 2', 'delta 3']);
    const frames = messages.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    expect(frames.map(({ serial }) => serial)).toEqual([1, 2, 3, 4]);
    expect(new Set(frames.map(({ message_id }) => message_id)).size).toBe(4);
    expect(frames[3]?.extras).toMatchObject({ headers: { sockudo_action: 'message.create' } });
  });

  it.each(['msgpack', 'protobuf'] as const)('a binary format has frames of its own: %s', async (format) => {
    const server = await start({}, PLAIN);
    const { socket, inbox } = await binarySubscriber(server, format);
    onTestFinished(() => socket.terminate());
    await feed(server, 'market', numbers(1, 4));
    const messages = await inbox.take(4);
    expect(ways(messages)).toEqual(['full 0', 'full 1', 'delta 2', 'delta 3']);
    expect(bodies(messages)).toEqual(numbers(1, 4).map((n) => body(n)));
  });
});

/** Subscribed with deltas, in a binary format. */
async function binarySubscriber({ host, port, app }: TestServer, format: BinaryFormat) {
  const wireFormat = format === 'msgpack' ? 'messagepack' : format;
  const socket = new WebSocket(`ws://${host}:${port}/app/${app.key}?protocol=2&format=${wireFormat}`);
  const inbox = new DeltaReceiver(socket, format);
  const frames: (() => void)[] = [];
  const frame = () => new Promise<void>((resolve) => frames.push(resolve));
  const established = frame();
  socket.on('message', () => frames.shift()?.());
  await established;
  const acknowledged = frame();
  const subscribe = JSON.stringify({ event: 'sockudo:subscribe', data: { channel: 'market', delta: true } });
  socket.send(encodeBinaryFrame(format, subscribe));
  await acknowledged;
  return { socket, inbox };
}
