import { cacheContract } from '../ports/cache.contract.ts';
import { createMemoryCache } from './cache.ts';

cacheContract('memory', async (options) => {
  const cache = createMemoryCache(options);
  return { cache, close: () => cache.close() };
});
