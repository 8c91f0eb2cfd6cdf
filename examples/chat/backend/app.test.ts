import { decodeJwt, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { conversationChannel, devicesChannel, listChannel, WATCHER_ID } from '../shared/names.ts';
import { createBackend } from './app.ts';
import { Tokens } from './tokens.ts';
import { userOf } from './users.ts';

const SECRET = 'a'.repeat(48);
const USER = userOf(`Bearer ${SECRET}`) ?? '';
const DEVICE = { id: 'window-1', name: 'Firefox on Linux' };

describe('backend', () => {
  const reset: string[] = [];
  const signed: unknown[] = [];
  const app = createBackend({
    sockudo: {
      authorizeChannel: (socketId, channel, data) => {
        signed.push([socketId, channel, data]);
        return { auth: 'key:signature' };
      },
      resetChannelHistory: async (channel) => {
        reset.push(channel);
        return {} as never;
      },
    },
    tokens: new Tokens('http://key:s%2Fecret@127.0.0.1:1/apps/app'),
    about: { model: 'm', isStandIn: true },
  });
  const post = (url: string, payload: object, secret = SECRET) =>
    app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${secret}` } });

  it('signs a token that is good for the channels of its user, and for no others', async () => {
    const { token, user, key } = (await post('/token', {})).json();
    await jwtVerify(token, new TextEncoder().encode('s/ecret'), { algorithms: ['HS256'] });
    expect([user, key]).toEqual([USER, 'key']);
    const claims = decodeJwt(token);
    expect(claims['x-sockudo-client-id']).toBe(USER);
    expect(Object.keys(claims['x-sockudo-capability'] ?? {})).toEqual([
      conversationChannel(USER, '*'),
      listChannel(USER),
      devicesChannel(USER),
      'presence-agents',
    ]);
  });

  it.each(['', 'short', 'a'.repeat(65), `${'a'.repeat(40)} b`])('knows no user for %j', async (secret) => {
    for (const url of ['/token', '/authorize', '/forget'])
      expect((await post(url, {}, secret)).statusCode).toBe(401);
  });

  it('lets a user into channels of its own, and says who sits where', async () => {
    const authorize = (channel: string) => post('/authorize', { socketId: '1.2', channel, device: DEVICE });
    const own = [conversationChannel(USER, 'c1'), listChannel(USER), devicesChannel(USER), 'presence-agents'];
    for (const channel of own) expect((await authorize(channel)).json()).toEqual({ auth: 'key:signature' });
    expect(signed.slice(2)).toEqual([
      ['1.2', devicesChannel(USER), { user_id: 'window-1', user_info: { name: 'Firefox on Linux' } }],
      ['1.2', 'presence-agents', { user_id: WATCHER_ID }],
    ]);
    const other = userOf(`Bearer ${'b'.repeat(48)}`) ?? '';
    const foreign = [
      conversationChannel(other, 'c1'),
      listChannel(other),
      devicesChannel(other),
      'private-x',
    ];
    for (const channel of foreign) expect((await authorize(channel)).statusCode).toBe(403);
  });

  it('forgets a conversation of the user', async () => {
    expect((await post('/forget', { conversation: 'c1' })).statusCode).toBe(200);
    expect((await post('/forget', { conversation: '../c1' })).statusCode).toBe(400);
    expect(reset).toEqual([conversationChannel(USER, 'c1')]);
  });
});
