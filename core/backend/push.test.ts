import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sockudo, type SockudoOptions } from './index.ts';
import { startVerifyingServer, type VerifyingServer } from './testing/verifying-server.ts';

const app = { appId: 'shop', key: 'k-demo', secret: 's-demo-0001' };
const PUBLISH = { recipients: [{ type: 'channel', channel: 'news' }], payload: { title: 'T' } } as const;
const DEVICE = {
  id: 'd 1',
  formFactor: 'phone',
  platform: 'ios',
  timezone: 'UTC',
  locale: 'en',
  push: { recipient: { transportType: 'apns', deviceToken: 'aa' } },
} as const;

let server: VerifyingServer;
beforeEach(async () => {
  server = await startVerifyingServer(app);
});
afterEach(() => server.close());

const create = (options: Partial<SockudoOptions> = {}): Sockudo =>
  new Sockudo({ ...app, port: server.port, ...options });
const answers = (value: unknown, status = 200) => server.queue({ status, body: JSON.stringify(value) });
const bodyOf = (index: number) => JSON.parse(server.seen[index]?.body ?? '');
const result = { publishId: 'p', status: 'accepted' };

describe('push', () => {
  it('repeats a publish under one id, so that it is accepted once', async () => {
    server.queue('cut', { status: 503, headers: { 'retry-after': '0' } });
    answers(result, 202);
    expect(await create().publishPush(PUBLISH)).toEqual(result);
    expect(server.seen.map(({ fault }) => fault)).toEqual(['', '', '']);
    expect(bodyOf(0)).toEqual({ ...PUBLISH, publishId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(bodyOf(2)).toEqual(bodyOf(0));
  });

  it('repeats neither a publish without an id nor a registration, whose token would be lost', async () => {
    server.queue({ status: 503 }, { status: 503 });
    const sockudo = create({ autoIdempotencyKey: false });
    await expect(sockudo.publishPush(PUBLISH)).rejects.toMatchObject({ status: 503 });
    await expect(sockudo.activateDevice(DEVICE)).rejects.toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(2);
  });

  it('says in whose name it asks', async () => {
    const sockudo = create();
    const registered = { change: 'updated', device: {} };
    answers(registered);
    await sockudo.activateDevice(DEVICE, { rotateDeviceIdentityToken: true });
    answers(registered);
    await sockudo.updateDeviceRegistration(DEVICE, 'token');
    answers({ id: 'd 1', pushState: 'ACTIVE' });
    await sockudo.getDeviceRegistration('d 1', 'token');
    server.queue({ status: 204 });
    expect(await sockudo.deleteDeviceRegistration('d 1')).toBeUndefined();
    expect(server.seen.map(({ headers }) => headers['x-sockudo-push-capability'])).toEqual([
      'push-admin',
      'push-subscribe',
      'push-subscribe',
      'push-admin',
    ]);
    expect(server.seen.map(({ headers }) => headers['x-sockudo-device-identity-token'])).toEqual([
      undefined,
      'token',
      'token',
      undefined,
    ]);
    expect(server.seen[0]?.headers['x-sockudo-rotate-device-identity-token']).toBe('true');
    expect(server.seen[2]?.path).toBe('/apps/shop/push/deviceRegistrations/d%201');
  });

  it('goes on over the pages of a list in the same name', async () => {
    answers({ items: [1], has_more: true, next_cursor: 'c' });
    answers({ items: [2], has_more: false, next_cursor: null });
    const seen: unknown[] = [];
    const page = await create().listChannelPushSubscriptions({ deviceId: 'd', limit: 1 }, 'token');
    for await (const item of page) seen.push(item);
    expect(seen).toEqual([1, 2]);
    expect(server.seen.map(({ fault }) => fault)).toEqual(['', '']);
    expect(server.seen[1]?.query.get('cursor')).toBe('c');
    expect(server.seen[1]?.headers['x-sockudo-device-identity-token']).toBe('token');
  });

  it('refuses ids that would reach another route', () => {
    for (const id of ['', '.', '..']) {
      expect(() => create().deleteDeviceRegistration(id)).toThrow(TypeError);
      expect(() => create().cancelScheduledPush(id)).toThrow(TypeError);
    }
  });
});
