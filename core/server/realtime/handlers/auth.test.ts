// Tokens of an app's key set live as those of its secret do: used, renewed, ended and taken back over an open connection.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeyServer, startKeyServer } from '../../tokens/testing/key-server.ts';
import type { TestClient } from '../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';
import { closeRevoked } from '../token-session.ts';

let provider: KeyServer;
let server: TestRealtime;

beforeEach(async () => {
  provider = await startKeyServer();
  await provider.addKey('k1');
  server = testRealtime({ app: { tokens: { jwks: { keys: provider.keys } } } });
});
afterEach(async () => {
  await server.close();
  await provider.close();
});

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** The answer, however many turns the signature took. */
async function authenticate(client: TestClient, token: string) {
  const before = client.frames.length;
  client.request('auth', { token });
  await expect.poll(() => client.frames.length).toBeGreaterThan(before);
  return client.frames.at(-1);
}

describe('sockudo:auth with a token of the key set', () => {
  it('gives the connection what the token lists and nothing else', async () => {
    const client = server.client({ protocol: 2 });
    const token = await provider.sign('k1', {
      'x-sockudo-capability': { 'room:*': ['subscribe'] },
      jti: 'j1',
    });
    expect(await authenticate(client, token)).toMatchObject({
      event: 'sockudo:auth_success',
      data: { client_id: 'ann', jti: 'j1' },
    });
    await client.answers();
    expect(await client.subscribe('room:1')).toMatchObject([
      { event: 'sockudo_internal:subscription_succeeded' },
    ]);
    expect(await client.subscribe('other')).toMatchObject([{ event: 'sockudo:error', data: { code: 4009 } }]);
  });

  it('tells when it ends, and waits 30 seconds for the next', async () => {
    const client = server.client({ protocol: 2 });
    await authenticate(client, await provider.sign('k1', { exp: nowSeconds() + 60 }));
    server.advance(61_000);
    const [end] = (await client.answers()).slice(-1);
    expect(end).toMatchObject({ event: 'sockudo:token_expired', data: { code: 40_142 } });
    server.advance(25_000);
    expect(client.webSocket.closed).toBeNull();
    expect(await authenticate(client, await provider.sign('k1'))).toMatchObject({
      event: 'sockudo:auth_success',
    });
    server.advance(30_000);
    expect(client.webSocket.closed).toBeNull();
    server.advance(600_000);
    server.advance(31_000);
    expect(client.webSocket.closed).toEqual({ code: 4009, reason: 'capability token expired' });
  });

  it('keeps its owner: neither another client nor another kind of token changes it', async () => {
    const client = server.client({ protocol: 2 });
    await authenticate(client, await provider.sign('k1'));
    const other = await provider.sign('k1', { 'x-sockudo-client-id': 'eve' });
    expect(await authenticate(client, other)).toMatchObject({
      event: 'sockudo:error',
      data: { code: 4009, message: expect.stringContaining('cannot change client_id') },
    });
    expect(client.connection.userId).toBe('ann');
  });

  it('is taken back on open connections, and refused afterwards', async () => {
    const { context, app } = server;
    const client = server.client({ protocol: 2 });
    const token = await provider.sign('k1', { jti: 'j1' });
    await authenticate(client, token);
    await context.revocations.add(app, { jti: 'j1' }, 60_000);
    expect(closeRevoked(context, app.id, { jti: 'j1' })).toBe(1);
    expect(client.webSocket.closed).toEqual({ code: 4009, reason: 'capability token revoked' });
    expect(await authenticate(server.client({ protocol: 2 }), token)).toMatchObject({
      event: 'sockudo:error',
      data: { message: 'Authentication error: capability token has been revoked' },
    });
  });
});
