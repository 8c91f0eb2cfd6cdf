// The contract suite of the KeyedStore port; every driver passes it, and nothing in it names one. Random batches against an
// ordered map are in keyed-store.contract-model.ts.
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from './channel-log.ts';
import { keyedModelContract } from './keyed-store.contract-model.ts';
import {
  check,
  type KeyedTest,
  type OpenKeyedStore,
  put,
  remove,
  revisionOf,
  scanAll,
  withStore,
  writeAll,
} from './keyed-store.contract-support.ts';
import {
  type KeyedOperation,
  MAX_BATCH_BYTES,
  MAX_BATCH_OPERATIONS,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
} from './keyed-store.ts';
import { entryKey, keyPrefix } from './keyed-store-keys.ts';

export interface KeyedContractOptions {
  /** Random histories of the model-based property, default 60. */
  readonly runs?: number;
}

/** @param open gives an empty store on the clock given. */
export function keyedStoreContract(
  name: string,
  open: OpenKeyedStore,
  { runs = 60 }: KeyedContractOptions = {},
): void {
  describe(`KeyedStore: ${name}`, () => {
    entryContract(open);
    expectationContract(open);
    endContract(open);
    scanContract(open);
    boundsContract(open);
    lifetimeContract(open);
    keyedModelContract(open, runs);
  });
}

function entryContract(open: OpenKeyedStore): void {
  const test = (name: string, run: (test: KeyedTest) => Promise<void>) =>
    it(name, () => withStore(open, run));

  test('answers what was put, and nothing for what was not', async ({ store }) => {
    const value = JSON.stringify({ text: 'é🦊\0"\\', of: [1, null] });
    expect(await store.get('a')).toBeNull();
    const revision = await writeAll(store, put('a', { value }));
    expect(await store.get('a')).toEqual({ key: 'a', value, revision, expiresAtMs: null });
  });

  test('replaces and removes, and takes an empty batch', async ({ store }) => {
    await writeAll(store, put('a', { value: '1', expiresAtMs: 4e12 }), put('b', { value: '1' }));
    const revision = await writeAll(store, put('a', { value: '2' }), remove('b'), remove('never'));
    expect(await store.get('a')).toEqual({ key: 'a', value: '2', revision, expiresAtMs: null });
    expect(await store.get('b')).toBeNull();
    expect(await store.write([])).toMatchObject({ kind: 'written' });
  });

  test('gives one revision to a batch, and none twice', async ({ store }) => {
    const revisions = new Set<number>();
    for (let round = 0; round < 5; round += 1) {
      const revision = await writeAll(store, put('a'), put('b'));
      expect([await revisionOf(store, 'a'), await revisionOf(store, 'b')]).toEqual([revision, revision]);
      revisions.add(revision);
      await writeAll(store, remove('a'), remove('b'));
    }
    expect(revisions.size).toBe(5);
  });

  test('lets the last operation on a key count', async ({ store }) => {
    await writeAll(store, put('a', { value: '1' }), put('a', { value: '2' }), put('b'), remove('b'));
    expect((await store.get('a'))?.value).toBe('2');
    expect(await store.get('b')).toBeNull();
    await writeAll(store, remove('a'), put('a', { value: '3' }));
    expect((await store.get('a'))?.value).toBe('3');
  });

  test('answers many keys in the order in which they are asked for', async ({ store }) => {
    await writeAll(store, put('a', { value: '1' }), put('c', { value: '3' }));
    const values = (await store.getMany(['c', 'b', 'a', 'c'])).map((entry) => entry?.value);
    expect(values).toEqual(['3', undefined, '1', '3']);
    expect(await store.getMany([])).toEqual([]);
  });

  test('takes keys and values as large as they may be', async ({ store }) => {
    const key = 'é'.repeat(MAX_KEY_BYTES / 2);
    const value = `"${'x'.repeat(MAX_VALUE_BYTES - 2)}"`;
    await writeAll(store, put(key, { value }));
    expect((await store.get(key))?.value).toBe(value);
  });

  test('takes as many operations as there may be', async ({ store }) => {
    const keys = Array.from({ length: MAX_BATCH_OPERATIONS }, (_, index) => entryKey('n', String(index)));
    await writeAll(store, ...keys.map((key) => put(key)));
    expect(await scanAll(store, { prefix: keyPrefix('n'), limit: 300 })).toHaveLength(keys.length);
    expect((await store.getMany(keys)).every((entry) => entry !== null)).toBe(true);
  });

  test('keeps what asks for less than a sync', async ({ store }) => {
    expect(await store.write([put('a')], { durability: 'process' })).toMatchObject({ kind: 'written' });
    expect(await store.get('a')).not.toBeNull();
  });
}

