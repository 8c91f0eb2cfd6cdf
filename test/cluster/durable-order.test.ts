// The log is the order and the bus only a hint, on a real Postgres and a real Redis: two nodes that publish at once, and a bus that
// goes away in the middle.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createChannelLog } from '../../adapters/postgres/index.ts';
import { openCluster } from '../../adapters/redis/index.ts';
import { createClusterFanout } from '../../core/server/cluster/cluster-fanout.ts';
import { messageOfCreate } from '../../core/server/messages/log-message.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { type RedisProcess, startRedis } from '../support/redis.ts';

const KEY = { appId: 'app', channel: 'room' };
const PATIENCE = { timeout: 20_000 };
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

let postgres: PostgresCluster;
let redis: RedisProcess;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres({ fsync: 'off' }), startRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.close(), redis.close()]);
});

interface Node {
  readonly serials: (number | undefined)[];
  readonly filled: () => number;
  publish(): Promise<void>;
  close(): Promise<void>;
}

async function openNode(prefix: string): Promise<Node> {
  const log = await createChannelLog({ connection: postgres.connection });
  const shared = await openCluster({ address: redis, prefix });
  const fanout = createClusterFanout({
    bus: shared.bus,
    nodeId: randomUUID(),
    logOf: () => log,
    onError: () => {},
  });
  const serials: (number | undefined)[] = [];
  fanout.listen({ onEnvelope: ({ message }) => serials.push(message.position?.serial), onControl: () => {} });
  await fanout.join(KEY);
  return {
    serials,
    filled: () => fanout.counts.filled,
    async publish() {
      const draft = { key: KEY, event: 'e', data: '1', publishedAtMs: Date.now(), retention: {} };
      const result = await log.commit({ entries: [draft], receipts: [] });
      if (result.kind !== 'committed') throw new Error(result.kind);
      for (const entry of result.entries) fanout.publish({ key: KEY, message: messageOfCreate(entry) });
    },
    async close() {
      await fanout.close();
      await shared.close();
      await log.close();
    },
  };
}

describe('two nodes with one log', () => {
  it('deliver every message once and in the order of the log, whatever the bus does', async () => {
    const prefix = `test:${randomUUID()}:`;
    const nodes = [await openNode(prefix), await openNode(prefix)] as const;
    const [near, far] = nodes;
    const heard = () => nodes.map(({ serials }) => serials);

    await Promise.all(Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? near : far).publish()));
    await vi.waitFor(() => expect(heard()).toEqual([upTo(300), upTo(300)]), PATIENCE);

    const during = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? near : far).publish());
    await redis.kill();
    await Promise.all(during);
    await Promise.all(Array.from({ length: 50 }, () => near.publish()));
    await redis.start();
    await vi.waitFor(() => expect(heard()).toEqual([upTo(450), upTo(450)]), PATIENCE);
    expect(far.filled()).toBeGreaterThan(0);

    await far.publish();
    await vi.waitFor(() => expect(heard()).toEqual([upTo(451), upTo(451)]), PATIENCE);
    for (const node of nodes) await node.close();
  });
});
