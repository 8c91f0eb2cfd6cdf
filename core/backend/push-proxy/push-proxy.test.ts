// The proxy in front of a real server: what browsers may do through it, and what they may not.
import Sockudo from 'sockudo';
import { expect, it, onTestFinished } from 'vitest';
import { FakeWebPush } from '../../../push/testing/fakes/fake-web-push.ts';
import { type PushServer, startPushServer } from '../../../push/testing/push-server.ts';
import { pushProxy } from './index.ts';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers, whatever their shape.
  readonly body: any;
}

type Ask = (
  user: string | null,
  method: string,
  path: string,
  options?: { readonly body?: unknown; readonly token?: string; readonly type?: string },
) => Promise<Answer>;

async function start(): Promise<{ server: PushServer; ask: Ask; web: FakeWebPush }> {
  const server = await startPushServer({ push: { allow_local_endpoints: true } });
  onTestFinished(() => server.close());
  const web = await FakeWebPush.start();
  onTestFinished(() => web.close());
  const { app, host, port } = server;
  const sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
  const proxy = pushProxy(sockudo, {
    basePath: '/push/',
    userOf: ({ headers }) => headers.get('x-user'),
    maySubscribe: (userId, channel) => channel === `orders-${userId}`,
    vapidPublicKey: 'the-key',
  });
  const ask: Ask = async (user, method, path, { body, token, type = 'application/json' } = {}) => {
    const headers = new Headers({ 'content-type': type });
    if (user !== null) headers.set('x-user', user);
    if (token !== undefined) headers.set('x-sockudo-device-identity-token', token);
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await proxy(new Request(`http://app.example/push${path}`, { method, headers, ...text }));
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? null : JSON.parse(answer) };
  };
  return { server, ask, web };
}

const device = (web: FakeWebPush, id: string, more: object = {}): object => ({
  id,
  formFactor: 'desktop',
  platform: 'browser',
  timezone: 'Europe/Oslo',
  locale: 'nb-NO',
  push: { recipient: web.subscribe(id) },
  ...more,
});

const subscription = (channel: string, deviceId: string): object => ({
  channel,
  deviceId,
  provider: 'webPush',
  tokenHash: 'hash',
});

it('registers a device for the signed-in user, whomever the browser names', async () => {
  const { server, ask, web } = await start();
  const body = device(web, 'd1', { clientId: 'eve', pushRatePolicy: { capacity: 1, refillPerSecond: 1 } });
  const first = await ask('ann', 'POST', '/deviceRegistrations', { body });
  expect(first).toMatchObject({ status: 201, body: { change: 'inserted', device: { clientId: 'ann' } } });
  const stored = await server.service.devices.get(server.app.id, 'd1');
  expect(stored?.clientId).toBe('ann');
  expect(stored?.pushRatePolicy).toBeUndefined();
  const token = first.body.deviceIdentityToken;
  expect(token).toMatch(/^[\w-]{43}$/);
  const moved = { ...device(web, 'd1'), locale: 'en' };
  const second = await ask('ann', 'POST', '/deviceRegistrations', { body: moved, token });
  expect(second).toMatchObject({ status: 201, body: { change: 'updated', device: { locale: 'en' } } });
  expect(second.body.deviceIdentityToken).toBeUndefined();
});

it('gives the user another token where the first one was lost, and refuses a wrong one', async () => {
  const { ask, web } = await start();
  const body = device(web, 'd1');
  const first = await ask('ann', 'POST', '/deviceRegistrations', { body });
  const again = await ask('ann', 'POST', '/deviceRegistrations', { body });
  expect(again.body.deviceIdentityToken).toMatch(/^[\w-]{43}$/);
  const { deviceIdentityToken: dead } = first.body;
  expect(again.body.deviceIdentityToken).not.toBe(dead);
  const refused = await ask('ann', 'POST', '/deviceRegistrations', { body, token: dead });
  expect(refused).toMatchObject({ status: 401, body: { code: 'auth_failed' } });
});

it('hands a browser over to the next user without what the one before had subscribed', async () => {
  const { server, ask, web } = await start();
  const body = device(web, 'd1');
  const { deviceIdentityToken: token } = (await ask('ann', 'POST', '/deviceRegistrations', { body })).body;
  await ask('ann', 'POST', '/channelSubscriptions', { body: subscription('orders-ann', 'd1'), token });
  const stolen = await ask('bob', 'POST', '/deviceRegistrations', { body });
  expect(stolen).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  const guessed = await ask('bob', 'POST', '/deviceRegistrations', { body, token: 'guess' });
  expect(guessed.status).toBe(403);
  const handed = await ask('bob', 'POST', '/deviceRegistrations', { body, token });
  expect(handed).toMatchObject({ status: 201, body: { change: 'inserted', device: { clientId: 'bob' } } });
  const left = await server.call('GET', '/channelSubscriptions');
  expect(left.body.items).toEqual([]);
});

