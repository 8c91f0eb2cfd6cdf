// Contract of the records of a channel: random histories of commits, changes and resets are compared with one plain list.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf } from './channel-log.contract-support.ts';
import { recordsOf } from './channel-records.contract-support.ts';
import type { ChannelRecord, RecordChange, RecordSearch } from './channel-records.ts';
import { type MessageTest, type OpenDurableLog, withMessages } from './message-log.contract-support.ts';

interface ChangeSeed {
  readonly kind: string;
  readonly id: string;
  readonly action: 'write' | 'keep' | 'remove' | 'refuse';
  readonly state: string;
  readonly dueAtMs: number | null;
}

type Operation =
  | { readonly kind: 'commit'; readonly entries: readonly EntrySeed[] }
  | { readonly kind: 'change'; readonly channel: string; readonly change: ChangeSeed };

interface EntrySeed {
  readonly channel: string;
  readonly records: readonly ChangeSeed[];
}

type Step =
  | { readonly kind: 'burst'; readonly operations: readonly Operation[] }
  | { readonly kind: 'reset' | 'purge'; readonly channel: string }
  | { readonly kind: 'trim' | 'reopen' }
  | { readonly kind: 'page'; readonly channel: string; readonly seed: PageSeed }
  | { readonly kind: 'search'; readonly search: RecordSearch };

interface PageSeed {
  readonly kind: string;
  readonly limit: number;
  readonly before: number;
  readonly states: readonly string[] | null;
}

const CHANNELS = ['a', 'ab', 'b'];
const KINDS = ['run', 'lease'];
const STATES = ['open', 'held'];

const channel = fc.constantFrom(...CHANNELS);
const kind = fc.constantFrom(...KINDS);
const state = fc.constantFrom(...STATES);
const dueAtMs = fc.option(fc.constantFrom(0, 10, 20), { nil: null });
const limit = fc.integer({ min: 1, max: 4 });

const change: fc.Arbitrary<ChangeSeed> = fc.record({
  kind,
  id: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
  action: fc.oneof(
    { weight: 12, arbitrary: fc.constant('write' as const) },
    { weight: 5, arbitrary: fc.constant('remove' as const) },
    { weight: 1, arbitrary: fc.constantFrom('keep' as const, 'refuse' as const) },
  ),
  state,
  dueAtMs,
});

const entry: fc.Arbitrary<EntrySeed> = fc.record({ channel, records: fc.array(change, { maxLength: 3 }) });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('commit' as const),
    entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('change' as const), channel, change }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reset' as const, 'purge' as const), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('trim' as const, 'reopen' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      channel,
      seed: fc.record({
        kind,
        limit,
        before: fc.integer({ min: 1, max: 12 }),
        states: fc.option(fc.subarray(STATES), { nil: null }),
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('search' as const),
      search: fc.record(
        {
          kind,
          limit,
          state,
          appId: fc.constantFrom('app', 'app', 'none'),
          channelPrefix: fc.constantFrom('', 'a', 'ab'),
          exceptChannels: fc.constantFrom(['a'], ['a', 'ab'], ['none']),
          dueByMs: fc.constantFrom(0, 9, 10, 20),
        },
        { requiredKeys: ['kind', 'limit'] },
      ),
    }),
  },
);

export function recordModelContract(open: OpenDurableLog, runs: number): void {
  describe('random histories', () => {
    it('answer as a plain list does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
          await withMessages(open, async (context) => {
            const run = new ModelRun(context);
            for (const next of steps) await run.take(next);
            await run.compareAll();
          });
        }),
        { numRuns: runs },
      );
    }, 120_000);
  });
}

const REFUSAL = new Error('refused');

function changeOf({ kind: ofKind, id, action, state: next, dueAtMs: due }: ChangeSeed): RecordChange {
  return {
    kind: ofKind,
    id,
    apply(current) {
      if (action === 'refuse') throw REFUSAL;
      if (action === 'keep') return 'keep';
      if (action === 'remove') return null;
      const value = String(Number(current?.value ?? 0) + 1);
      return { value, state: next, ...(due !== null && { dueAtMs: due }) };
    },
  };
}

/** All records there are, in the order in which they were made, and the ordinals in use. */
interface Model {
  readonly records: readonly ChannelRecord[];
  readonly ordinals: ReadonlyMap<string, number>;
}

class ModelRun {
  readonly #context: MessageTest;
  #log: MessageTest['log'];
  #model: Model = { records: [], ordinals: new Map() };

  constructor(context: MessageTest) {
    this.#context = context;
    this.#log = context.log;
  }

