// Channel subscriptions over HTTP, on a whole server.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  asDevice,
  type PushServer,
  registration,
  startPushServer,
  subscription,
} from '../testing/push-server.ts';

let server: PushServer;
/** Of the device `mine`. */
let own: ReturnType<typeof asDevice>;

const PATH = '/channelSubscriptions';

beforeAll(async () => {
  server = await startPushServer();
  const { body } = await server.call('POST', '/deviceRegistrations', registration('mine'));
  own = asDevice(body.deviceIdentityToken);
  await server.call('POST', '/deviceRegistrations', registration('other'));
});

afterAll(() => server.close());

beforeEach(async () => {
  for (const channel of ['a', 'b', 'c/d%'])
    for (const id of ['mine', 'other']) await server.call('POST', PATH, subscription(channel, id));
});

const list = async (query: Record<string, string>, as = {}) => {
  const { status, body } = await server.call('GET', PATH, undefined, { query, ...as });
  return status === 200
    ? body.items.map(({ channel, deviceId }: Record<string, string>) => `${channel} ${deviceId}`)
    : status;
};
const remove = async (query: Record<string, string>, as = {}) => {
  const { status, body } = await server.call('DELETE', PATH, undefined, { query, ...as });
  return status === 200 ? body : status;
};

describe('subscriptions', () => {
  it('are listed by channel, by device, as a pair, or all', async () => {
    expect(await list({ channel: 'a' })).toEqual(['a mine', 'a other']);
    expect(await list({ deviceId: 'mine' })).toEqual(['a mine', 'b mine', 'c/d% mine']);
    expect(await list({ channel: 'c/d%', deviceId: 'mine' })).toEqual(['c/d% mine']);
    expect(await list({ channel: 'a', deviceId: 'nobody' })).toEqual([]);
    expect(await list({})).toHaveLength(6);
    expect(await list({ limit: '5' })).toHaveLength(5);
    const channels = await server.call('GET', `${PATH}/channels`);
    expect(channels.body.items).toEqual(['a', 'b', 'c/d%']);
  });

  it('name their channels in pages', async () => {
    const first = await server.call('GET', `${PATH}/channels`, undefined, { query: { limit: '2' } });
    expect(first.body).toMatchObject({ items: ['a', 'b'], has_more: true });
    const query = { limit: '2', cursor: first.body.next_cursor };
    const second = await server.call('GET', `${PATH}/channels`, undefined, { query });
    expect(second.body).toEqual({ items: ['c/d%'], next_cursor: null, has_more: false });
  });

  it('are removed by channel, by device, or as a pair', async () => {
    expect(await remove({ channel: 'a', deviceId: 'mine' })).toEqual({ deleted: 1 });
    expect(await remove({ channel: 'a', deviceId: 'mine' })).toEqual({ deleted: 0 });
    expect(await list({ channel: 'a' })).toEqual(['a other']);
    expect(await remove({ channel: 'b' })).toEqual({ deleted: 2 });
    expect(await remove({ deviceId: 'other' })).toEqual({ deleted: 2 });
    expect(await list({})).toEqual(['c/d% mine']);
    expect(await remove({})).toBe(400);
  });

  it('are of a device only where it is its own, whatever else is named (divergence D73)', async () => {
    const channel = 'a';
    expect(await list({ channel }, own)).toBe(403);
    expect(await list({}, own)).toBe(403);
    expect(await list({ channel, deviceId: 'mine' }, own)).toEqual(['a mine']);
    expect(await list({ deviceId: 'mine' }, own)).toHaveLength(3);
    expect(await list({ deviceId: 'other' }, own)).toBe(401);
    expect(await remove({ channel }, own)).toBe(403);
    expect(await remove({ channel, deviceId: 'other' }, own)).toBe(401);
    expect(await remove({ channel, deviceId: 'mine' }, own)).toEqual({ deleted: 1 });
    expect(await list({ channel })).toEqual(['a other']);
    expect(await server.call('POST', PATH, subscription('a', 'mine'), own)).toMatchObject({ status: 201 });
    expect(await server.call('POST', PATH, subscription('a', 'other'), own)).toMatchObject({ status: 401 });
    expect(await server.call('POST', PATH, subscription('a', 'nobody'), own)).toMatchObject({ status: 404 });
    expect(await server.call('GET', `${PATH}/channels`, undefined, own)).toMatchObject({ status: 403 });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ channel: '' }, 'channel must not be empty'],
    [{ channel: 'x'.repeat(201) }, 'channel exceeds 200 bytes'],
    [{ deviceId: undefined }, 'deviceId must not be empty'],
    [{ provider: 'gcm' }, 'provider is invalid'],
    [{ tokenHash: '' }, 'tokenHash must not be empty'],
    [{ credentialVersion: 0 }, 'credentialVersion is invalid'],
    [
      { deviceId: '__sockudo_client_scope__:0', clientId: 'ann' },
      'deviceId is invalid: a client scope is the hash of its clientId',
    ],
  ])('of %j are refused', async (more, error) => {
    const { status, body } = await server.call('POST', PATH, { ...subscription('a', 'mine'), ...more });
    expect(status).toBe(400);
    expect(body.error).toContain(error);
  });
});