it('shows and removes own devices only', async () => {
  const { server, ask, web } = await start();
  for (const [user, id] of [
    ['ann', 'd1'],
    ['ann', 'd2'],
    ['bob', 'd3'],
  ] as const) {
    await ask(user, 'POST', '/deviceRegistrations', { body: device(web, id) });
  }
  expect((await ask('ann', 'GET', '/deviceRegistrations/d1')).body.id).toBe('d1');
  for (const method of ['GET', 'DELETE']) {
    expect((await ask('bob', method, '/deviceRegistrations/d1')).status).toBe(404);
    expect((await ask('bob', method, '/deviceRegistrations/none')).status).toBe(404);
  }
  expect((await ask('ann', 'DELETE', '/deviceRegistrations/d1')).status).toBe(204);
  const all = await ask('ann', 'DELETE', '/deviceRegistrations?clientId=bob');
  expect(all).toMatchObject({ status: 200, body: { deleted: 1 } });
  expect(await server.service.devices.get(server.app.id, 'd3')).not.toBeNull();
});

it('subscribes own devices to channels that the application allows', async () => {
  const { ask, web } = await start();
  const tokens: Record<string, string> = {};
  for (const user of ['ann', 'bob']) {
    const answer = await ask(user, 'POST', '/deviceRegistrations', { body: device(web, `d-${user}`) });
    tokens[user] = answer.body.deviceIdentityToken;
  }
  const post = (user: string, channel: string, id: string, token = tokens[user] ?? '') =>
    ask(user, 'POST', '/channelSubscriptions', { body: subscription(channel, id), token });
  expect(await post('ann', 'orders-ann', 'd-ann')).toMatchObject({
    status: 201,
    body: { channel: 'orders-ann', deviceId: 'd-ann', clientId: 'ann' },
  });
  expect((await post('ann', 'orders-bob', 'd-ann')).status).toBe(403);
  expect((await post('ann', 'orders-ann', 'd-bob')).status).toBe(401);
  // The device proves itself, but it is not the user's.
  expect((await post('ann', 'orders-ann', 'd-bob', tokens.bob)).status).toBe(404);
  const token = tokens.ann ?? '';
  const list = await ask('ann', 'GET', '/channelSubscriptions?deviceId=d-ann', { token });
  expect(list.body.items).toMatchObject([{ channel: 'orders-ann' }]);
  expect((await ask('ann', 'GET', '/channelSubscriptions?channel=orders-ann', { token })).status).toBe(400);
  const query = 'channel=orders-ann&deviceId=d-ann';
  const other = await ask('bob', 'DELETE', `/channelSubscriptions?${query}`, { token: tokens.bob ?? '' });
  expect(other.status).toBe(401);
  const removed = await ask('ann', 'DELETE', `/channelSubscriptions?${query}`, { token });
  expect(removed).toEqual({ status: 200, body: { deleted: 1 } });
});

it('refuses what is not for browsers', async () => {
  const { ask, web } = await start();
  const body = device(web, 'd1');
  const status = async (...args: Parameters<Ask>) => (await ask(...args)).status;
  expect(await status(null, 'POST', '/deviceRegistrations', { body })).toBe(401);
  expect(await status('ann', 'POST', '/deviceRegistrations', { body, type: 'text/plain' })).toBe(400);
  expect(await status('ann', 'POST', '/deviceRegistrations', { body: [] })).toBe(400);
  expect(await status('ann', 'POST', '/deviceRegistrations', { body: { x: 'y'.repeat(20_000) } })).toBe(413);
  const phone = device(web, 'd1', { push: { recipient: { transportType: 'gcm', registrationToken: 't' } } });
  expect(await status('ann', 'POST', '/deviceRegistrations', { body: phone })).toBe(400);
  expect(await status('ann', 'PUT', '/deviceRegistrations', { body })).toBe(405);
  expect(await status('ann', 'GET', '/deviceRegistrations/%2e%2e')).toBe(404);
  expect(await status('ann', 'GET', `/deviceRegistrations/${'x'.repeat(129)}`)).toBe(400);
  expect(await status('ann', 'POST', '/publish', { body })).toBe(404);
  expect(await status('ann', 'GET', '/constructor')).toBe(404);
  expect(await ask('ann', 'GET', '/vapidPublicKey')).toEqual({
    status: 200,
    body: { vapidPublicKey: 'the-key' },
  });
});

it('tells browsers of a server that cannot be reached, or refuses this backend, nothing but to come back', async () => {
  const { server } = await start();
  const { app, host, port } = server;
  const unreachable = new Sockudo({ appId: 'a', key: 'k', secret: 's', host: '127.0.0.1', port: 1 });
  const refused = new Sockudo({ appId: app.id, key: app.key, secret: 'wrong', host, port });
  const unknown = new Sockudo({ appId: app.id, key: 'none', secret: 'wrong', host, port });
  for (const sockudo of [unreachable, refused, unknown]) {
    const proxy = pushProxy(sockudo, { basePath: '/push', userOf: () => 'ann' });
    const response = await proxy(
      new Request('http://app.example/push/deviceRegistrations', { method: 'DELETE' }),
    );
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      error: 'push is not available',
      code: 'service_unavailable',
      status: 503,
    });
  }
});
