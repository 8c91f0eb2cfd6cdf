import { describe, expect, it } from 'vitest';
import { keyedStoreContract } from '../ports/keyed-store.contract.ts';
import { put, remove, writeAll } from '../ports/keyed-store.contract-support.ts';
import { StoreFull } from '../ports/keyed-store.ts';
import { createMemoryKeyedStore } from './keyed-store.ts';

keyedStoreContract('memory', async (options) => {
  const store = createMemoryKeyedStore(options);
  return { store, close: () => store.close() };
});

describe('the keyed store in memory', () => {
  it('refuses what would be too many entries or characters, and changes nothing', async () => {
    const store = createMemoryKeyedStore({ maxEntries: 2, maxChars: 100 });
    await writeAll(store, put('a'), put('b'));
    await expect(store.write([put('a', { value: '1' }), put('c')])).rejects.toBeInstanceOf(StoreFull);
    expect((await store.get('a'))?.value).toBe('0');
    const long = `"${'x'.repeat(100)}"`;
    await expect(store.write([put('a', { value: long })])).rejects.toBeInstanceOf(StoreFull);
    await writeAll(store, remove('a'), put('c'));
    await writeAll(store, put('b', { value: '2' }));
    await store.close();
  });
});
