// Upgrade requests that are wrong, odd or abandoned: each gets an HTTP answer or a Close, never a silent drop, and sockets that
// go away in any state leave nothing behind.
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { encodeRawFrame, exchange, RawWebSocket, TEXT, upgradeRequest } from '../support/raw-web-socket.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { expectServing, WireClient } from '../support/wire-client.ts';

const PATH = `/app/${TEST_APP.key}`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe('upgrades that are refused', () => {
  it.each([
    ['another path', upgradeRequest('/elsewhere'), 404],
    ['no key', upgradeRequest('/app/'), 404],
    ['a path below the key', upgradeRequest(`${PATH}/more`), 404],
    ['a target that is no URL', upgradeRequest('//['), 404],
    ['a protocol that is no number', upgradeRequest(`${PATH}?protocol=seven`), 400],
    ['a protocol beyond a byte', upgradeRequest(`${PATH}?protocol=256`), 400],
    ['an unknown format', upgradeRequest(`${PATH}?protocol=2&format=xml`), 400],
    ['no Sec-WebSocket-Key', upgradeRequest(PATH, { 'sec-websocket-key': '' }), 400],
    ['a short Sec-WebSocket-Key', upgradeRequest(PATH, { 'sec-websocket-key': 'short' }), 400],
    ['another version', upgradeRequest(PATH, { 'sec-websocket-version': '12' }), 400],
    ['another protocol', upgradeRequest(PATH, { upgrade: 'h2c' }), 400],
    ['a method that is not GET', upgradeRequest(PATH).replace('GET', 'POST'), 405],
  ])('%s', async (_, request, status) => {
    expect(statusOf(await exchange(server, request))).toBe(status);
  });

  it.each([
    ['bytes that are no HTTP', '\u0000\u0001\u0002\u0003\r\n\r\n'],
    ['TLS where none is spoken', Buffer.from('160301020001', 'hex')],
    ['a header without a name', `GET ${PATH} HTTP/1.1\r\n: x\r\n\r\n`],
    ['a header with a NUL', `GET ${PATH} HTTP/1.1\r\nhost: a\u0000b\r\n\r\n`],
    ['headers without end', `GET ${PATH} HTTP/1.1\r\nx: ${'y'.repeat(100_000)}`],
  ])('%s', async (_, bytes) => {
    const answer = await exchange(server, bytes);
    expect([400, 431]).toContain(statusOf(answer));
  });

  it('a key that nobody has, however it is written, is answered in words (D1)', async () => {
    for (const key of ['%', '%ff', '%00', '__proto__', 'x'.repeat(4000)]) {
      const client = new WireClient(server, { app: { ...TEST_APP, key } });
      expect(await client.frames.next()).toEqual({
        event: 'pusher:error',
        data: { code: 4001, message: 'Application does not exist' },
      });
      expect(await client.closed).toEqual({ code: 4001, reason: 'Application does not exist' });
    }
  });
});

describe('upgrades that are odd', () => {
  it('may bring the first frame along in the same packet', async () => {
    const ping = encodeRawFrame({ opcode: TEXT, payload: '{"event":"pusher:ping"}' });
    const socket = connect(server.port, server.host);
    socket.write(Buffer.concat([Buffer.from(upgradeRequest(PATH)), ping]));
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.includes('pusher:pong')) break;
    }
    expect(text).toContain('101 Switching Protocols');
    expect(text.indexOf('connection_established')).toBeLessThan(text.indexOf('pusher:pong'));
  });

  it('may percent-encode the key and end it with a slash', async () => {
    const encoded = [...TEST_APP.key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
    const client = new WireClient(server, { app: { ...TEST_APP, key: `${encoded}/` } });
    await client.next('connection_established');
    await client.close();
  });

  it('get the first subprotocol they offer', async () => {
    const answer = connect(server.port, server.host);
    answer.write(upgradeRequest(PATH, { 'sec-websocket-protocol': 'first, second' }));
    const [head] = await once(answer);
    expect(head).toMatch(/sec-websocket-protocol: first\r\n/i);
    answer.destroy();
  });
});

describe('sockets that go away', () => {
  it('before, during and after the upgrade leave nothing behind', async () => {
    const watcher = await WireClient.connect(server, { protocol: 2 });
    await watcher.subscribe('[meta]going');
    for (let round = 0; round < 20; round += 1) {
      connect(server.port, server.host).destroy();
      const half = connect(server.port, server.host);
      half.write(upgradeRequest(PATH).slice(0, 40), () => half.destroy());
      const upgrading = connect(server.port, server.host);
      upgrading.write(upgradeRequest(PATH), () => upgrading.resetAndDestroy());
      const open = await RawWebSocket.open(server);
      open.send({ opcode: TEXT, payload: '{"event":"pusher:subscribe","data":{"channel":"going"}}' });
      await open.frames.next();
      open.socket.resetAndDestroy();
      await watcher.next('channel_vacated');
    }
    const { text } = await server.request('GET', '/channels', { query: { filter_by_prefix: 'going' } });
    expect(text).toBe('{"channels":{}}');
    await watcher.close();
  });

  it('with half of a frame sent are gone when they end their side', async () => {
    const socket = await RawWebSocket.open(server);
    socket.socket.end(encodeRawFrame({ opcode: TEXT, payload: '{"event":"pusher:ping"}' }).subarray(0, 9));
    expect(await socket.ended).toBeNull();
  });
});

function once(socket: ReturnType<typeof connect>): Promise<[string]> {
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve([chunk.toString('latin1')]));
  });
}
