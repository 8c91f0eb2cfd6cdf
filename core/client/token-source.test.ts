import { describe, expect, it } from 'vitest';
import type { AuthTokenRequest, SockudoOptions } from './options.ts';
import { Sockudo } from './sockudo.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { tokenSettings } from './token-source.ts';

const runtime = () => new FakeRuntime();
const tokenOf = (options: SockudoOptions, from = runtime()) =>
  tokenSettings(options, from).token?.({ reason: 'initial' });

describe('where tokens come from', () => {
  it('is the first of four', async () => {
    const all = { tokenProvider: () => 'p', authCallback: () => 'c', authUrl: '/u', token: 't' };
    const { tokenProvider: _p, ...callback } = all;
    expect(await tokenOf(all)).toBe('p');
    expect(await tokenOf(callback)).toBe('c');
    expect(await tokenOf({ token: 't' })).toBe('t');
    expect(tokenOf({})).toBeUndefined();
    expect(tokenSettings({ token: 't' }, runtime()).tokenIsRenewable).toBe(false);
    expect(tokenSettings(callback, runtime()).tokenIsRenewable).toBe(true);
  });

  it('may be an endpoint', async () => {
    const from = runtime();
    const asked = tokenOf({ authUrl: '/token' }, from);
    const [request] = from.requests;
    expect(request).toMatchObject({ url: '/token', init: { method: 'POST', body: '{"reason":"initial"}' } });
    request?.answer(200, { token: 'from the endpoint' });
    expect(await asked).toBe('from the endpoint');
  });

  it('fails where none is given', async () => {
    const from = runtime();
    const asked = tokenOf({ authUrl: '/token' }, from);
    from.requests[0]?.answer(403, {});
    await expect(asked).rejects.toMatchObject({ name: 'EndpointError', status: 403 });
    await expect(tokenOf({ authCallback: async () => ({ token: '' }) })).rejects.toThrow(
      'authCallback gave no token',
    );
  });
});

describe('a client with a token', () => {
  const claims = (value: object) => `x.${Buffer.from(JSON.stringify(value)).toString('base64url')}.x`;

  it('says why it asks, and whom the token names', async () => {
    const from = runtime();
    const asked: AuthTokenRequest[] = [];
    const authCallback = (request: AuthTokenRequest) => {
      asked.push(request);
      return claims({ 'x-sockudo-client-id': 'ann' });
    };
    const client = new Sockudo('key', { wsHost: 'localhost', protocolVersion: 2, authCallback }, from);
    await new Promise(setImmediate);
    expect(client.verifiedClientId()).toBeUndefined();
    from.socket.establish({ prefix: 'sockudo' });
    expect(client.verifiedClientId()).toBe('ann');
    from.socket.receive({ event: 'sockudo:token_expired', data: { code: 40142 } });
    expect(asked).toEqual([{ reason: 'initial' }, { reason: 'expired', socketId: '1.1' }]);
  });

  it('adds parameters to the URL', () => {
    const from = runtime();
    const transportParams = { append_rollup_window: 100 };
    new Sockudo('key', { wsHost: 'localhost', protocolVersion: 2, transportParams }, from);
    expect(new URL(from.socket.url).searchParams.get('append_rollup_window')).toBe('100');
  });
});
