// Device registrations over HTTP, on a whole server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asDevice,
  type PushServer,
  registration,
  startPushServer,
  subscription,
  tokenHash,
} from '../testing/push-server.ts';

let server: PushServer;

beforeAll(async () => {
  server = await startPushServer();
});

afterAll(() => server.close());

const PATH = '/deviceRegistrations';
const register = (id: string, more: Record<string, unknown> = {}, as = {}) =>
  server.call('POST', PATH, registration(id, more), as);
const refused = (status: number, code: string, error: string) => ({ status, body: { error, code, status } });

describe('a registration', () => {
  it('is inserted, updated, unchanged, and shows no secret', async () => {
    const { status, body } = await register('one', { clientId: 'ann', metadata: { a: 1 } });
    expect(status).toBe(201);
    expect(body).toEqual({
      change: 'inserted',
      tokenHash: tokenHash('one'),
      deviceIdentityToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      device: {
        appId: server.app.id,
        id: 'one',
        clientId: 'ann',
        formFactor: 'phone',
        platform: 'android',
        timezone: 'Europe/Oslo',
        locale: 'nb-NO',
        lastActiveAtMs: 0,
        pushState: 'ACTIVE',
        pushFailureCount: 0,
        recipient: { transportType: 'gcm', provider: 'fcm', tokenHash: tokenHash('one') },
      },
    });
    expect((await register('one', { clientId: 'ann', metadata: { a: 1 } })).body).toMatchObject({
      change: 'unchanged',
    });
    const updated = await register('one', { client_id: 'ben', appId: 'another', deviceSecret: 's' });
    expect(updated.body).toMatchObject({
      change: 'updated',
      device: { appId: server.app.id, clientId: 'ben' },
    });
    expect(updated.body.deviceIdentityToken).toBeUndefined();
    expect(JSON.stringify([body, updated.body])).not.toContain('token-one');
  });

  it.each<[Record<string, unknown>, string]>([
    [{ id: '' }, 'id must not be empty'],
    [{ id: 'x'.repeat(129) }, 'id exceeds 128 bytes'],
    [{ id: '\ud800' }, 'id is not valid Unicode'],
    [{ id: '__sockudo_client_scope__:x' }, 'id is invalid: the prefix is reserved'],
    [{ id: 7 }, 'id is invalid: must be a string'],
    [{ timezone: '' }, 'timezone is invalid'],
    [{ formFactor: 'toaster' }, 'formFactor is invalid: must be one of phone'],
    [{ metadata: 'x'.repeat(4095) }, 'metadata exceeds 4096 bytes'],
    [{ push: {} }, 'push.recipient is invalid'],
    [{ push: { recipient: { transportType: 'gcm' } } }, 'push.recipient.registrationToken is invalid'],
    [{ push: { recipient: { transportType: 'pigeon' } } }, 'push.recipient.transportType is invalid'],
    [{ push: { recipient: { transportType: 'gcm', registrationToken: 'a\nb' } } }, 'fcm token is invalid'],
    [{ pushRatePolicy: { capacity: 0, refillPerSecond: 1 } }, 'pushRatePolicy.capacity is invalid'],
  ])('of %j is refused', async (more, error) => {
    const answer = await register('bad', more);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.error).toContain(error);
  });

  it.each([
    'http://push.example.com/x',
    'https://localhost/x',
    'https://push.local/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://10.1.2.3/x',
    'https://2130706433/x',
    'https://169.254.169.254/x',
    'https://user@push.example.com/x',
    'https://push/x',
    'javascript:alert(1)',
    'nothing',
  ])('names no endpoint as %s', async (endpoint) => {
    const keys = { p256dh: 'x', auth: 'y' };
    const recipient = { transportType: 'web', endpoint, ...keys };
    const { status, body } = await register('web', { push: { recipient } });
    expect(status).toBe(400);
    expect(body.error).toMatch(/^endpoint is invalid/);
    expect(body.error).not.toContain(endpoint);
  });

  it('takes another content type for no JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await server.call('POST', PATH, '{}', { headers })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input' },
    });
  });
});

