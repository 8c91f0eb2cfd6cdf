// pusher 5, the server SDK, as published: publishing in its forms, reading state, refusals.
import Pusher from 'pusher';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedTestServer } from '../support/shared-test-server.ts';
import { heard, stockBackend, stockClient, subscribed } from '../support/stock-packages.ts';
import { startTestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

const NUMERIC_APP = { id: '12345', key: 'numeric-key', secret: 'numeric-secret', enabled: true };

const server = sharedTestServer(() => startTestServer({ moreApps: [NUMERIC_APP] }));
let backend: Pusher;
beforeAll(() => {
  backend = stockBackend(server);
});

describe('publishing', () => {
  it('sends a batch in order, encrypted items included', async () => {
    const channel = await subscribed(stockClient(server), 'sdk-batch');
    const events = heard(channel, 'event');
    const response = await backend.triggerBatch([
      { channel: 'sdk-batch', name: 'event', data: 1 },
      { channel: 'private-encrypted-x', name: 'event', data: 'hidden' },
      { channel: 'sdk-batch', name: 'event', data: 2 },
    ]);
    expect(response.status).toBe(200);
    expect((await events.take(2)).map(({ data }) => data)).toEqual([1, 2]);
  });

  it('answers the counts asked for with info', async () => {
    const member = await WireClient.connect(server);
    await member.join('presence-sdk-info', 'u-1');
    const response = await backend.trigger(
      'presence-sdk-info',
      'event',
      {},
      { info: 'user_count,subscription_count' },
    );
    expect(await response.json()).toMatchObject({
      channels: { 'presence-sdk-info': { user_count: 1, subscription_count: 1 } },
    });
    const batch = await backend.triggerBatch([
      { channel: 'presence-sdk-info', name: 'event', data: {}, info: 'user_count' },
    ]);
    expect(await batch.json()).toMatchObject({ batch: [{ user_count: 1 }] });
    await member.close();
  });

  it('works through forURL', async () => {
    // The SDK takes only digits for an app id in a URL.
    const { key, secret, id } = NUMERIC_APP;
    const numeric = Pusher.forURL(`http://${key}:${secret}@${server.host}:${server.port}/apps/${id}`);
    const response = await numeric.trigger('sdk', 'event', {});
    expect(response.status).toBe(200);
  });
});

describe('state', () => {
  it('lists occupied channels, with counts and by prefix', async () => {
    const first = await WireClient.connect(server);
    const second = await WireClient.connect(server);
    for (const client of [first, second]) await client.subscribe('sdk-list-a');
    await first.join('presence-sdk-list', 'u-1');
    await second.join('presence-sdk-list', 'u-1');
    const all = await json(backend.get({ path: '/channels', params: { filter_by_prefix: 'sdk-list-' } }));
    expect(all).toEqual({ channels: { 'sdk-list-a': {} } });
    const presence = await json(
      backend.get({ path: '/channels', params: { filter_by_prefix: 'presence-sdk-', info: 'user_count' } }),
    );
    expect(presence).toEqual({ channels: { 'presence-sdk-list': { user_count: 1 } } });
    const one = await json(
      backend.get({ path: '/channels/sdk-list-a', params: { info: 'subscription_count' } }),
    );
    expect(one).toMatchObject({ occupied: true, subscription_count: 2 });
    const users = await json(backend.get({ path: '/channels/presence-sdk-list/users' }));
    expect(users).toEqual({ users: [{ id: 'u-1' }] });
    await Promise.all([first.close(), second.close()]);
  });

  it('knows an empty channel', async () => {
    expect(await json(backend.get({ path: '/channels/sdk-empty' }))).toMatchObject({ occupied: false });
  });
});

describe('refusals', () => {
  it('come as RequestError with the status and a body that explains', async () => {
    const forger = stockBackend({ ...server, app: { ...server.app, secret: 'guessed' } });
    await expect(forger.trigger('sdk', 'event', {})).rejects.toMatchObject({
      name: 'PusherRequestError',
      status: 401,
      body: expect.stringContaining('"error"'),
    });
    await expect(backend.get({ path: '/channels/sdk/users' })).rejects.toMatchObject({ status: 400 });
  });
});

async function json(response: Promise<{ json(): Promise<unknown> }>): Promise<unknown> {
  return (await response).json();
}
