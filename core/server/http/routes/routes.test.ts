// The routes of the API that read state or close connections, over a real port.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeDeps, fakeApp, fakeDeps, signedQuery } from '../fake-deps.ts';
import { createHttpFront, type HttpFront } from '../front.ts';

let deps: FakeDeps;
let front: HttpFront;
let origin: string;

async function start(fresh: FakeDeps): Promise<void> {
  deps = fresh;
  front = await createHttpFront(deps);
  origin = `http://127.0.0.1:${(await front.listen()).port}`;
}

beforeEach(() =>
  start(fakeDeps({ apps: [fakeApp(), fakeApp({ id: 'off', key: 'k-off', enabled: false })] })),
);
afterEach(() => front.close());

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function call(
  method: 'GET' | 'POST',
  path: string,
  query: Record<string, string> = {},
): Promise<Reply> {
  const url = `${origin}${path}?${signedQuery(method, path, method === 'POST' ? '' : null, { query })}`;
  const response = await fetch(url, { method });
  return { status: response.status, body: await response.json() };
}

const get = (path: string, query?: Record<string, string>): Promise<Reply> =>
  call('GET', `/apps/4242${path}`, query);

const refused = (error: string, status = 400, code = 'invalid_input'): Reply => ({
  status,
  body: { error, code, status },
});

async function occupy(channel: string, connections: number): Promise<void> {
  for (let i = 0; i < connections; i += 1) await deps.occupancy.change('4242', channel, 1);
}

async function join(channel: string, socketId: string, userId: string): Promise<void> {
  await deps.occupancy.change('4242', channel, 1);
  await deps.presence.join({ appId: '4242', channel, socketId, member: { userId, info: '{}' } });
}

describe('GET /channels', () => {
  beforeEach(async () => {
    await occupy('list-one', 2);
    await occupy('list-two', 1);
    await join('presence-p', '1.1', 'ann');
    await join('presence-p', '1.2', 'ann');
    await join('presence-p', '1.3', 'bob');
  });

  it('lists occupied channels', async () => {
    expect(await get('/channels')).toEqual({
      status: 200,
      body: { channels: { 'list-one': {}, 'list-two': {}, 'presence-p': {} } },
    });
  });

  it('by prefix, with counts', async () => {
    expect((await get('/channels', { filter_by_prefix: 'list-', info: 'subscription_count' })).body).toEqual({
      channels: { 'list-one': { subscription_count: 2 }, 'list-two': { subscription_count: 1 } },
    });
    const info = 'user_count, subscription_count';
    expect((await get('/channels', { filter_by_prefix: 'presence-', info })).body).toEqual({
      channels: { 'presence-p': { user_count: 2, subscription_count: 3 } },
    });
    expect((await get('/channels', { filter_by_prefix: 'nothing-' })).body).toEqual({ channels: {} });
  });

  it('counts users of presence channels only', async () => {
    const expected = refused(
      'user_count is only available for presence channels. Use filter_by_prefix=presence-',
    );
    expect(await get('/channels', { info: 'user_count' })).toEqual(expected);
    expect(await get('/channels', { filter_by_prefix: 'list-', info: 'user_count' })).toEqual(expected);
    expect((await get('/channels', { filter_by_prefix: 'none-', info: 'user_count' })).status).toBe(200);
  });

  it('leaves out channels of which it was asked nothing that it knows', async () => {
    expect((await get('/channels', { info: 'cache' })).body).toEqual({ channels: {} });
  });

  it('is never stale (D58)', async () => {
    await get('/channels');
    await deps.occupancy.change('4242', 'list-two', -1);
    expect((await get('/channels', { filter_by_prefix: 'list-' })).body).toEqual({
      channels: { 'list-one': {} },
    });
  });

  it('leaves out meta channels and patterns (D58)', async () => {
    await occupy('[meta]list-one', 1);
    await occupy('list-*', 1);
    await occupy('#server-to-user-ann', 1);
    expect((await get('/channels', { info: 'subscription_count' })).body).toEqual({
      channels: {
        'list-one': { subscription_count: 2 },
        'list-two': { subscription_count: 1 },
        'presence-p': { subscription_count: 3 },
        '#server-to-user-ann': { subscription_count: 1 },
      },
    });
  });

  it('is not confused by names of objects', async () => {
    await occupy('__proto__', 1);
    const response = await fetch(
      `${origin}/apps/4242/channels?${signedQuery('GET', '/apps/4242/channels', null, { query: { filter_by_prefix: '__' } })}`,
    );
    expect(await response.text()).toBe('{"channels":{"__proto__":{}}}');
  });
});

