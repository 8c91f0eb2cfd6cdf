// Contract of the KeyedStore: random batches, with and without expectations, are compared with one ordered map, while pages are
// read in between, time goes on and the store is opened anew.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type KeyedTest, type OpenKeyedStore, withStore } from './keyed-store.contract-support.ts';
import type { KeyedEntry, KeyedOperation, KeyedStore } from './keyed-store.ts';

interface OperationSeed {
  readonly key: string;
  readonly kind: 'put' | 'delete' | 'check';
  readonly endsInMs: number | null;
  /** What the expectation is made from: the revision that the key has in the model, or another one. */
  readonly expectation: 'none' | 'absent' | 'revision' | 'old revision';
}

type Step =
  | { readonly kind: 'burst'; readonly batches: readonly (readonly OperationSeed[])[] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'page'; readonly prefix: string; readonly limit: number }
  | { readonly kind: 'reopen' };

const KEYS = ['a', 'a/1', 'a/2', 'a/～', 'a/🦊', 'b', 'b/1'];
const PREFIXES = ['', 'a', 'a/', 'b', 'c'];

const operation: fc.Arbitrary<OperationSeed> = fc.record({
  key: fc.constantFrom(...KEYS),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('put' as const) },
    { weight: 2, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constant('check' as const) },
  ),
  endsInMs: fc.option(fc.constantFrom(0, 5, 15), { nil: null }),
  expectation: fc.oneof(
    { weight: 8, arbitrary: fc.constant('none' as const) },
    { weight: 2, arbitrary: fc.constantFrom('absent' as const, 'revision' as const) },
    { weight: 1, arbitrary: fc.constant('old revision' as const) },
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      batches: fc.array(fc.array(operation, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(5, 10) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      prefix: fc.constantFrom(...PREFIXES),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

export function keyedModelContract(open: OpenKeyedStore, runs: number): void {
  it('holds what an ordered map holds, whatever is written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) =>
        withStore(open, async (test) => {
          const history = new History(test);
          for (const taken of steps) await history.take(taken);
          await history.compareAll();
        }),
      ),
      { numRuns: runs },
    );
  });
}

class History {
  readonly #test: KeyedTest;
  readonly #model = new Map<string, KeyedEntry>();
  readonly #revisions = new Set<number>();
  #store: KeyedStore;
  #writes = 0;
  /** A scan that goes on while others write: what it has seen, and the keys that were there from its start on. */
  #scan: { prefix: string; after: string; seen: string[]; constant: Set<string> } | null = null;

  constructor(test: KeyedTest) {
    this.#test = test;
    this.#store = test.store;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'burst':
        await this.#burst(step.batches);
        return;
      case 'wait':
        this.#test.clock.nowMs += step.ms;
        this.#forgetEnded();
        return;
      case 'page':
        await this.#page(step.prefix, step.limit);
        return;
      case 'reopen':
        this.#store = (await this.#test.reopen?.()) ?? this.#store;
        return;
    }
  }

  async compareAll(): Promise<void> {
    const expected = this.#ordered('');
    const { entries, next } = await this.#store.scan({ prefix: '', limit: 100 });
    expect(entries).toEqual(expected);
    expect(next).toBeNull();
    expect(await this.#store.getMany(KEYS)).toEqual(KEYS.map((key) => this.#model.get(key) ?? null));
  }

  /** Written without waiting in between: applied in the order of the calls. */
  async #burst(batches: readonly (readonly OperationSeed[])[]): Promise<void> {
    // Expectations are made from what was there before the burst, so that earlier batches of it break some of them.
    const written = batches.map((seeds) => seeds.map((seed) => this.#operation(seed)));
    const results = await Promise.all(written.map((operations) => this.#store.write(operations)));
    for (const [index, operations] of written.entries()) {
      const result = results[index];
      const conflicts = operations.filter((each) => !this.#holds(each)).map(({ key }) => key);
      if (result === undefined || result.kind === 'conflict') {
        expect(result).toEqual({ kind: 'conflict', keys: [...new Set(conflicts)] });
        continue;
      }
      expect(conflicts).toEqual([]);
      expect(this.#revisions).not.toContain(result.revision);
      this.#revisions.add(result.revision);
      for (const each of operations) this.#apply(each, result.revision);
    }
    this.#forgetEnded();
    for (const key of this.#scan?.constant ?? []) if (!this.#model.has(key)) this.#scan?.constant.delete(key);
  }

  #operation({ key, kind, endsInMs, expectation }: OperationSeed): KeyedOperation {
    const revision = this.#model.get(key)?.revision ?? 0;
    const ifRevision = expectation === 'old revision' ? revision - 1 : revision;
    if (kind === 'check') return { kind, key, ifRevision };
    const expects = expectation === 'revision' || expectation === 'old revision' ? { ifRevision } : {};
    if (kind === 'delete') return { kind, key, ...expects };
    this.#writes += 1;
    return {
      kind,
      key,
      value: String(this.#writes),
      ...expects,
      ...(expectation === 'absent' && { ifAbsent: true }),
      ...(endsInMs !== null && { expiresAtMs: this.#test.clock.nowMs + endsInMs }),
    };
  }

  #holds(operation: KeyedOperation): boolean {
    const current = this.#model.get(operation.key);
    if (operation.kind === 'put' && operation.ifAbsent === true && current !== undefined) return false;
    return operation.ifRevision === undefined || operation.ifRevision === current?.revision;
  }

  #apply(operation: KeyedOperation, revision: number): void {
    if (operation.kind === 'check') return;
    const { key } = operation;
    this.#model.delete(key);
    if (operation.kind === 'delete') {
      this.#scan?.constant.delete(key);
      return;
    }
    const { value, expiresAtMs = null } = operation;
    if (expiresAtMs !== null && expiresAtMs <= this.#test.clock.nowMs) return;
    this.#model.set(key, { key, value, revision, expiresAtMs });
  }

  #forgetEnded(): void {
    for (const [key, { expiresAtMs }] of this.#model) {
      if (expiresAtMs === null || expiresAtMs > this.#test.clock.nowMs) continue;
      this.#model.delete(key);
      this.#scan?.constant.delete(key);
    }
  }

  /** The next page of the scan that is going on, or the first of a new one. */
  async #page(prefix: string, limit: number): Promise<void> {
    const scan = this.#scan ?? {
      prefix,
      after: '',
      seen: [],
      constant: new Set(this.#ordered(prefix).map(({ key }) => key)),
    };
    const from = scan.after === '' ? {} : { after: scan.after };
    const { entries, next } = await this.#store.scan({ prefix: scan.prefix, ...from, limit });
    const rest = this.#ordered(scan.prefix).filter(({ key }) => byBytes(key, scan.after) > 0);
    expect(entries).toEqual(rest.slice(0, entries.length));
    expect(entries.length).toBeLessThanOrEqual(limit);
    scan.seen.push(...entries.map(({ key }) => key));
    if (next !== null) {
      this.#scan = { ...scan, after: next };
      return;
    }
    this.#scan = null;
    expect(entries).toEqual(rest);
    expect(new Set(scan.seen).size).toBe(scan.seen.length);
    for (const key of scan.constant) expect(scan.seen).toContain(key);
  }

  #ordered(prefix: string): KeyedEntry[] {
    const entries = [...this.#model.values()].filter(({ key }) => key.startsWith(prefix));
    return entries.sort((one, other) => byBytes(one.key, other.key));
  }
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