function expectationContract(open: OpenKeyedStore): void {
  const test = (name: string, run: (test: KeyedTest) => Promise<void>) =>
    it(name, () => withStore(open, run));

  test('puts an entry once where it must be absent', async ({ store }) => {
    const first = put('a', { value: '1', ifAbsent: true });
    expect(await store.write([first])).toMatchObject({ kind: 'written' });
    const second = [put('b'), put('a', { value: '2', ifAbsent: true }), remove('c')];
    expect(await store.write(second)).toEqual({ kind: 'conflict', keys: ['a'] });
    expect((await store.get('a'))?.value).toBe('1');
    expect(await store.get('b')).toBeNull();
  });

  test('changes, removes and checks an entry only in the revision that was read', async ({ store }) => {
    const old = await writeAll(store, put('a'), put('b'));
    const now = await writeAll(store, put('a', { value: '2' }));
    for (const operation of [put('a', { ifRevision: old }), remove('a', old), check('a', old)]) {
      expect(await store.write([operation, remove('b')])).toEqual({ kind: 'conflict', keys: ['a'] });
    }
    await writeAll(store, check('a', now), put('c'));
    expect((await store.get('a'))?.revision).toBe(now);
    const next = await writeAll(store, put('a', { value: '3', ifRevision: now }));
    await writeAll(store, remove('a', next), check('b', old));
    expect((await store.getMany(['a', 'b', 'c'])).map((entry) => entry?.value)).toEqual([
      undefined,
      '0',
      '0',
    ]);
  });

  test('names all keys that are in conflict, in their order', async ({ store }) => {
    await writeAll(store, put('z'), put('b'));
    const batch: KeyedOperation[] = [
      put('z', { ifAbsent: true }),
      put('new', { ifAbsent: true }),
      check('missing', 1),
      put('b', { ifAbsent: true }),
    ];
    expect(await store.write(batch)).toEqual({ kind: 'conflict', keys: ['z', 'missing', 'b'] });
    expect(await store.get('new')).toBeNull();
  });

  test('judges by what was there before the batch', async ({ store }) => {
    await writeAll(store, put('a', { ifAbsent: true }), put('a', { value: '2', ifAbsent: true }));
    const revision = await revisionOf(store, 'a');
    await writeAll(store, remove('a', revision), put('a', { value: '3', ifRevision: revision }));
    expect((await store.get('a'))?.value).toBe('3');
  });

  test('never takes a new entry for the one that was read', async ({ store }) => {
    const revision = await writeAll(store, put('a'));
    await writeAll(store, remove('a'));
    await writeAll(store, put('a'));
    expect(await store.write([put('a', { ifRevision: revision })])).toMatchObject({ kind: 'conflict' });
  });

  test('lets one of many win', async ({ store }) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.write([put('a', { value: String(index), ifAbsent: true }), put(`of/${index}`)]),
      ),
    );
    const winners = results.flatMap(({ kind }, index) => (kind === 'written' ? [String(index)] : []));
    expect(winners).toEqual([(await store.get('a'))?.value]);
    const kept = await scanAll(store, { prefix: 'of/', limit: 10 });
    expect(kept.map(({ key }) => key)).toEqual(winners.map((index) => `of/${index}`));
  });

  test('loses no addition to a counter', async ({ store }) => {
    await writeAll(store, put('n', { value: '0' }));
    const addOne = async (): Promise<void> => {
      for (;;) {
        const entry = await store.get('n');
        if (entry === null) throw new Error('the counter is gone');
        const next = put('n', { value: String(Number(entry.value) + 1), ifRevision: entry.revision });
        if ((await store.write([next])).kind === 'written') return;
      }
    };
    await Promise.all(Array.from({ length: 8 }, addOne));
    expect((await store.get('n'))?.value).toBe('8');
  });
}

