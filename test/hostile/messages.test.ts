// Messages that are frames but nonsense: JSON bombs, prototype keys, values of the wrong type, binary rubbish. Each is answered
// with its documented error on a connection that stays open, and the server keeps no trace of it.
import { decodeBinaryFrame, encodeBinaryFrame } from '@sockudo/protocol';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { channelAuth, TEST_APP, userAuth } from '../support/credentials.ts';
import { Inbox } from '../support/inbox.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { dataOf, expectServing, WireClient } from '../support/wire-client.ts';

const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
const PLATFORM_EVENTS = ['subscribe', 'unsubscribe', 'signin', 'ping', 'pong', 'presence_update', 'unknown'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

const connect = (protocol: 1 | 2 = 1): Promise<WireClient> => WireClient.connect(server, { protocol });
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('JSON bombs', () => {
  it.each([
    ['as a frame', nested(30_000)],
    ['as data', `{"event":"client-x","channel":"private-x","data":${nested(20_000)}}`],
    ['as objects', `{"event":"pusher:ping","data":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`],
  ])('%s are refused', async (_, text) => {
    const client = await connect();
    client.send(text);
    expect(await client.next('error')).toMatchObject({ data: { code: 4000 } });
    await client.settled();
    await client.close();
  });

  it('inside JSON texts are refused: subscribe data, channel_data, user_data', async () => {
    const client = await connect();
    client.request('subscribe', nested(20_000));
    expect(await client.next('error')).toMatchObject({
      data: { code: 4000, message: 'Invalid message format: Failed to parse subscription data' },
    });
    const channelData = `{"user_id":"u","user_info":${nested(20_000)}}`;
    client.askToSubscribe('presence-x', { channel_data: channelData });
    expect(await client.next('error')).toMatchObject({
      data: { code: 4000, message: 'Invalid message format: Invalid channel_data JSON for presence' },
    });
    const userData = `{"id":"u","user_info":${nested(20_000)}}`;
    client.request('signin', { auth: userAuth(TEST_APP, client.socketId, userData), user_data: userData });
    expect(await client.next('error')).toMatchObject({ data: { code: 4009 } });
    await client.close();
  });

  it('published over HTTP are refused, or carried as the text they are', async () => {
    const body = `{"name":"bomb","channel":"bombs","data":${nested(100_000)}}`;
    const refused = await server.request('POST', '/events', { body });
    expect(refused.status).toBe(422);
    const client = await connect();
    await client.subscribe('bombs');
    await server.publish('bombs', 'bomb', nested(100_000));
    expect((await client.next('bomb')).data).toBe(nested(100_000));
    await client.close();
  });
});

describe('prototype keys', () => {
  it.each(PROTOTYPE_KEYS)('%s is a channel, an event, a member and a user like any other', async (key) => {
    const client = await connect();
    await client.subscribe(key);
    await server.publish(key, key, key);
    expect(await client.next(key)).toEqual({ event: key, channel: key, data: key });
    client.request('unsubscribe', { channel: key });

    const ack = await client.join(`presence-${key}`, key, { [key]: 1 });
    expect(JSON.stringify(dataOf(ack))).toBe(
      `{"presence":{"ids":["${key}"],"hash":{"${key}":{"${key}":1}},"count":1}}`,
    );
    await client.signIn(key, { watchlist: PROTOTYPE_KEYS });
    await server.publish(`#server-to-user-${key}`, 'for-you');
    await client.next('for-you');
    await client.close();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('mean nothing in an envelope: only what was sent itself counts', async () => {
    const client = await connect();
    client.send('{"__proto__":{"event":"pusher:ping"}}');
    expect(await client.next('error')).toMatchObject({
      data: { code: 4000, message: 'Invalid event name: Event name is required' },
    });
    client.send('{"event":"pusher:subscribe","data":{"__proto__":{"channel":"x"}}}');
    expect(await client.next('error')).toMatchObject({
      data: { code: 4000, message: 'Invalid message format: Missing channel field' },
    });
    await client.close();
  });

  it('survive in data and tags, and never reach a prototype', async () => {
    const [sender, receiver] = [await connect(2), await connect(2)];
    await sender.subscribe('private-keys');
    await receiver.subscribe('private-keys', {
      filter: { tags: { key: '__proto__', cmp: 'eq', val: 'yes' } },
    });
    const data = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    await server.request('POST', '/events', {
      body: `{"name":"keys","channel":"private-keys","data":${JSON.stringify(data)},"tags":{"__proto__":"yes"}}`,
    });
    expect((await receiver.next('keys')).data).toBe(data);
    const untouched: Record<string, unknown> = {};
    expect(untouched.polluted).toBeUndefined();
    await Promise.all([sender.close(), receiver.close()]);
  });
});

describe('values of any type', () => {
  it.each([1, 2] as const)(
    'as data of every platform event leave a protocol %i connection open',
    async (protocol) => {
      const client = await connect(protocol);
      const value = fc.oneof(fc.jsonValue(), fc.constant({ channel: null, auth: 1, channel_data: [] }));
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...PLATFORM_EVENTS), value, async (event, data) => {
          client.request(event, data);
          await client.settled();
        }),
        { numRuns: 200 },
      );
      await client.close();
    },
  );

  it('as members of the envelope leave the connection open', async () => {
    const client = await connect(2);
    const frame = fc.record(
      {
        event: fc.oneof(fc.constantFrom('client-x', 'sockudo:subscribe', 'x'), fc.jsonValue()),
        channel: fc.jsonValue(),
        data: fc.jsonValue(),
        extras: fc.jsonValue(),
        tags: fc.jsonValue(),
        user_id: fc.jsonValue(),
        message_id: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(frame, async (value) => {
        client.send(JSON.stringify(value));
        await client.settled();
      }),
      { numRuns: 200 },
    );
    await client.close();
  });

  it('any text is a frame or is answered with 4000', async () => {
    const client = await connect();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        client.send(text);
        expect(await client.next('error')).toMatchObject({ data: { code: 4000 } });
      }),
      { numRuns: 100, examples: [[''], ['null'], ['[]'], ['12'], ['{'], ['"pusher:ping"']] },
    );
    await client.close();
  });
});

