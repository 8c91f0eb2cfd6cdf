// What a whole server writes into presence histories: one transition for each change of the member list, and why it happened.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

interface Item {
  readonly event: string;
  readonly cause: string;
  readonly user_id: string;
  readonly connection_id: string | null;
  readonly presence_event: { readonly user_info: unknown };
}

let server: TestServer;
let watcher: WireClient;
let channel = '';
let channels = 0;

beforeAll(async () => {
  server = await startTestServer({
    config: { presence_history: { enabled: true }, presence: { v2_ungraceful_timeout_seconds: 1 } },
    app: {
      policy: {
        features: { enable_client_messages: true, enable_user_authentication: true },
        channels: { channel_namespaces: [{ name: 'quiet', presence_history: { enabled: false } }] },
      },
    },
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  channels += 1;
  channel = `presence-causes-${channels}`;
  watcher = await WireClient.connect(server);
  await watcher.join(channel, 'watcher');
});

async function history(): Promise<readonly Item[]> {
  const path = `/channels/${channel}/presence/history`;
  const { status, text } = await server.request('GET', path, { query: { direction: 'oldest_first' } });
  expect(status).toBe(200);
  // CAST: the shape is asserted on below.
  return (JSON.parse(text) as { items: readonly Item[] }).items;
}

const lines = (items: readonly Item[]): string[] =>
  items
    .filter(({ user_id }) => user_id !== 'watcher')
    .map(({ event, cause, user_id, connection_id }) => `${user_id} ${event} ${cause} ${connection_id}`);

const expectLines = async (...expected: readonly string[]): Promise<void> =>
  expect(lines(await history())).toEqual(expected);

describe('a presence history', () => {
  it('has one transition a user, whatever the number of its connections', async () => {
    const first = await WireClient.connect(server);
    const second = await WireClient.connect(server, { protocol: 2 });
    await first.join(channel, 'ann', { n: 1 });
    await second.join(channel, 'ann', { n: 2 });
    await first.close();
    await second.close();
    await watcher.next('member_removed');
    const [, joined, left] = await history();
    expect(joined).toMatchObject({ event: 'member_added', presence_event: { user_info: { n: 1 } } });
    expect(left).toMatchObject({ event: 'member_removed', presence_event: { user_info: null } });
    await expectLines(
      `ann member_added join ${first.socketId}`,
      `ann member_removed disconnect ${second.socketId}`,
    );
  });

  it('names unsubscribing and closing a disconnect, and keeps each visit of one socket', async () => {
    const client = await WireClient.connect(server);
    for (let visit = 0; visit < 2; visit += 1) {
      await client.join(channel, 'ann');
      client.request('unsubscribe', { channel });
      await watcher.next('member_removed');
    }
    await client.join(channel, 'ann');
    await client.close();
    await watcher.next('member_removed');
    const visit = [
      `ann member_added join ${client.socketId}`,
      `ann member_removed disconnect ${client.socketId}`,
    ];
    await expectLines(...visit, ...visit, ...visit);
  });

  it('names a lost connection a disconnect, and a timeout where it was waited for', async () => {
    const old = await WireClient.connect(server);
    await old.join(channel, 'old');
    old.cut();
    await watcher.next('member_removed');
    const current = await WireClient.connect(server, { protocol: 2 });
    await current.join(channel, 'current');
    current.cut();
    await watcher.next('member_removed');
    await expectLines(
      `old member_added join ${old.socketId}`,
      `old member_removed disconnect ${old.socketId}`,
      `current member_added join ${current.socketId}`,
      'current member_removed timeout null',
    );
  });

  it('names being sent away a forced disconnect', async () => {
    const client = await WireClient.connect(server);
    await client.signIn('ann');
    await client.join(channel, 'ann');
    await server.request('POST', '/users/ann/terminate_connections', { body: {} });
    await client.closed;
    await watcher.next('member_removed');
    await expectLines(
      `ann member_added join ${client.socketId}`,
      `ann member_removed forced_disconnect ${client.socketId}`,
    );
  });

  it('has presence updates, the first of several in a row', async () => {
    const client = await WireClient.connect(server, { protocol: 2 });
    await client.join(channel, 'ann');
    for (const status of ['typing', 'idle']) {
      client.request('presence_update', { channel, data: { status } });
      await client.next('presence_update');
    }
    const [, , updated] = await history();
    expect(updated?.presence_event).toMatchObject({ user_info: { status: 'typing' } });
    await expectLines(
      `ann member_added join ${client.socketId}`,
      `ann member_updated join ${client.socketId}`,
    );
    await client.close();
  });

  it('is not kept where the namespace says so', async () => {
    channel = 'presence-quiet:1';
    await watcher.join(channel, 'watcher');
    const { status, text } = await server.request('GET', `/channels/${channel}/presence/history`);
    expect([status, JSON.parse(text).code]).toEqual([422, 'feature_disabled']);
  });

  it('shows in the stats where it is kept', async () => {
    await history();
    const response = await fetch(`http://${server.host}:${server.port}/stats`);
    expect(await response.json()).toMatchObject({
      presence_history: {
        enabled: true,
        backend: 'sqlite',
        state_authority: 'durable_store',
        degraded_channels: 0,
        reset_required_channels: 0,
        queue_depth: 0,
      },
    });
    expect(server.complaints).toEqual([]);
  });
});
