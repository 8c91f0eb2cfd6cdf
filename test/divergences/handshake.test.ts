// D1 to D4: refusals after the upgrade, and closes. One error frame in the connection's own words, then the Close.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BinaryClient } from '../support/binary-client.ts';
import { TEST_APP } from '../support/credentials.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { expectServing, WireClient } from '../support/wire-client.ts';

const UNKNOWN = { id: 'nobody', key: 'nobody', secret: 'x' };
const DISABLED = { id: 'off', key: 'off-key', secret: 'x', enabled: false };
const QUOTA = { id: 'quota', key: 'quota-key', secret: 'x', enabled: true, max_connections: 1 };
const ORIGIN = {
  id: 'origin',
  key: 'origin-key',
  secret: 'x',
  enabled: true,
  allowed_origins: ['https://allowed.example'],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ moreApps: [DISABLED, QUOTA, ORIGIN] });
});
afterAll(async () => {
  await expectServing(server);
  await server.close();
  expect(server.complaints).toEqual([]);
});

/** All that the client was sent, and how it was closed. */
async function endOf(client: WireClient) {
  const closed = await client.closed;
  return { frames: client.frames.all, closed };
}

const oneErrorThenClose = (protocol: 1 | 2, code: number, message: string) => ({
  frames: [
    protocol === 1
      ? { event: 'pusher:error', data: { code, message } }
      : { event: 'sockudo:error', data: { code, message }, message_id: expect.any(String) },
  ],
  closed: { code, reason: message },
});

describe.each([1, 2] as const)('protocol %i', (protocol) => {
  it.each([
    ['D1: an unknown key', UNKNOWN, 4001, 'Application does not exist'],
    ['D2: a disabled app', DISABLED, 4003, 'Application disabled'],
    ['D4: a foreign origin', ORIGIN, 4009, 'Origin not allowed'],
  ])('%s', async (_, app, code, message) => {
    const client = new WireClient(server, { protocol, app });
    expect(await endOf(client)).toEqual(oneErrorThenClose(protocol, code, message));
  });

  it('D3: the connection quota of the app', async () => {
    const first = await WireClient.connect(server, { protocol, app: QUOTA });
    const second = new WireClient(server, { protocol, app: QUOTA });
    const message = 'Application is over connection quota';
    expect(await endOf(second)).toEqual(oneErrorThenClose(protocol, 4004, message));
    await first.close();
  });

  it('D4: the node is over capacity', async () => {
    const small = await startTestServer({ config: { max_connections: 1 } });
    onTestFinished(() => small.close());
    await WireClient.connect(small);
    const second = new WireClient(small, { protocol });
    expect(await endOf(second)).toEqual(oneErrorThenClose(protocol, 4100, 'Over capacity'));
  });

  it('D4: terminated and told to reconnect', async () => {
    for (const [path, code, message] of [
      ['terminate_connections', 4009, 'You got disconnected by the app.'],
      ['force_reconnect', 4200, 'Force reconnect requested by the app.'],
    ] as const) {
      const client = await WireClient.connect(server, { protocol });
      await client.signIn('leaving');
      const before = client.frames.all.length;
      const { status } = await server.request('POST', `/users/leaving/${path}`, { body: {} });
      expect(status).toBe(200);
      const { frames, closed } = await endOf(client);
      expect({ frames: frames.slice(before), closed }).toEqual(oneErrorThenClose(protocol, code, message));
    }
  });

  it('D4: the server shuts down', async () => {
    const short = await startTestServer();
    const client = await WireClient.connect(short, { protocol });
    const closing = short.close();
    const { frames, closed } = await endOf(client);
    expect({ frames: frames.slice(1), closed }).toEqual(
      oneErrorThenClose(protocol, 4200, 'Server shutting down'),
    );
    await closing;
  });
});

it('D4: a token on protocol 1', async () => {
  const client = new WireClient(server, { query: { token: 'x' } });
  const message = 'Authentication error: capability tokens require protocol V2';
  expect(await endOf(client)).toEqual(oneErrorThenClose(1, 4009, message));
});

it.each(['msgpack', 'protobuf'] as const)(
  'D4: refusals come in the format of a %s connection',
  async (format) => {
    const client = new BinaryClient(server, format, UNKNOWN);
    expect(await client.closed).toEqual({ code: 4001, reason: 'Application does not exist' });
    expect(client.frames.all).toEqual([
      {
        event: 'sockudo:error',
        data: { code: 4001, message: 'Application does not exist' },
        message_id: expect.any(String),
      },
    ]);
  },
);

it('an allowed origin connects', async () => {
  const client = await WireClient.connect(server, {
    app: ORIGIN,
    headers: { origin: 'https://allowed.example' },
  });
  await client.close();
  expect(TEST_APP.key).not.toBe(ORIGIN.key);
});
