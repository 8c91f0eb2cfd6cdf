// Clients that have a token of an identity provider and nothing else: no secret, no backend of theirs is asked for anything.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Channel, RequestError, Sockudo, type SockudoOptions } from '../../core/client/index.ts';
import { type KeyServer, startKeyServer } from '../../core/server/tokens/testing/key-server.ts';
import { BinaryClient } from '../support/binary-client.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient, type WireFrame } from '../support/wire-client.ts';

const ROOM = 'room:1';
const WRITER = [
  'subscribe',
  'history',
  'publish',
  'message-append-own',
  'message-update-own',
  'message-delete-own',
];

let provider: KeyServer;
let server: TestServer;
const clients: Sockudo[] = [];

beforeEach(async () => {
  provider = await startKeyServer();
  await provider.addKey('k1');
  server = await startTestServer({
    config: { history: { backend: 'memory' } },
    app: { tokens: { jwks_url: provider.url, allow_private_networks: true, audience: 'chat' } },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await server.close();
  await provider.close();
});

const tokenFor = (user: string, operations: readonly string[], claims: object = {}): Promise<string> =>
  provider.sign('k1', {
    aud: 'chat',
    'x-sockudo-client-id': user,
    'x-sockudo-capability': { 'room:*': operations },
    ...claims,
  });

async function enter(
  user: string,
  operations: readonly string[] = WRITER,
  options: Partial<SockudoOptions> = {},
) {
  const { host: wsHost, port: wsPort, app } = server;
  const client = new Sockudo(app.key, {
    wsHost,
    wsPort,
    forceTLS: false,
    protocolVersion: 2,
    echoMessages: false,
    tokenProvider: () => tokenFor(user, operations),
    ...options,
  });
  clients.push(client);
  const channel = client.subscribe(ROOM);
  await new Promise((resolve) => channel.bind('sockudo:subscription_succeeded', resolve));
  return { client, channel };
}

/** Objects travel as themselves or as their JSON text, depending on the format. */
const objectOf = (data: unknown): unknown => (typeof data === 'string' ? JSON.parse(data) : data);

/** The next events of the channel, as many. */
function heard(channel: Channel, count: number): Promise<[string, unknown, string | undefined][]> {
  const events: [string, unknown, string | undefined][] = [];
  return new Promise((resolve) => {
    channel.bind_global((event, data, metadata) => {
      if (event.includes('subscription_')) return;
      if (events.push([event, data, metadata?.user_id]) === count) resolve(events);
    });
  });
}

describe('a client with a token', () => {
  it('publishes and changes its messages, under the name in its token', async () => {
    const [{ channel }, { channel: other }] = [await enter('ann'), await enter('bob')];
    const all = heard(other, 4);
    const ack = await channel.publish('client-line', 'a', { messageId: 'm1' });
    expect(ack).toMatchObject({ channel: ROOM, history_serial: 1, status: 'applied' });
    const serial = ack.message_serial ?? '';
    expect(await channel.appendMessage(serial, 'b', { opId: 'o1' })).toMatchObject({ status: 'applied' });
    expect(await channel.appendMessage(serial, 'b', { opId: 'o1' })).toMatchObject({ status: 'duplicate' });
    await channel.updateMessage(serial, { data: 'c' });
    await channel.deleteMessage(serial);
    expect(await all).toEqual([
      ['client-line', 'a', 'ann'],
      ['sockudo:message.append', 'b', 'ann'],
      ['sockudo:message.update', 'c', 'ann'],
      ['sockudo:message.delete', 'c', 'ann'],
    ]);
    await expect(other.appendMessage(serial, 'x')).rejects.toMatchObject({
      outcome: 'refused',
      reason: 'mutable_not_permitted',
    });
  });

  it.each(['msgpack', 'protobuf'] as const)('is answered in its own format: %s', async (format) => {
    const client = await BinaryClient.connect(server, format);
    client.send({ event: 'sockudo:auth', data: { token: await tokenFor('ann', WRITER) } });
    await client.next('sockudo:auth_success');
    await client.subscribe(ROOM);
    const request = { request_id: 'r1', channel: ROOM, name: 'client-line', data: 'a', tags: { k: 'v' } };
    client.send({ event: 'sockudo:publish', data: request });
    const { data: ack } = await client.next('sockudo:publish_ack');
    expect(objectOf(ack)).toMatchObject({ request_id: 'r1', history_serial: 1, status: 'applied' });
    client.send({ event: 'sockudo:publish', data: { ...request, name: 'order-paid' } });
    const { data: error } = await client.next('sockudo:error');
    expect(objectOf(error)).toMatchObject({ code: 4000, request_id: 'r1', retryable: false });
    client.close();
  });

  it('may do what the token lists and nothing else', async () => {
    const { channel } = await enter('ann', ['subscribe']);
    const error: unknown = await channel.publish('client-line', 'a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ outcome: 'refused', code: 4009, reason: 'auth_failed' });
  });

  it('sends again what was lost with its connection, and everybody has it once', async () => {
    let isCut = false;
    /** The first connection ends with its first publish: what the server makes of it nobody hears. */
    class CutSocket extends WebSocket {
      override send(data: Parameters<WebSocket['send']>[0]): void {
        super.send(data);
        if (isCut || !String(data).includes('sockudo:publish')) return;
        isCut = true;
        this.close();
      }
    }
    const { channel: other } = await enter('bob');
    const { channel } = await enter('ann', WRITER, { WebSocket: CutSocket });
    const all = heard(other, 2);
    const ack = await channel.publish('client-line', 'once', { messageId: 'm1' });
    expect(isCut).toBe(true);
    expect(ack).toMatchObject({ history_serial: 1 });
    await channel.publish('client-line', 'after');
    expect((await all).map(([, data]) => data)).toEqual(['once', 'after']);
  });

  it('is sent away when its token is taken back', async () => {
    const { client } = await enter('ann');
    const ended = new Promise((resolve) => client.bind('sockudo:token_expired', resolve));
    const answer = await server.request('POST', '/revocations', { body: { client_id: 'ann' } });
    expect(JSON.parse(answer.text)).toMatchObject({ closed_connections: 1 });
    expect(await ended).toEqual({ code: 40_160, reason: 'revoked' });
  });

  it('goes on while the address of the keys is down', async () => {
    const { channel } = await enter('ann');
    provider.answerWith((response) => response.writeHead(500).end());
    const token = await tokenFor('ann', WRITER, { jti: 'next' });
    const renewed = new Promise((resolve) => channel.bind('client-line', resolve));
    const other = await WireClient.connect(server, { protocol: 2, query: { token } });
    other.request('auth', { token });
    expect(await other.next('auth_success')).toMatchObject({ data: { client_id: 'ann', jti: 'next' } });
    await other.subscribe(ROOM);
    other.request('publish', { request_id: 'r', channel: ROOM, name: 'client-line', data: 'still here' });
    expect(await renewed).toBe('still here');
    other.webSocket.close();
  });

  it('of another audience stays outside', async () => {
    const token = await tokenFor('ann', WRITER, { aud: 'other' });
    const client = new WireClient(server, { protocol: 2, query: { token } });
    expect(await client.closed).toEqual({
      code: 4009,
      reason: 'Authentication error: capability token audience is not accepted',
    });
  });
});

describe('a hostile client', () => {
  const NASTY: readonly unknown[] = [
    null,
    'text',
    [],
    { request_id: {} },
    { request_id: 'r'.repeat(65), channel: ROOM, name: 'client-x' },
    { request_id: 'r', channel: ROOM, name: '__proto__' },
    { request_id: 'r', channel: '__proto__', name: 'client-x' },
    {
      request_id: 'r',
      channel: ROOM,
      name: 'client-x',
      extras: { headers: { sockudo_action: 'message.delete' } },
    },
    { request_id: 'r', channel: ROOM, name: 'client-x', extras: { push: { title: 'x' } } },
    {
      request_id: 'r',
      channel: ROOM,
      name: 'client-x',
      extras: { ai: { transport: { 'run-client-id': 'eve' } } },
    },
    { request_id: 'r', channel: ROOM, name: 'client-x', message_id: 'm'.repeat(129) },
    { request_id: 'r', channel: ROOM, name: 'client-x', tags: ['x'] },
    { request_id: 'r', channel: ROOM, name: 'sockudo_internal:member_added', data: { user_id: 'eve' } },
    {
      request_id: 'r',
      channel: ROOM,
      action: 'append',
      message_serial: `${'0'.repeat(20)}:n.1:${'0'.repeat(20)}`,
      data: 'x',
    },
    { request_id: 'r', channel: ROOM, action: 'update', message_serial: '../../x', name: 'pusher:error' },
    { request_id: 'r', channel: ROOM, action: '__proto__', message_serial: 's' },
  ];

  it('gets errors, changes nothing, and stays connected', async () => {
    const { channel: observer } = await enter('bob');
    const all = heard(observer, 1);
    const client = await WireClient.connect(server, {
      protocol: 2,
      query: { token: await tokenFor('eve', WRITER), echo_messages: 'false' },
    });
    await client.subscribe(ROOM);
    for (const data of NASTY) {
      for (const name of ['publish', 'mutate']) {
        client.request(name, data);
        const { data: error } = (await client.next('error')) as WireFrame;
        expect(error).toMatchObject({ code: expect.any(Number), message: expect.any(String) });
        expect(JSON.stringify(error)).not.toMatch(/Something went wrong|node_modules|\.ts:/);
      }
    }
    client.request('publish', { request_id: randomUUID(), channel: ROOM, name: 'client-fine', data: 'ok' });
    expect(await client.next('publish_ack')).toMatchObject({ data: { history_serial: 1 } });
    expect(await all).toEqual([['client-fine', 'ok', 'eve']]);
    expect(server.complaints).toEqual([]);
    client.webSocket.close();
  });
});
