import { afterAll, beforeAll, expect, it } from 'vitest';
import { channelRecordsContract } from '../../core/server/ports/channel-records.contract.ts';
import { count } from '../../core/server/ports/channel-records.contract-support.ts';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createChannelLog } from './index.ts';
import { opensIn, runSql, unusedSchema } from './testing/open-log.ts';

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

// With one writer the operations of a turn run in the order of their calls over all channels, which the random histories expect
// of the order in which records are made; several writers promise it for each channel.
channelRecordsContract(
  'postgres',
  opensIn(() => cluster, { writers: 1 }),
  { runs: 20 },
);
channelRecordsContract(
  'postgres, several writers',
  opensIn(() => cluster, { writers: 4 }),
  { runs: 0 },
);

it('leaves no row of a channel that was reset', async () => {
  const schema = unusedSchema();
  const log = await createChannelLog({ connection: cluster.connection, schema });
  const key = { appId: 'app', channel: 'a' };
  for (const id of ['r1', 'r2']) await log.change(key, count(id));
  await log.reset(key);
  await log.change(key, count('r3'));
  await log.trim();
  const rows = (table: string) => runSql(cluster, `SELECT count(*)::int AS rows FROM ${schema}.${table}`);
  expect(await rows('channel_records')).toEqual([{ rows: 1 }]);
  expect(await rows('channel_record_kinds')).toEqual([{ rows: 1 }]);
  expect(await rows('abandoned_logs')).toEqual([{ rows: 0 }]);
  await log.close();
});
