// Opens logs in folders of their own, for the contract suites.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannelLog, type SqliteChannelLog } from './index.ts';

export interface Limits {
  readonly maxRecentEntries?: number;
  readonly maxCachedChannels?: number;
  readonly walBytes?: number;
}

/** Bounds so low that entries move, channels are forgotten and the WAL is copied back all the time. */
export const TIGHT: Limits = { maxRecentEntries: 3, maxCachedChannels: 1, walBytes: 32_768 };

export function openInFolder(limits: Limits = {}) {
  return async ({ now }: { readonly now: () => number }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-log-'));
    const options = { path: join(folder, 'log.db'), now, ...limits };
    let log = await createChannelLog(options);
    return {
      log,
      reopen: async (): Promise<SqliteChannelLog> => {
        await log.close();
        log = await createChannelLog(options);
        return log;
      },
      close: async (): Promise<void> => {
        await log.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}
