// Two servers on one Redis: whoever is on the one sees and hears whoever is on the other.
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeConfig } from '../support/cluster.ts';
import { TEST_APP } from '../support/credentials.ts';
import { type RedisProcess, startRedis } from '../support/redis.ts';
import { startServerProcess } from '../support/server-process.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { dataOf, WireClient } from '../support/wire-client.ts';

let redis: RedisProcess;
let near: TestServer;
let far: TestServer;

beforeEach(async () => {
  redis = await startRedis();
  near = await startTestServer({ config: nodeConfig(redis) });
  far = await startTestServer({ config: nodeConfig(redis) });
});

afterEach(async () => {
  await Promise.all([near.close(), far.close()]);
  await redis.close();
});

const health = async ({ host, port }: { host: string; port: number }) =>
  (await fetch(`http://${host}:${port}/up`)).text();

describe('two nodes', () => {
  it.each([1, 2] as const)('bring events to every subscriber in order, protocol %i', async (protocol) => {
    const here = await WireClient.connect(near, { protocol });
    const there = await WireClient.connect(far, { protocol });
    await Promise.all([here.subscribe('room'), there.subscribe('room')]);
    for (let index = 0; index < 50; index += 1) await near.publish('room', 'tick', String(index));
    const last = { name: 'last', channels: ['room'], data: '"x"', socket_id: there.socketId };
    await far.request('POST', '/events', { body: last });
    await here.next('last');
    await far.publish('room', 'end');
    await there.next('end');
    const ticks = Array.from({ length: 50 }, (_, index) => String(index));
    expect(there.received('tick').map(({ data }) => data)).toEqual(ticks);
    expect(here.received('tick').map(({ data }) => data)).toEqual(ticks);
    expect(there.received('last')).toEqual([]);
  });

  it('bring client events, events of a user, and events of wildcard subscriptions once', async () => {
    const here = await WireClient.connect(near, { protocol: 2 });
    const there = await WireClient.connect(far);
    await Promise.all([here.subscribe('private-room'), there.subscribe('private-room')]);
    there.send({ event: 'client-hello', channel: 'private-room', data: { n: 1 } });
    expect(await here.next('client-hello')).toMatchObject({ channel: 'private-room' });
    await there.signIn('ann');
    await near.publish('#server-to-user-ann', 'for-ann');
    await there.next('for-ann');
    await here.subscribe('tick*');
    await here.subscribe('ticker');
    await far.publish('ticker', 'price');
    await far.publish('ticks', 'other');
    await here.next('other');
    expect(here.received('price')).toHaveLength(1);
  });

  it('share presence, counts and lists of channels', async () => {
    const here = await WireClient.connect(near);
    const there = await WireClient.connect(far);
    await here.join('presence-room', 'ann', { name: 'Ann' });
    const joined = await there.join('presence-room', 'bob');
    expect(dataOf(joined)).toEqual({
      presence: { count: 2, ids: ['ann', 'bob'], hash: { ann: { name: 'Ann' }, bob: {} } },
    });
    expect(dataOf(await here.next('member_added'))).toMatchObject({ user_id: 'bob' });
    for (const server of [near, far]) {
      const path = '/channels/presence-room';
      const info = 'user_count,subscription_count';
      const answer = await server.request('GET', path, { query: { info } });
      expect(JSON.parse(answer.text)).toMatchObject({ occupied: true, user_count: 2, subscription_count: 2 });
      const users = await server.request('GET', `${path}/users`);
      expect(JSON.parse(users.text)).toEqual({ users: [{ id: 'ann' }, { id: 'bob' }] });
      const list = await server.request('GET', '/channels', { query: { filter_by_prefix: 'presence-' } });
      expect(Object.keys(JSON.parse(list.text).channels)).toEqual(['presence-room']);
    }
    await there.close();
    expect(dataOf(await here.next('member_removed'))).toEqual({ user_id: 'bob' });
  });

  it('close the connections of a user wherever they are', async () => {
    const there = await WireClient.connect(far);
    await there.signIn('ann');
    await near.request('POST', '/users/ann/terminate_connections', { body: {} });
    expect((await there.closed).code).toBe(4009);
  });

  it('close what a revoked token let in, and say how many on all nodes', async () => {
    const token = capabilityToken('ann', 'lost');
    const there = await WireClient.connect(far, { protocol: 2, query: { token } });
    const answer = await near.request('POST', '/revocations', { body: { jti: 'lost' } });
    expect(JSON.parse(answer.text)).toMatchObject({ closed_connections: 1 });
    expect((await there.closed).code).toBe(4009);
  });

  it('share the event of a cache channel', async () => {
    await near.publish('cache-room', 'price', '7');
    const there = await WireClient.connect(far);
    await there.subscribe('cache-room');
    expect(await there.next('price')).toMatchObject({ data: '7' });
  });

  it('say once that the members of a killed node have left', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-node-'));
    const killed = await startServerProcess(folder, nodeConfig(redis));
    const watchers = [await WireClient.connect(near), await WireClient.connect(far)];
    for (const [index, watcher] of watchers.entries())
      await watcher.join('presence-room', `watcher ${index}`);
    const doomed = await WireClient.connect(killed);
    await doomed.join('presence-room', 'ann');
    const again = await WireClient.connect(killed);
    await again.join('presence-room', 'ann');
    await again.subscribe('room');
    for (const watcher of watchers) await watcher.next('member_added');
    await killed.kill();
    for (const watcher of watchers) {
      expect(dataOf(await watcher.next('member_removed'))).toEqual({ user_id: 'ann' });
    }
    const rooms = async () => JSON.parse((await near.request('GET', '/channels')).text).channels;
    await vi.waitFor(async () => expect(Object.keys(await rooms())).toEqual(['presence-room']), {
      timeout: 5000,
    });
    await near.publish('presence-room', 'end');
    for (const watcher of watchers) {
      await watcher.next('end');
      expect(watcher.received('pusher_internal:member_removed')).toHaveLength(1);
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('recover from a Redis that went away and came back empty, without being restarted', async () => {
    const here = await WireClient.connect(near);
    const there = await WireClient.connect(far);
    await here.join('presence-room', 'ann');
    await there.join('presence-room', 'bob');
    await redis.kill();
    await vi.waitFor(async () => expect(await health(near)).toBe('ERROR'), { timeout: 10_000 });
    await near.publish('presence-room', 'while away');
    await here.next('while away');
    await redis.start();
    await vi.waitFor(
      async () => {
        expect([await health(near), await health(far)]).toEqual(['OK', 'OK']);
        const users = await near.request('GET', '/channels/presence-room/users');
        expect(JSON.parse(users.text).users).toHaveLength(2);
      },
      { timeout: 10_000 },
    );
    await near.publish('presence-room', 'after');
    await there.next('after');
    await here.next('after');
    expect(here.received('pusher_internal:member_removed')).toEqual([]);
  });

  it('are refused without Redis, with the setting to change', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-node-'));
    const lost = startServerProcess(folder, nodeConfig({ host: '127.0.0.1', port: 1 }));
    await expect(lost).rejects.toThrow(/(adapter|cache)\.driver: Redis at 127\.0\.0\.1:1\/0 cannot be used/);
    await rm(folder, { recursive: true, force: true });
  });
});

function capabilityToken(clientId: string, jti: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    'x-sockudo-client-id': clientId,
    'x-sockudo-capability': { '*': ['subscribe'] },
    jti,
    iat,
    exp: iat + 3600,
  };
  const text = `${part({ alg: 'HS256', typ: 'JWT', kid: TEST_APP.key })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', TEST_APP.secret).update(text).digest('base64url')}`;
}
