// The HTTP rows of the list on the running server, where they cross the realtime core; the HTTP layer alone is tested beside it.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedPath, TEST_APP } from '../support/credentials.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

const DISABLED = { id: 'off', key: 'off-key', secret: 'off-secret', enabled: false };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    moreApps: [DISABLED],
    config: { http_api: { request_limit_in_mb: 1 } },
  });
});
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

const errorOf = (answer: { text: string }) => JSON.parse(answer.text);

it('D45: a disabled app neither publishes nor reads', async () => {
  for (const [method, path, body] of [
    ['POST', '/events', { name: 'e', channel: 'x', data: '1' }],
    ['POST', '/batch_events', { batch: [] }],
    ['GET', '/channels', undefined],
    ['GET', '/channels/x', undefined],
    ['POST', '/users/u/terminate_connections', {}],
  ] as const) {
    const answer = await server.request(method, path, { as: DISABLED, body });
    expect([answer.status, errorOf(answer)]).toEqual([
      403,
      { error: 'Application is disabled', code: 'forbidden', status: 403 },
    ]);
  }
});

it('D46: several requests share a connection', async () => {
  const socket = connect(server.port, server.host);
  const request = `GET ${signedPath(TEST_APP, 'GET', '/channels', '')} HTTP/1.1\r\nhost: x\r\n\r\n`;
  socket.write(request.repeat(3));
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.split('{"channels":{}}').length === 4) break;
  }
  expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(3);
  expect(text.toLowerCase()).not.toContain('connection: close');
});

it('D47: a body beyond the limit is refused before it is read', async () => {
  const answer = await server.request('POST', '/events', { body: 'x'.repeat(1024 * 1024 + 1) });
  expect([answer.status, errorOf(answer)]).toMatchObject([413, { code: 'payload_too_large', status: 413 }]);
});

describe('D48: the framework’s refusals have the usual body', () => {
  it.each([
    ['malformed JSON', '{', {}, 400],
    ['a wrong shape', '[]', {}, 422],
    ['another media type', '{"name":"e","channel":"x","data":"1"}', { 'content-type': 'text/plain' }, 415],
  ])('%s', async (_, body, headers, status) => {
    const answer = await server.request('POST', '/events', { body, headers });
    expect([answer.status, errorOf(answer)]).toEqual([
      status,
      { error: expect.any(String), code: 'invalid_input', status },
    ]);
  });
});

it('D49: a POST without a body needs no body_md5', async () => {
  const { status } = await server.request('POST', '/users/nobody/terminate_connections');
  expect(status).toBe(200);
});

describe('D50: data of any JSON type', () => {
  it.each([
    ['an object', { a: [1] }, '{"a":[1]}'],
    ['an array', [1, 'x'], '[1,"x"]'],
    ['a number', 7, '7'],
    ['a string', 'text', 'text'],
  ])('%s becomes its JSON text', async (_, data, text) => {
    const client = await WireClient.connect(server);
    await client.subscribe('typed');
    const { status } = await server.request('POST', '/events', {
      body: { name: 'e', channel: 'typed', data },
    });
    expect(status).toBe(200);
    expect((await client.next('e')).data).toBe(text);
    await client.close();
  });
});

describe('D51: socket_id', () => {
  it.each(['1', '1.', 'a.b', '1.2.3', ' 1.2'])('%j is refused', async (socketId) => {
    const body = { name: 'e', channel: 'x', data: '1', socket_id: socketId };
    const answer = await server.request('POST', '/events', { body });
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      { error: 'Invalid socket_id', code: 'invalid_input', status: 400 },
    ]);
  });

  it.each([null, ''])('%j counts as absent', async (socketId) => {
    const client = await WireClient.connect(server);
    await client.subscribe('everybody');
    const body = { name: 'e', channel: 'everybody', data: '1', socket_id: socketId };
    expect((await server.request('POST', '/events', { body })).status).toBe(200);
    await client.next('e');
    await client.close();
  });
});

it('D52, D53: nothing of a refused request reaches anybody', async () => {
  const client = await WireClient.connect(server, { protocol: 2 });
  await client.subscribe('all-or-none');
  const event = { name: 'half', data: '1' };
  const several = { ...event, channels: ['all-or-none', 'not allowed'] };
  const batch = {
    batch: [
      { ...event, channel: 'all-or-none' },
      { ...event, channel: '' },
    ],
  };
  expect((await server.request('POST', '/events', { body: several })).status).toBe(400);
  expect((await server.request('POST', '/batch_events', { body: batch })).status).toBe(400);
  await server.publish('all-or-none', 'whole');
  expect(await client.next('whole')).toMatchObject({ serial: 1 });
  expect(client.received('half')).toEqual([]);
  await client.close();
});

it('D54: a key answers once and for all, over HTTP', async () => {
  const body = { name: 'e', channel: 'keyed', data: '1', info: 'subscription_count' };
  const headers = { 'x-idempotency-key': 'k' };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => server.request('POST', '/events', { body, headers })),
  );
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
});

it('D58: the list of channels is what it is right now, without meta channels and patterns', async () => {
  const client = await WireClient.connect(server, { protocol: 2 });
  const list = async () =>
    JSON.parse((await server.request('GET', '/channels', { query: { filter_by_prefix: 'listed' } })).text);
  for (const channel of ['listed-1', '[meta]listed-1', 'listed-*']) await client.subscribe(channel);
  expect(await list()).toEqual({ channels: { 'listed-1': {} } });
  client.request('unsubscribe', { channel: 'listed-1' });
  await client.settled();
  expect(await list()).toEqual({ channels: {} });
  await client.close();
});

it('D60: nobody’s X-Real-IP is believed, and what is left of the window is told', async () => {
  const limited = await startTestServer({
    config: { rate_limiter: { enabled: true, api_rate_limit: { max_requests: 2, window_seconds: 3600 } } },
  });
  const ask = (address: string) =>
    limited.request('GET', '/channels', { headers: { 'x-real-ip': address, 'x-forwarded-for': address } });
  const answers = [await ask('10.0.0.1'), await ask('10.0.0.2'), await ask('10.0.0.3')];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(limited.complaints).toHaveLength(1);
  await limited.close();
});
