import { afterAll, beforeAll } from 'vitest';
import { channelLogContract } from '../../core/server/ports/channel-log.contract.ts';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { opensIn } from './testing/open-log.ts';

let cluster: PostgresCluster;

beforeAll(async () => {
  // What the disk does is for other tests; here are thousands of small transactions.
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

channelLogContract(
  'postgres',
  opensIn(() => cluster),
  { runs: 25 },
);
