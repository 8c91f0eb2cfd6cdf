import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheContract } from '../../core/server/ports/cache.contract.ts';
import { createCache } from './index.ts';

cacheContract('sqlite', async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-cache-'));
  const path = join(folder, 'cache.db');
  let cache = await createCache({ path, ...options });
  return {
    cache,
    reopen: async () => {
      await cache.close();
      cache = await createCache({ path, ...options });
      return cache;
    },
    close: async () => {
      await cache.close();
      await rm(folder, { recursive: true });
    },
  };
});
