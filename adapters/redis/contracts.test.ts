import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createClusterFanout } from '../../core/server/cluster/cluster-fanout.ts';
import { cacheContract } from '../../core/server/ports/cache.contract.ts';
import { fanoutContract } from '../../core/server/ports/fanout.contract.ts';
import { occupancyContract } from '../../core/server/ports/occupancy.contract.ts';
import { presenceContract } from '../../core/server/ports/presence.contract.ts';
import { type RedisProcess, startRedis } from '../../test/support/redis.ts';
import { createCache, openCluster, type RedisCluster } from './index.ts';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

const freshPrefix = () => `test:${randomUUID()}:`;
const open = (prefix = freshPrefix()): Promise<RedisCluster> => openCluster({ address: redis, prefix });

cacheContract(
  'redis',
  async ({ now }) => {
    const options = { address: redis, prefix: freshPrefix(), now };
    let cache = await createCache(options);
    return {
      cache,
      reopen: async () => {
        await cache.close();
        cache = await createCache(options);
        return cache;
      },
      close: () => cache.close(),
    };
  },
  { hasBound: false },
);

presenceContract('redis', async () => {
  const cluster = await open();
  return {
    join: (request) => cluster.presence.join(request),
    leave: (appId, channel, socketId) => cluster.presence.leave(appId, channel, socketId),
    update: (appId, channel, member) => cluster.presence.update(appId, channel, member),
    members: (appId, channel) => cluster.presence.members(appId, channel),
    close: () => cluster.close(),
  };
});

occupancyContract('redis', async () => {
  const cluster = await open();
  return {
    change: (appId, channel, by) => cluster.occupancy.change(appId, channel, by),
    count: (appId, channel) => cluster.occupancy.count(appId, channel),
    list: (appId, prefix) => cluster.occupancy.list(appId, prefix),
    close: () => cluster.close(),
  };
});

fanoutContract('redis', async () => {
  const prefix = freshPrefix();
  const clusters = [await open(prefix), await open(prefix)] as const;
  const fanoutOf = ({ bus }: RedisCluster, nodeId: string) =>
    createClusterFanout({ bus, nodeId, logOf: () => null, onError: () => {} });
  return {
    nodes: [fanoutOf(clusters[0], 'one'), fanoutOf(clusters[1], 'two')],
    close: async () => {
      for (const cluster of clusters) await cluster.close();
    },
  };
});
