import type { HttpRequest, OpenRoute } from '@sockudo/server';
import fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createForwarding } from './forwarding.ts';

const request = (changes: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  path: '/backend/market',
  query: '',
  params: {},
  peerAddress: '127.0.0.1',
  header: () => undefined,
  body: Buffer.alloc(0),
  ...changes,
});

// CAST: an open route uses nothing of the server's parts.
const noDeps = {} as Parameters<NonNullable<OpenRoute['methods']['GET']>>[1];

async function call(forwarding: ReturnType<typeof createForwarding>, changes?: Partial<HttpRequest>) {
  const { GET, POST, DELETE } = forwarding.routes[0]?.methods ?? {};
  const handler = { GET, POST, DELETE }[changes?.method ?? 'GET'];
  return handler?.(request(changes), noDeps);
}

describe('forwarding', () => {
  const app = fastify();
  app.all('/*', (incoming) => ({
    method: incoming.method,
    url: incoming.url,
    body: incoming.body ?? null,
    who: incoming.headers.authorization ?? null,
    device: incoming.headers['x-sockudo-device-identity-token'] ?? null,
    cookie: incoming.headers.cookie ?? null,
  }));
  afterEach(() => app.close());

  it('passes path, query, body and three headers on', async () => {
    const forwarding = createForwarding('/backend');
    expect(await call(forwarding)).toMatchObject({ status: 502 });
    forwarding.target = await app.listen({ host: '127.0.0.1', port: 0 });
    const headers: Record<string, string> = {
      authorization: 'Bearer x',
      'content-type': 'application/json',
      'x-sockudo-device-identity-token': 'd',
      cookie: 'secret',
    };
    const answer = await call(forwarding, {
      method: 'POST',
      path: '/backend/realtime/auth',
      query: 'a=1',
      header: (name) => headers[name],
      body: Buffer.from('{"b":2}'),
    });
    expect(answer?.status).toBe(200);
    expect(JSON.parse(String(answer?.body))).toEqual({
      method: 'POST',
      url: '/realtime/auth?a=1',
      body: { b: 2 },
      who: 'Bearer x',
      device: 'd',
      cookie: null,
    });
    const removal = await call(forwarding, { method: 'DELETE' });
    expect(JSON.parse(String(removal?.body)).method).toBe('DELETE');
    // A path cannot lead to another host.
    const odd = await call(forwarding, { path: '/backend//example.org/@x' });
    expect(JSON.parse(String(odd?.body)).url).toBe('//example.org/@x');
  });

  it('answers 502 when the backend is gone', async () => {
    const forwarding = createForwarding('/backend');
    forwarding.target = 'http://127.0.0.1:1';
    expect(await call(forwarding)).toMatchObject({ status: 502, contentType: 'application/json' });
  });
});
