import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelLogContract } from '../../core/server/ports/channel-log.contract.ts';
import { create } from './index.ts';

channelLogContract(
  'sqlite',
  async ({ now }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-log-'));
    const path = join(folder, 'log.db');
    let log = await create({ path, now });
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await create({ path, now });
        return log;
      },
      close: async () => {
        await log.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  { runs: 25 },
);