describe('an identity token', () => {
  it('lets a device change what it says of itself, and nothing else', async () => {
    const { body } = await register('self', {
      clientId: 'ann',
      pushRatePolicy: { capacity: 1, refillPerSecond: 1 },
    });
    const own = asDevice(body.deviceIdentityToken);
    expect(await register('self', { clientId: 'ben' }, own)).toMatchObject(
      refused(403, 'forbidden', 'push-admin capability is required to change clientId'),
    );
    expect(await register('self', { locale: 'de', pushRatePolicy: null }, own)).toMatchObject({
      status: 201,
      body: { change: 'updated', device: { clientId: 'ann', locale: 'de' } },
    });
    expect(await server.service.devices.get(server.app.id, 'self')).toMatchObject({
      clientId: 'ann',
      pushRatePolicy: { capacity: 1 },
    });
    expect(await register('elsewhere', {}, own)).toMatchObject({ status: 403 });
  });

  it.each<[string, Record<string, string>, string]>([
    ['of another', { 'x-sockudo-device-identity-token': 'x'.repeat(43) }, 'invalid deviceIdentityToken'],
    [
      'of great length',
      { 'x-sockudo-device-identity-token': 'x'.repeat(4000) },
      'invalid deviceIdentityToken',
    ],
    [
      'in another scheme',
      { authorization: 'Basic abc' },
      'Authorization must be a bearer deviceIdentityToken',
    ],
    ['that is missing', {}, 'deviceIdentityToken is required'],
  ])('%s is refused', async (_, token, error) => {
    await register('guarded');
    const headers = { 'x-sockudo-push-capability': 'push-subscribe', ...token };
    for (const [method, path, body] of [
      ['POST', PATH, registration('guarded')],
      ['GET', `${PATH}/guarded`, undefined],
      ['DELETE', `${PATH}/guarded`, undefined],
      ['POST', '/channelSubscriptions', subscription('news', 'guarded')],
    ] as const) {
      expect(await server.call(method, path, body, { headers })).toMatchObject(
        refused(401, 'auth_failed', error),
      );
    }
  });

  it('may come as a bearer, and is replaced when a trusted caller says so', async () => {
    const first = (await register('rotated')).body.deviceIdentityToken;
    const rotate = { headers: { 'x-sockudo-rotate-device-identity-token': 'yes' } };
    const { body } = await register('rotated', {}, rotate);
    expect(body).toMatchObject({ change: 'updated', deviceIdentityToken: expect.any(String) });
    const bearer = (token: string) => ({
      headers: { 'x-sockudo-push-capability': 'push-subscribe', authorization: `Bearer ${token}` },
    });
    const path = `${PATH}/rotated`;
    expect(await server.call('GET', path, undefined, bearer(first))).toMatchObject({ status: 401 });
    const { deviceIdentityToken: second } = body;
    expect(await server.call('GET', path, undefined, bearer(second))).toMatchObject({ status: 200 });
    const own = asDevice(second);
    const asked = { headers: { ...own.headers, ...rotate.headers } };
    expect((await register('rotated', {}, asked)).body.deviceIdentityToken).toBeUndefined();
    expect(await server.call('DELETE', path, undefined, own)).toMatchObject({ status: 204 });
    expect(await server.call('DELETE', path, undefined, own)).toMatchObject({ status: 404 });
  });
});

describe('devices', () => {
  it('are listed in pages by trusted callers, with a cursor for this list only', async () => {
    for (const id of ['p1', 'p2', 'p3']) await register(id);
    const ids: string[] = [];
    const cursors: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor !== null && { cursor }) };
      const { body } = await server.call('GET', PATH, undefined, { query });
      expect(body.has_more).toBe(body.next_cursor !== null);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
      if (cursor !== null) cursors.push(cursor);
    } while (cursor !== null);
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toEqual(expect.arrayContaining(['p1', 'p2', 'p3']));
    expect(new Set(ids).size).toBe(ids.length);
    const query = { cursor: cursors[0] ?? '' };
    expect(await server.call('GET', '/channelSubscriptions', undefined, { query })).toMatchObject(
      refused(400, 'invalid_input', 'cursor is invalid'),
    );
    expect(await server.call('GET', PATH, undefined, asDevice('x'))).toMatchObject({ status: 403 });
  });

  it.each(['0', '1001', '-1', 'x', '1.5'])('are not listed by %s', async (limit) => {
    expect(await server.call('GET', PATH, undefined, { query: { limit } })).toMatchObject({ status: 400 });
  });

  it('leave with their subscriptions, all of a client at once', async () => {
    for (const id of ['c1', 'c2']) {
      await register(id, { clientId: 'gone' });
      await server.call('POST', '/channelSubscriptions', subscription('leaving', id));
    }
    await register('c3', { clientId: 'stays' });
    const query = { clientId: 'gone' };
    expect(await server.call('DELETE', PATH, undefined, { query })).toMatchObject({
      status: 200,
      body: { deleted: 2, consistency: 'eventual' },
    });
    const left = await server.call('GET', '/channelSubscriptions', undefined, {
      query: { channel: 'leaving' },
    });
    expect(left.body.items).toEqual([]);
    expect(await server.call('GET', `${PATH}/c1`)).toMatchObject({ status: 404 });
    expect(await server.call('GET', `${PATH}/c3`)).toMatchObject({ status: 200 });
  });
});
