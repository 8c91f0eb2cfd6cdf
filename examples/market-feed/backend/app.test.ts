// The endpoints that decide who may do what: every way in that must not work, and the ones that must.
import { Sockudo } from 'sockudo';
import { describe, expect, it } from 'vitest';
import type { Feed } from '../feed/feed.ts';
import { createBackend } from './app.ts';
import { Sessions } from './sessions.ts';

const sockudo = new Sockudo({ appId: 'app-id', key: 'app-key', secret: 'app-secret' });
const feed: Feed = {
  state: () => ({ instruments: [], quotes: [{ symbol: 'AAPL', value: 1, at: '', sequence: 1 }] }),
  values: () => new Map(),
  close: () => {},
};

const backend = () => createBackend({ sockudo, feed, sessions: new Sessions() });
type Backend = ReturnType<typeof backend>;

const login = (app: Backend, name: unknown, password: unknown) =>
  app.inject({ method: 'POST', url: '/login', payload: { name, password } });

async function tokenOf(app: Backend, name: string): Promise<string> {
  return (await login(app, name, 'demo')).json().token;
}

function authorize(app: Backend, channel: string, token?: string, socketId = '12.34', more = {}) {
  return app.inject({
    method: 'POST',
    url: '/realtime/auth',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    payload: new URLSearchParams({ socket_id: socketId, channel_name: channel, ...more }).toString(),
  });
}

describe('login', () => {
  it('knows the demo users, however their name is written, and keeps the password to itself', async () => {
    const answer = (await login(backend(), ' Ada ', 'demo')).json();
    expect(answer).toEqual({ token: expect.stringMatching(/^[\w-]{32}$/), user: { id: 'ada', name: 'Ada' } });
  });

  it.each([
    ['ada', 'wrong'],
    ['nobody', 'demo'],
    ['', ''],
    ['__proto__', 'demo'],
    [{ id: 'ada' }, 'demo'],
    ['ada', undefined],
  ])('refuses %j with %j', async (name, password) => {
    const response = await login(backend(), name, password);
    expect(response.statusCode).toBe(401);
    expect(response.json()).toEqual({ error: 'Unknown name or wrong password' });
  });
});

describe('realtime/auth', () => {
  it('signs the own account and the floor, with the user of the session', async () => {
    const app = backend();
    const token = await tokenOf(app, 'ada');
    const own = await authorize(app, 'private-account-ada', token);
    expect(own.json()).toEqual(sockudo.authorizeChannel('12.34', 'private-account-ada'));
    const floor = await authorize(app, 'presence-floor', token, '12.34', { user_id: 'ben' });
    expect(floor.json().channel_data).toBe('{"user_id":"ada","user_info":{"name":"Ada"}}');
  });

  it.each(['private-account-ben', 'private-account-', 'private-anything', 'presence-other', 'market', ''])(
    'refuses %j to Ada',
    async (channel) => {
      const app = backend();
      const response = await authorize(app, channel, await tokenOf(app, 'ada'));
      expect(response.statusCode).toBe(403);
      expect(response.body).not.toContain('auth"');
    },
  );

  it.each([undefined, '', 'made-up'])('refuses the token %j', async (token) => {
    expect((await authorize(backend(), 'private-account-ada', token)).statusCode).toBe(401);
  });

  it('refuses a session that was closed', async () => {
    const app = backend();
    const token = await tokenOf(app, 'ada');
    await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${token}` } });
    expect((await authorize(app, 'private-account-ada', token)).statusCode).toBe(401);
  });

  it('refuses a socket id that cannot be one', async () => {
    const app = backend();
    const response = await authorize(app, 'presence-floor', await tokenOf(app, 'ada'), '12:34');
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({ error: 'Invalid request' });
  });
});

describe('market', () => {
  it('is open to everybody', async () => {
    const response = await backend().inject({ method: 'GET', url: '/market' });
    expect(response.json()).toEqual(feed.state());
  });
});