describe('names without measure', () => {
  it('of channels are refused', async () => {
    const client = await connect();
    client.askToSubscribe('x'.repeat(60_000));
    expect(await client.next('error')).toMatchObject({ data: { code: 4300 } });
    client.askToSubscribe('');
    expect(await client.next('error')).toMatchObject({
      data: { code: 4300, message: 'Channel error: Channel name must not be empty' },
    });
    await client.close();
  });

  it('of events and patterns are refused', async () => {
    const client = await connect(2);
    await client.subscribe('private-names');
    client.send({ event: `client-${'x'.repeat(60_000)}`, channel: 'private-names', data: {} });
    expect(await client.next('error')).toMatchObject({
      data: { code: 4000, message: 'Invalid event name: Event name exceeds maximum length of 200' },
    });
    client.askToSubscribe(`${'x'.repeat(60_000)}*`);
    expect(await client.next('error')).toMatchObject({ data: { code: 4300 } });
    await client.close();
  });

  it('of users are signed, so they are taken, and end with their connection', async () => {
    const client = await connect();
    const id = 'u'.repeat(20_000);
    await client.signIn(id, { watchlist: Array.from({ length: 2000 }, (_, index) => `w-${index}`) });
    await client.close();
  });
});

describe.each(['msgpack', 'protobuf'] as const)('binary rubbish on a %s connection', (format) => {
  it('is answered in the same format, and the next frame is read as ever', async () => {
    const url = `ws://${server.host}:${server.port}/app/${TEST_APP.key}?protocol=2&format=${format}`;
    const webSocket = new WebSocket(url);
    const frames = new Inbox<{ event: string; data?: unknown }>();
    webSocket.on('message', (bytes: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      // CAST: the server's frames are objects with an event.
      frames.push(decodeBinaryFrame(format, bytes) as { event: string });
    });
    await frames.next(({ event }) => event === 'sockudo:connection_established');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        webSocket.send(bytes);
        webSocket.send(encodeBinaryFrame(format, '{"event":"sockudo:ping"}'));
        await frames.next(({ event }) => event === 'sockudo:pong');
      }),
      { numRuns: 100 },
    );
    expect(frames.all.filter(({ event }) => event === 'sockudo:error').length).toBeGreaterThan(50);
    webSocket.terminate();
  });
});

it('a signature of rubbish opens nothing', async () => {
  const client = await connect();
  const auths = [
    '',
    ':',
    TEST_APP.key,
    `${TEST_APP.key}:`,
    `${TEST_APP.key}:${'0'.repeat(64)}`,
    channelAuth(TEST_APP, '1.1', 'private-x'),
    channelAuth(TEST_APP, client.socketId, 'private-y'),
    channelAuth({ ...TEST_APP, key: 'other' }, client.socketId, 'private-x'),
    channelAuth(TEST_APP, client.socketId, 'private-x').toUpperCase(),
    '\u0000'.repeat(1000),
  ];
  for (const auth of auths) {
    client.request('subscribe', { channel: 'private-x', auth });
    expect(await client.next('error')).toMatchObject({ data: { code: 4009 } });
  }
  expect(client.received('pusher_internal:subscription_succeeded')).toEqual([]);
  await client.close();
});
