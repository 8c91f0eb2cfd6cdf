// How pusher-js 8 takes this server's refusals: what it tells the page, and whether it stops or tries again.
import { describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import { heard, reaches, stockClient, subscribed } from '../support/stock-packages.ts';
import { startTestServer } from '../support/test-server.ts';

const QUOTA_APP = {
  id: 'quota',
  key: 'quota-key',
  secret: 'quota-secret',
  enabled: true,
  max_connections: 1,
};
const OFF_APP = { id: 'off', key: 'off-key', secret: 'off-secret', enabled: false };

const server = sharedTestServer(() =>
  startTestServer({
    moreApps: [QUOTA_APP, OFF_APP],
    app: { max_client_events_per_second: 1, decay_seconds: 3600 },
  }),
);

describe('pusher-js stops for good', () => {
  it.each([
    ['an unknown key', 'nobody-has-this-key', 4001, 'Application does not exist'],
    ['a disabled app', OFF_APP.key, 4003, 'Application disabled'],
  ])('on %s', async (_, key, code, message) => {
    const client = stockClient(server, { key });
    const errors = heard(client.connection, 'error');
    expect(await errors.next()).toMatchObject({ data: { error: { data: { code, message } } } });
    await reaches(client, 'disconnected');
  });

  it('on the connection quota of the app', async () => {
    const first = stockClient(server, { key: QUOTA_APP.key });
    await heard(first.connection, 'connected').next();
    const second = stockClient(server, { key: QUOTA_APP.key });
    const errors = heard(second.connection, 'error');
    expect(await errors.next()).toMatchObject({ data: { error: { data: { code: 4004 } } } });
    await reaches(second, 'disconnected');
  });
});

describe('pusher-js goes on after', () => {
  it('a channel name that is not allowed', async () => {
    const client = stockClient(server);
    await subscribed(client, 'stock-fine');
    const errors = heard(client.connection, 'error');
    client.subscribe('not allowed');
    expect(await errors.next()).toMatchObject({ data: { data: { code: 4300 } } });
    await subscribed(client, 'stock-still-fine');
  });

  it('client events that are not allowed there, and too many of them', async () => {
    const client = stockClient(server);
    const channel = await subscribed(client, 'stock-public');
    const errors = heard(client.connection, 'error');
    for (let sent = 0; sent < 2; sent += 1) channel.trigger('client-x', {});
    const [first, second] = await errors.take(2);
    expect(first).toMatchObject({
      data: {
        data: {
          code: 4301,
          message: 'Client event error: Client events can only be sent to private or presence channels',
        },
      },
    });
    expect(second).toMatchObject({
      data: { data: { code: 4301, message: 'Client event rejected due to rate limit' } },
    });
    expect(client.connection.state).toBe('connected');
  });
});

it('connects with the key that works', async () => {
  const client = stockClient(server, { key: TEST_APP.key });
  const { data } = await heard(client.connection, 'connected').next();
  expect(data).toMatchObject({ socket_id: expect.stringMatching(/^\d+\.\d+$/) });
});