describe('GET /channels/:channel', () => {
  it('tells what is asked', async () => {
    await occupy('c', 2);
    expect(await get('/channels/c')).toEqual({ status: 200, body: { occupied: true } });
    expect((await get('/channels/c', { info: 'subscription_count' })).body).toEqual({
      occupied: true,
      subscription_count: 2,
    });
    expect((await get('/channels/empty', { info: 'subscription_count' })).body).toEqual({
      occupied: false,
      subscription_count: 0,
    });
  });

  it.each(['presence-p', 'presence-cache-p'])('counts the users of %s', async (channel) => {
    await join(channel, '1.1', 'ann');
    await join(channel, '1.2', 'ann');
    expect((await get(`/channels/${channel}`, { info: 'user_count,subscription_count' })).body).toEqual({
      occupied: true,
      user_count: 1,
      subscription_count: 2,
    });
  });

  it('counts no users elsewhere', async () => {
    expect(await get('/channels/c', { info: 'user_count' })).toEqual(
      refused('user_count is only available for presence channels'),
    );
  });

  it('shows the cached event of cache channels', async () => {
    await front.close();
    await start(
      fakeDeps({
        deps: { cachedEvent: async (_app, channel) => ({ data: `{"channel":"${channel}"}`, ttlSeconds: 7 }) },
      }),
    );
    expect((await get('/channels/cache-c', { info: 'cache' })).body).toEqual({
      occupied: false,
      cache: { data: '{"channel":"cache-c"}', ttl: 7 },
    });
    expect((await get('/channels/my-cache-c', { info: 'cache' })).body).toEqual({ occupied: false });
    expect((await get('/channels/cache-c')).body).toEqual({ occupied: false });
  });

  it('decodes the name, and refuses one that no channel can have', async () => {
    await occupy('a=b@c', 1);
    expect((await get('/channels/a%3Db%40c')).body).toEqual({ occupied: true });
    expect(await get('/channels/bad%20name')).toEqual(
      refused("Channel name contains invalid characters: 'bad name' (invalid chars: [' '])"),
    );
    expect((await get('/channels/a%2Fb')).status).toBe(400);
    expect(await get(`/channels/${'x'.repeat(201)}`)).toEqual(
      refused('Channel name too long. Max length is 200'),
    );
    expect((await get(`/channels/${'x'.repeat(200)}`)).status).toBe(200);
  });
});

describe('GET /channels/:channel/users', () => {
  it('lists users once each', async () => {
    await join('presence-u', '1.1', 'ann');
    await join('presence-u', '1.2', 'bob');
    await join('presence-u', '1.3', 'bob');
    expect(await get('/channels/presence-u/users')).toEqual({
      status: 200,
      body: { users: [{ id: 'ann' }, { id: 'bob' }] },
    });
    expect((await get('/channels/presence-none/users')).body).toEqual({ users: [] });
  });

  it('is for presence channels', async () => {
    expect(await get('/channels/public/users')).toEqual(
      refused('Only presence channels support this endpoint'),
    );
  });
});

describe('closing the connections of a user', () => {
  it.each([
    ['terminate_connections', 4009],
    ['force_reconnect', 4200],
  ])('%s closes with %i', async (action, code) => {
    expect(await call('POST', `/apps/4242/users/a%20b%2Fc/${action}`)).toEqual({
      status: 200,
      body: { ok: true },
    });
    expect(deps.calls.closedUsers).toEqual([{ appId: '4242', userId: 'a b/c', code }]);
  });
});

describe('a disabled app (D45)', () => {
  it.each([
    ['GET', '/apps/off/channels'],
    ['GET', '/apps/off/channels/c'],
    ['GET', '/apps/off/channels/presence-c/users'],
    ['POST', '/apps/off/events'],
    ['POST', '/apps/off/batch_events'],
    ['POST', '/apps/off/users/u/terminate_connections'],
    ['POST', '/apps/off/users/u/force_reconnect'],
  ] as const)('%s %s', async (method, path) => {
    const query = signedQuery(method, path, method === 'POST' ? '' : null, {
      app: { key: 'k-off', secret: 's-demo-0001' },
    });
    const response = await fetch(`${origin}${path}?${query}`, { method });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: 'Application is disabled',
      code: 'forbidden',
      status: 403,
    });
    expect(deps.calls.closedUsers).toEqual([]);
  });
});

describe('counting', () => {
  it('counts successful calls with their bytes', async () => {
    await get('/channels/c');
    await get('/channels/bad%20name');
    await fetch(`${origin}/apps/4242/channels`).then((response) => response.text());
    const { httpCallsReceived, httpReceivedBytes, httpTransmittedBytes } = deps.counters.of('4242');
    expect([httpCallsReceived, httpReceivedBytes, httpTransmittedBytes]).toEqual([1, 0, 18]);
  });
});

describe('unknown paths', () => {
  it.each(['/nothing', '/apps', '/apps/4242', '/apps/4242/nothing', '/apps/4242/events/x', '/', '//live'])(
    '%s: 404 as plain text, without CORS',
    async (path) => {
      const response = await fetch(origin + path);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('text/plain');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(await response.text()).toBe('404 NOT FOUND');
    },
  );
});

describe('wrong methods', () => {
  it.each([
    ['PUT', '/apps/4242/events', 'POST'],
    ['GET', '/apps/4242/events', 'POST'],
    ['DELETE', '/apps/4242/channels', 'GET,HEAD'],
    ['POST', '/apps/4242/channels/c', 'GET,HEAD'],
    ['PROPFIND', '/apps/4242/channels', 'GET,HEAD'],
    ['POST', '/up', 'GET,HEAD'],
  ])('%s %s: 405, before any signature', async (method, path, allow) => {
    const response = await fetch(origin + path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.text()).toBe('');
  });
});
