// Routes that a program brings when it embeds the server: same port, same limits, beside the HTTP API.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpRequest, OpenRoute } from './exchange-types.ts';
import { fakeDeps } from './fake-deps.ts';
import { createHttpFront, type HttpFront } from './front.ts';

const page: OpenRoute = {
  kind: 'open',
  path: '/',
  methods: { GET: async () => ({ status: 200, contentType: 'text/html', body: '<p>page</p>' }) },
};

const removable: OpenRoute = {
  kind: 'open',
  path: '/things/:id',
  methods: { DELETE: async ({ params }) => ({ status: 200, contentType: null, body: params.id ?? '' }) },
};

const echo: OpenRoute = {
  kind: 'open',
  path: '/backend/*',
  methods: {
    POST: async ({ params, body, header }: HttpRequest) => ({
      status: 201,
      contentType: 'application/json',
      body: JSON.stringify({ rest: params['*'], body: body.toString(), who: header('authorization') }),
    }),
  },
};

describe('routes of an embedding program', () => {
  let front: HttpFront;
  let origin: string;

  beforeEach(async () => {
    front = await createHttpFront(fakeDeps(), { routes: [page, echo, removable] });
    const { port } = await front.listen();
    origin = `http://127.0.0.1:${port}`;
  });
  afterEach(() => front.close());

  it('serves a page at the root', async () => {
    const response = await fetch(origin);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toBe('<p>page</p>');
  });

  it('hands the rest of a path, the body and the headers to a POST handler', async () => {
    const response = await fetch(`${origin}/backend/realtime/auth`, {
      method: 'POST',
      body: 'a=1',
      headers: { authorization: 'Bearer x' },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ rest: 'realtime/auth', body: 'a=1', who: 'Bearer x' });
  });

  it('hands a DELETE to its handler', async () => {
    const response = await fetch(`${origin}/things/7`, { method: 'DELETE' });
    expect([response.status, await response.text()]).toEqual([200, '7']);
    expect((await fetch(`${origin}/things/7`)).headers.get('allow')).toBe('DELETE');
  });

  it('names the methods of the route to any other', async () => {
    const wrong = [
      await fetch(origin, { method: 'POST' }),
      await fetch(`${origin}/backend/x`),
      await fetch(`${origin}/backend/x`, { method: 'DELETE' }),
    ];
    expect(wrong.map(({ status, headers }) => [status, headers.get('allow')])).toEqual([
      [405, 'GET,HEAD'],
      [405, 'POST'],
      [405, 'POST'],
    ]);
  });

  it('leaves the API and unknown paths as they were', async () => {
    expect((await fetch(`${origin}/live`)).status).toBe(200);
    expect((await fetch(`${origin}/nothing`)).status).toBe(404);
    const unsigned = await fetch(`${origin}/apps/4242/channels`);
    expect(await unsigned.json()).toMatchObject({ status: 400, error: expect.stringContaining('auth') });
  });

  it('refuses a body beyond the limit before the handler sees it', async () => {
    const response = await fetch(`${origin}/backend/x`, { method: 'POST', body: 'x'.repeat(256 * 1024 + 1) });
    expect(response.status).toBe(413);
  });
});
