import { afterAll, beforeAll } from 'vitest';
import { messageLogContract } from '../../core/server/ports/message-log.contract.ts';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { opensIn } from './testing/open-log.ts';

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

// With one writer the operations of a turn run in the order of their calls over all channels, which the random histories expect
// of receipts that are used in two channels; several writers promise it for each channel.
messageLogContract(
  'postgres',
  opensIn(() => cluster, { writers: 1 }),
  { runs: 20 },
);
// No text is kept in memory; reads one after the other.
messageLogContract(
  'postgres, within tight bounds',
  opensIn(() => cluster, { maxHotTextBytes: 0, writers: 1, readers: 1 }),
  { runs: 10 },
);
messageLogContract(
  'postgres, several writers',
  opensIn(() => cluster, { writers: 4 }),
  { runs: 0 },
);
