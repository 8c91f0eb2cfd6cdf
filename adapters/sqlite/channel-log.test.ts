import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelLogContract } from '../../core/server/ports/channel-log.contract.ts';
import type { OpenLog } from '../../core/server/ports/channel-log.contract-support.ts';
import { createChannelLog } from './index.ts';

function open(limits: { maxRecentEntries?: number; maxCachedChannels?: number; walBytes?: number }): OpenLog {
  return async ({ now }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-log-'));
    const options = { path: join(folder, 'log.db'), now, ...limits };
    let log = await createChannelLog(options);
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await createChannelLog(options);
        return log;
      },
      close: async () => {
        await log.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}

channelLogContract('sqlite', open({}), { runs: 25 });
// Bounds so low that entries move, channels are forgotten and the WAL is copied back all the time.
channelLogContract(
  'sqlite, within tight bounds',
  open({ maxRecentEntries: 3, maxCachedChannels: 1, walBytes: 32_768 }),
  { runs: 50 },
);
