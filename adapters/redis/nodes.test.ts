import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RedisProcess, startRedis } from '../../test/support/redis.ts';
import { openConnection } from './connection.ts';
import { openCluster, type RedisCluster } from './index.ts';
import { silentLogger } from './logger.ts';
import { NodeIdentity } from './node-identity.ts';

const TIMINGS = { heartbeatMs: 20, timeoutMs: 300, sweepMs: 20 };
const PATIENCE = { timeout: 10_000 };

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

interface Node extends RedisCluster {
  readonly heard: string[];
}

async function open(prefix: string, timings = TIMINGS): Promise<Node> {
  const cluster = await openCluster({ address: redis, prefix, timings });
  const heard: string[] = [];
  cluster.nodes.listen({
    onMemberGone: (appId, channel, userId) => heard.push(`gone ${appId} ${channel} ${userId}`),
    onMemberBack: (appId, channel, userId, info) => heard.push(`back ${appId} ${channel} ${userId} ${info}`),
    onCountDropped: (appId, channel, count) => heard.push(`count ${appId} ${channel} ${count}`),
  });
  return { ...cluster, heard };
}

const freshPrefix = () => `test:${randomUUID()}:`;
const join = ({ presence }: Node, socketId: string, userId: string) =>
  presence.join({ appId: 'app', channel: 'room', socketId, member: { userId, info: `"${userId}"` } });
const usersOf = async ({ presence }: Node) =>
  (await presence.members('app', 'room')).map(({ userId }) => userId);

describe('nodes that share a Redis', () => {
  it('count and list together', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    expect(await join(one, 's', 'ann')).toMatchObject({ isFirst: true });
    expect(await join(two, 's', 'ann')).toMatchObject({ isFirst: false });
    expect(await join(two, 't', 'bob')).toMatchObject({
      isFirst: true,
      members: [{ userId: 'ann' }, { userId: 'bob' }],
    });
    expect(await one.presence.leave('app', 'room', 's')).toEqual({ userId: 'ann', isLast: false });
    expect(await two.presence.leave('app', 'room', 's')).toEqual({ userId: 'ann', isLast: true });
    const counts = await Promise.all([one, two].map(({ occupancy }) => occupancy.change('app', 'room*', 1)));
    expect(counts.toSorted()).toEqual([1, 2]);
    expect(await one.occupancy.list('app', 'room*')).toEqual(new Map([['room*', 2]]));
    expect(await one.occupancy.list('app', 'roo*')).toEqual(new Map());
    await one.close();
    await vi.waitFor(async () => expect(await two.occupancy.count('app', 'room*')).toBe(1), PATIENCE);
    await two.close();
  });

  it('take away what a dead one left, and one of them says so once', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    const dead = await deadNode(prefix);
    await join(one, 's', 'ann');
    expect(await usersOf(two)).toEqual(['dead', 'ann']);
    expect(await two.occupancy.count('app', 'room')).toBe(3);
    await vi.waitFor(
      () => expect([...one.heard, ...two.heard]).toEqual(['gone app room dead', 'count app room 0']),
      PATIENCE,
    );
    expect(await usersOf(two)).toEqual(['ann']);
    expect(await two.occupancy.list('app', '')).toEqual(new Map());
    const client = await openConnection(redis, 'test', silentLogger);
    const left = await client.keys(`${prefix}*${dead}*`);
    expect(left).toEqual([]);
    client.disconnect();
    await one.close();
    await two.close();
  });

  it('take one that comes back for a new one, which brings its members again', async () => {
    const prefix = freshPrefix();
    const slow = await open(prefix, { heartbeatMs: 1000, timeoutMs: 300_000, sweepMs: 300_000 });
    await join(slow, 's', 'ann');
    await slow.occupancy.change('app', 'room', 1);
    const other = await open(prefix, { ...TIMINGS, timeoutMs: 100 });
    await vi.waitFor(() => expect(slow.heard).toContain('back app room ann "ann"'), PATIENCE);
    expect(other.heard.slice(0, 2)).toEqual(['gone app room ann', 'count app room 0']);
    await other.close();
    expect(await usersOf(slow)).toEqual(['ann']);
    await vi.waitFor(async () => expect(await slow.occupancy.count('app', 'room')).toBe(1), PATIENCE);
    await slow.close();
  });

  it('tell a Redis that lost everything what they have, and what left meanwhile', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    await join(one, 's', 'ann');
    await join(one, 't', 'cid');
    await join(two, 's', 'bob');
    await one.occupancy.change('app', 'room', 1);
    await two.occupancy.change('app', 'room', 1);
    await redis.kill();
    await expect(one.presence.leave('app', 'room', 't')).rejects.toThrow('does not answer');
    await expect(join(one, 'u', 'dan')).rejects.toThrow('does not answer');
    // It has not heard of the other's since its own last change.
    expect(await one.occupancy.change('app', 'room', 1)).toBe(2);
    await expect(one.nodes.check()).rejects.toThrow();
    await redis.start();
    await vi.waitFor(async () => {
      expect((await usersOf(one)).toSorted()).toEqual(['ann', 'bob']);
      expect(await two.occupancy.list('app', '')).toEqual(new Map([['room', 3]]));
      await one.nodes.check();
    }, PATIENCE);
    expect(two.heard).toEqual([]);
    await one.close();
    await two.close();
  });

  it('name the address where Redis cannot be reached', async () => {
    await expect(openCluster({ address: { host: '127.0.0.1', port: 1 }, prefix: 'x' })).rejects.toThrow(
      /^Redis at 127\.0\.0\.1:1\/0 cannot be used: connect ECONNREFUSED/,
    );
  });
});

/** What a node leaves that was killed: its keys and an old heartbeat. Answers its id. */
async function deadNode(prefix: string): Promise<string> {
  const client = await openConnection(redis, 'test', silentLogger);
  const node = new NodeIdentity(prefix);
  const channel = `${prefix}presence:{app:room}`;
  await client.hset(`${channel}:sockets:${node.id}`, 's', 'dead');
  await client.hset(`${channel}:infos`, 'dead', '{}');
  await client.hset(`${channel}:connections`, 'dead', 1);
  await client.zadd(`${channel}:order`, 1, 'dead');
  await client.sadd(node.membersKey(), 'app:room');
  await client.hset(`${prefix}occupancy:{app:room}`, node.id, 3);
  await client.hset(node.countsKey(), 'app:room', 3);
  const [seconds = '0'] = await client.time();
  await client.zadd(node.registryKeys[0], Number(seconds) * 1000 + 1000, node.id);
  client.disconnect();
  return node.id;
}