function endContract(open: OpenKeyedStore): void {
  it('has no entry from its end on, for reads and for expectations', () =>
    withStore(open, async ({ store, clock }) => {
      const expiresAtMs = clock.nowMs + 10;
      const revision = await writeAll(store, put('a', { expiresAtMs }), put('b'));
      clock.nowMs += 9;
      expect(await store.get('a')).toMatchObject({ revision, expiresAtMs });
      expect(await store.write([put('a', { ifAbsent: true })])).toMatchObject({ kind: 'conflict' });
      clock.nowMs += 1;
      expect(await store.get('a')).toBeNull();
      expect(await store.getMany(['a', 'b'])).toMatchObject([null, { key: 'b' }]);
      expect(await scanAll(store, { prefix: '', limit: 10 })).toMatchObject([{ key: 'b' }]);
      expect(await store.write([check('a', revision)])).toMatchObject({ kind: 'conflict' });
      await writeAll(store, put('a', { value: '2', ifAbsent: true }));
      expect(await store.get('a')).toMatchObject({ value: '2', expiresAtMs: null });
    }));

  it('never shows an entry that was put after its end', () =>
    withStore(open, async ({ store, clock }) => {
      await writeAll(store, put('a', { expiresAtMs: clock.nowMs }), put('b', { expiresAtMs: 0 }));
      expect(await store.getMany(['a', 'b'])).toEqual([null, null]);
    }));
}

function scanContract(open: OpenKeyedStore): void {
  const test = (name: string, run: (test: KeyedTest) => Promise<void>) =>
    it(name, () => withStore(open, run));

  test('goes by the bytes of the keys, within a prefix', async ({ store }) => {
    // U+FF5E is before U+1F98A in bytes and behind it in UTF-16.
    const keys = ['a', 'a-b', 'a/', 'a/1', 'a/B', 'a/b', 'a/é', 'a/～', 'a/🦊', 'a0', 'b/1'];
    await writeAll(store, ...[...keys].reverse().map((key) => put(key)));
    const found = async (prefix: string) =>
      (await scanAll(store, { prefix, limit: 3 })).map(({ key }) => key);
    expect(await found('')).toEqual(keys);
    expect(await found('a/')).toEqual(keys.slice(2, 9));
    expect(await found(keyPrefix('b'))).toEqual(['b/1']);
    expect(await found('c')).toEqual([]);
  });

  test('goes on behind a key, whether it is there or not', async ({ store }) => {
    await writeAll(store, put('p/a'), put('p/c'), put('q'));
    const found = async (after: string) =>
      (await store.scan({ prefix: 'p/', after, limit: 5 })).entries.map(({ key }) => key);
    expect(await found('p/a')).toEqual(['p/c']);
    expect(await found('p/b')).toEqual(['p/c']);
    expect(await found('o')).toEqual(['p/a', 'p/c']);
    expect(await found('p/c')).toEqual([]);
    expect(await found('r')).toEqual([]);
  });

  test('says when there is nothing more', async ({ store }) => {
    await writeAll(store, put('a'), put('b'));
    expect(await store.scan({ prefix: '', limit: 2 })).toMatchObject({ entries: [{}, {}], next: null });
    const first = await store.scan({ prefix: '', limit: 1 });
    expect(first).toMatchObject({ entries: [{ key: 'a' }], next: 'a' });
    expect(await store.scan({ prefix: '', after: 'a', limit: 1 })).toMatchObject({ next: null });
  });

  test('ends a page of large values early, and loses none', async ({ store }) => {
    const value = `"${'x'.repeat(250_000)}"`;
    const keys = Array.from({ length: 24 }, (_, index) => entryKey('large', String(index + 10)));
    await writeAll(store, ...keys.map((key) => put(key, { value })));
    const { entries, next } = await store.scan({ prefix: keyPrefix('large'), limit: 1000 });
    expect(entries.length).toBeLessThan(keys.length);
    expect(next).toBe(entries.at(-1)?.key);
    const all = await scanAll(store, { prefix: keyPrefix('large'), limit: 1000 });
    expect(all.map(({ key }) => key)).toEqual(keys);
  });

  test('passes over many ended entries', async ({ store, clock }) => {
    const keys = Array.from({ length: 900 }, (_, index) => entryKey('e', String(index + 1000)));
    await writeAll(store, ...keys.map((key) => put(key, { expiresAtMs: clock.nowMs + 1 })), put('e/z'));
    clock.nowMs += 1;
    expect(await scanAll(store, { prefix: 'e/', limit: 2 })).toMatchObject([{ key: 'e/z' }]);
  });
}

