import { describe, expect, it } from 'vitest';
import { channelAuthorizer, userAuthenticator } from './authorization.ts';
import { HTTPAuthError } from './errors.ts';
import type { SockudoOptions } from './options.ts';
import { FakeRuntime, settled } from './testing/fake-runtime.ts';

const channel = { name: 'private-desk' };

function asking(options: SockudoOptions) {
  const runtime = new FakeRuntime();
  const answer = channelAuthorizer(options, runtime)('1.1', channel);
  answer.catch(() => {});
  return { runtime, answer };
}

async function request(options: SockudoOptions) {
  const { runtime, answer } = asking(options);
  await settled();
  const [sent] = runtime.requests;
  if (sent === undefined) throw new Error('no request was made');
  return { sent, answer, headers: new Headers(sent.init.headers) };
}

describe('endpoint', () => {
  it('is posted a form and answers JSON', async () => {
    const { sent, answer, headers } = await request({
      channelAuthorization: {
        endpoint: 'https://app.example/auth',
        headers: { 'X-CSRF': 'a', 'X-Other': 'b' },
        headersProvider: async () => ({ 'X-CSRF': 'fresh' }),
        params: { tenant: 'ü&=' },
        paramsProvider: () => ({ more: '1' }),
      },
    });
    expect(sent.url).toBe('https://app.example/auth');
    expect(sent.init).toMatchObject({ method: 'POST', credentials: 'same-origin' });
    expect(headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    expect(headers.get('x-csrf')).toBe('fresh');
    expect(headers.get('x-other')).toBe('b');
    expect(sent.init.body).toBe('socket_id=1.1&channel_name=private-desk&tenant=%C3%BC%26%3D&more=1');
    sent.answer(200, { auth: 'k:s', channel_data: '{}', shared_secret: 'x', other: 1 });
    expect(await answer).toEqual({ auth: 'k:s', channel_data: '{}', shared_secret: 'x' });
  });

  it('has Pusher’s default addresses', async () => {
    expect((await request({})).sent.url).toBe('/pusher/auth');
    const runtime = new FakeRuntime();
    userAuthenticator({}, runtime)('1.1').catch(() => {});
    await settled();
    expect(runtime.requests[0]?.url).toBe('/pusher/user-auth');
    expect(runtime.requests[0]?.init.body).toBe('socket_id=1.1');
  });

  it('may answer 201', async () => {
    const { sent, answer } = await request({});
    sent.answer(201, { auth: 'k:s' });
    expect(await answer).toEqual({ auth: 'k:s' });
  });

  it('fails with the status', async () => {
    const { sent, answer } = await request({});
    sent.answer(403, 'the secret is out');
    const error: unknown = await answer.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HTTPAuthError);
    expect(error).toMatchObject({ status: 403 });
    expect(String(error)).toContain('403');
    expect(String(error)).not.toContain('secret');
  });

  it.each([
    ['no JSON', '<html>', 'invalid'],
    ['no auth', '{}', 'no auth string'],
    ['no object', '5', 'no auth string'],
  ])('fails on an answer with %s', async (_what, body, text) => {
    const { sent, answer } = await request({});
    sent.answer(200, body);
    await expect(answer).rejects.toThrow(text);
  });

  it('fails when nobody answers', async () => {
    const { sent, answer } = await request({});
    sent.fail('connection refused');
    await expect(answer).rejects.toThrow('connection refused');
  });

  it('knows no jsonp', () => {
    // CAST: what JavaScript callers may pass.
    const options = { channelAuthorization: { transport: 'jsonp' } } as unknown as SockudoOptions;
    expect(() => asking(options)).toThrow('jsonp');
  });
});

describe('functions', () => {
  it('may call back or return a promise', async () => {
    const data = { auth: 'k:s' };
    const called = asking({ channelAuthorization: { customHandler: (_params, done) => done(null, data) } });
    const promised = asking({ channelAuthorization: { customHandler: async () => data } });
    expect([await called.answer, await promised.answer]).toEqual([data, data]);
  });

  it('may fail either way, or throw', async () => {
    const boom = new Error('boom');
    const handlers: NonNullable<SockudoOptions['channelAuthorization']>['customHandler'][] = [
      (_params, done) => done(boom, null),
      () => Promise.reject(boom),
      () => {
        throw boom;
      },
    ];
    for (const customHandler of handlers) {
      if (customHandler === undefined) continue;
      await expect(asking({ channelAuthorization: { customHandler } }).answer).rejects.toBe(boom);
    }
  });

  it('authenticate users too', async () => {
    const runtime = new FakeRuntime();
    const ask = (user_data: unknown) =>
      // CAST: what JavaScript callers may answer.
      userAuthenticator(
        { userAuthentication: { customHandler: async () => ({ auth: 'k', user_data }) as never } },
        runtime,
      )('1.1');
    expect(await ask('{}')).toEqual({ auth: 'k', user_data: '{}' });
    await expect(ask({ id: 1 })).rejects.toThrow('user_data');
  });
});

describe('old spellings', () => {
  it('authEndpoint and auth', async () => {
    const { sent, headers } = await request({
      authEndpoint: '/old/auth',
      authTransport: 'ajax',
      auth: { headers: { 'X-A': '1' }, params: { p: '2' } },
    });
    expect(sent.url).toBe('/old/auth');
    expect(headers.get('x-a')).toBe('1');
    expect(sent.init.body).toBe('socket_id=1.1&channel_name=private-desk&p=2');
  });

  it('authorizer', async () => {
    const seen: unknown[] = [];
    const { answer } = asking({
      authEndpoint: '/old/auth',
      authorizer: (given, options) => ({
        authorize(socketId, done) {
          seen.push(given.name, options.authEndpoint, socketId);
          done(null, { auth: 'k:s' });
        },
      }),
    });
    expect(await answer).toEqual({ auth: 'k:s' });
    expect(seen).toEqual(['private-desk', '/old/auth', '1.1']);
  });
});