  async take(next: Step): Promise<void> {
    const { key, reopen } = this.#context;
    if (next.kind === 'burst') await this.#burst(next.operations);
    else if (next.kind === 'reset') await this.#reset(next.channel);
    else if (next.kind === 'purge') await this.#log.purge(key(next.channel));
    else if (next.kind === 'trim') await this.#log.trim();
    else if (next.kind === 'reopen') this.#log = (await reopen?.()) ?? this.#log;
    else if (next.kind === 'page') await this.#page(next.channel, next.seed);
    else if (next.kind === 'search')
      expect(await this.#log.search(next.search)).toEqual(this.#found(next.search));
  }

  async compareAll(): Promise<void> {
    for (const name of CHANNELS) {
      for (const ofKind of KINDS) {
        const wanted = this.#of(name, ofKind);
        expect(await recordsOf(this.#log, this.#context.key(name), ofKind)).toEqual(wanted);
        for (const record of wanted) {
          expect(await this.#log.record(record.key, ofKind, record.id)).toEqual(record);
        }
      }
    }
  }

  async #burst(operations: readonly Operation[]): Promise<void> {
    const results = operations.map((next) => this.#run(next));
    for (const [index, next] of operations.entries()) {
      const changed = next.kind === 'commit' ? next.entries : [{ ...next, records: [next.change] }];
      const isRefused = changed.some(({ records }) => records.some(({ action }) => action === 'refuse'));
      if (!isRefused) for (const { channel: name, records } of changed) this.#apply(name, records);
      const result = await results[index];
      if (isRefused) expect(result).toEqual({ kind: 'refused', error: REFUSAL });
      else expect(result?.kind).toBe(next.kind === 'commit' ? 'committed' : 'changed');
    }
  }

  #run(next: Operation): Promise<{ readonly kind: string }> {
    const { key } = this.#context;
    if (next.kind === 'change') return this.#log.change(key(next.channel), changeOf(next.change));
    const entries = next.entries.map(({ channel: name, records }) =>
      draftOf(key(name), records.length === 0 ? {} : { records: records.map(changeOf) }),
    );
    return this.#log.commit({ entries, receipts: [] });
  }

  #apply(name: string, changes: readonly ChangeSeed[]): void {
    for (const next of changes) {
      const { kind: ofKind, id, action } = next;
      const { records, ordinals } = this.#model;
      const current = this.#of(name, ofKind).find((record) => record.id === id);
      if (action === 'keep') continue;
      if (action === 'remove') {
        this.#model = { records: records.filter((record) => record !== current), ordinals };
        continue;
      }
      const place = `${name} ${ofKind}`;
      const ordinal = current?.ordinal ?? (ordinals.get(place) ?? 0) + 1;
      const value = String(Number(current?.value ?? 0) + 1);
      const due = next.dueAtMs === null ? {} : { dueAtMs: next.dueAtMs };
      const key = this.#context.key(name);
      const made: ChannelRecord = { key, kind: ofKind, id, ordinal, value, state: next.state, ...due };
      this.#model =
        current === undefined
          ? { records: [...records, made], ordinals: new Map([...ordinals, [place, ordinal]]) }
          : { records: records.map((record) => (record === current ? made : record)), ordinals };
    }
  }

  async #reset(name: string): Promise<void> {
    await this.#log.reset(this.#context.key(name));
    const { records, ordinals } = this.#model;
    this.#model = {
      records: records.filter(({ key }) => key.channel !== name),
      ordinals: new Map([...ordinals].filter(([place]) => !place.startsWith(`${name} `))),
    };
  }

  async #page(name: string, { kind: ofKind, limit: count, before, states }: PageSeed): Promise<void> {
    const range = { limit: count, before, ...(states !== null && { states }) };
    const wanted = this.#of(name, ofKind)
      .filter((record) => record.ordinal < before && (states === null || states.includes(record.state)))
      .toReversed();
    expect(await this.#log.records(this.#context.key(name), ofKind, range)).toEqual({
      records: wanted.slice(0, count),
      more: wanted.length > count,
    });
  }

  #of(name: string, ofKind: string): ChannelRecord[] {
    return this.#model.records
      .filter((record) => record.key.channel === name && record.kind === ofKind)
      .sort((one, other) => one.ordinal - other.ordinal);
  }

  #found(search: RecordSearch): ChannelRecord[] {
    const matching = this.#model.records.filter((record) => {
      if (record.kind !== search.kind) return false;
      if (search.state !== undefined && record.state !== search.state) return false;
      if (search.appId !== undefined && record.key.appId !== search.appId) return false;
      if (!record.key.channel.startsWith(search.channelPrefix ?? '')) return false;
      if (search.exceptChannels?.includes(record.key.channel)) return false;
      return (
        search.dueByMs === undefined || (record.dueAtMs !== undefined && record.dueAtMs <= search.dueByMs)
      );
    });
    const due = matching.filter(({ dueAtMs: ms }) => ms !== undefined);
    due.sort((one, other) => (one.dueAtMs ?? 0) - (other.dueAtMs ?? 0));
    return [...due, ...matching.filter(({ dueAtMs: ms }) => ms === undefined)].slice(0, search.limit);
  }
}