function boundsContract(open: OpenKeyedStore): void {
  it('refuses what exceeds a bound or is no text, and changes nothing', () =>
    withStore(open, async ({ store }) => {
      const tooLarge = `"${'x'.repeat(MAX_VALUE_BYTES - 1)}"`;
      const halfAsLarge = `"${'x'.repeat(MAX_VALUE_BYTES / 2)}"`;
      const refused: KeyedOperation[][] = [
        [put('')],
        [put('é'.repeat(MAX_KEY_BYTES / 2 + 1))],
        [remove('x'.repeat(MAX_KEY_BYTES + 1))],
        [put('a', { value: tooLarge })],
        [put('\0')],
        [put('\ud800')],
        [put('a', { value: '"\udc00"' })],
        [put('a', { value: '"\0"' })],
        [put('a', { expiresAtMs: 1.5 })],
        [put('a', { expiresAtMs: Number.NaN })],
        Array.from({ length: MAX_BATCH_OPERATIONS + 1 }, (_, index) => put(`k${index}`)),
        Array.from({ length: Math.ceil(MAX_BATCH_BYTES / halfAsLarge.length) }, (_, index) =>
          put(`k${index}`, { value: halfAsLarge }),
        ),
      ];
      for (const batch of refused) {
        await expect(store.write([put('good'), ...batch])).rejects.toBeInstanceOf(RangeError);
      }
      expect(await scanAll(store, { prefix: '', limit: 10 })).toEqual([]);
    }));

  it('refuses reads that exceed a bound', () =>
    withStore(open, async ({ store }) => {
      await expect(store.get('')).rejects.toBeInstanceOf(RangeError);
      const many = Array.from({ length: MAX_BATCH_OPERATIONS + 1 }, () => 'a');
      await expect(store.getMany(many)).rejects.toBeInstanceOf(RangeError);
      for (const limit of [0, -1, 1.5, Number.NaN, MAX_BATCH_OPERATIONS + 1]) {
        await expect(store.scan({ prefix: '', limit })).rejects.toBeInstanceOf(RangeError);
      }
      await expect(store.scan({ prefix: '\ud800', limit: 1 })).rejects.toBeInstanceOf(RangeError);
    }));
}

function lifetimeContract(open: OpenKeyedStore): void {
  it('rejects after it is closed, closes twice, and ends what was begun', () =>
    withStore(open, async ({ store }) => {
      const begun = store.write([put('a')]);
      await Promise.all([store.close(), store.close()]);
      await expect(begun).resolves.toMatchObject({ kind: 'written' });
      await expect(store.write([put('a')])).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.get('a')).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.getMany(['a'])).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.scan({ prefix: '', limit: 1 })).rejects.toBeInstanceOf(StoreUnavailable);
    }));

  it('has everything again after a restart, where it lasts, and goes on counting', () =>
    withStore(open, async ({ store, reopen, clock }) => {
      if (reopen === undefined) return;
      const expiresAtMs = clock.nowMs + 1000;
      const revision = await writeAll(store, put('a', { value: '"kept"', expiresAtMs }), put('b'));
      const again = await reopen();
      expect(await again.get('a')).toEqual({ key: 'a', value: '"kept"', revision, expiresAtMs });
      await writeAll(again, remove('b'));
      expect(await writeAll(again, put('b'))).not.toBe(revision);
      expect(await again.write([check('a', revision)])).toMatchObject({ kind: 'written' });
    }));
}
