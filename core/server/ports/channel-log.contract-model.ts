// Contract of the ChannelLog port: random histories of commits, purges, resets and trims are compared with plain arrays.
// The model works out each answer by looking at every entry, in no way as a driver does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf, type LogTest, type OpenLog, withLog } from './channel-log.contract-support.ts';
import type { LogEntry, ReadRange, Retention } from './channel-log.ts';

type Step =
  | { readonly kind: 'burst'; readonly commits: readonly (readonly { channel: number; size: number }[])[] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'purge'; readonly channel: number; readonly serial?: number; readonly agoMs?: number }
  | { readonly kind: 'reset'; readonly channel: number }
  | { readonly kind: 'trim' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'read'; readonly channel: number; readonly range: RangeSeed };

interface RangeSeed {
  readonly direction: 'oldest-first' | 'newest-first';
  readonly limit: number;
  readonly from?: { readonly serial: number; readonly isForeign: boolean };
  readonly startSerial?: number;
  readonly endSerial?: number;
  readonly startAgoMs?: number;
  readonly endAgoMs?: number;
}

const RETENTIONS: readonly Retention[] = [{}, { messages: 4 }, { ageMs: 50, bytes: 90 }];

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const channel = fc.nat({ max: RETENTIONS.length - 1 });
const serial = fc.nat({ max: 14 });
// Coarse, so that bounds often fall on the very millisecond of an entry.
const agoMs = fc.constantFrom(-5, 0, 5, 10, 15, 20, 25, 50, 55, 75);

const range: fc.Arbitrary<RangeSeed> = fc
  .record({
    direction: fc.constantFrom('oldest-first', 'newest-first'),
    limit: fc.integer({ min: 1, max: 5 }),
    from: optional(fc.record({ serial, isForeign: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) })),
    startSerial: optional(serial),
    endSerial: optional(serial),
    startAgoMs: optional(agoMs),
    endAgoMs: optional(agoMs),
  })
  .map(withoutUndefined);

const commit = fc.array(fc.record({ channel, size: fc.nat({ max: 20 }) }), { minLength: 1, maxLength: 4 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('burst'), commits: fc.array(commit, { maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(5, 10, 25, 50) }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ kind: fc.constant('purge'), channel, serial: optional(serial), agoMs: optional(agoMs) })
      .map(withoutUndefined),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset'), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('read'), channel, range }) },
);

export function modelContract(open: OpenLog, runs: number): void {
  describe('random histories', () => {
    it('answer as plain arrays do', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
          await withLog(open, async (context) => {
            const run = new ModelRun(context);
            for (const next of steps) await run.take(next);
            await run.compareStates();
          });
        }),
        { numRuns: runs },
      );
    }, 120_000);
  });
}

interface ModelChannel {
  streamId: string;
  head: number;
  entries: { serial: number; data: string; publishedAtMs: number; bytes: number }[];
}

class ModelRun {
  readonly #context: LogTest;
  readonly #channels = new Map<number, ModelChannel>();
  #log: LogTest['log'];

  constructor(context: LogTest) {
    this.#context = context;
    this.#log = context.log;
  }

  async take(step: Step): Promise<void> {
    const { clock, reopen } = this.#context;
    if (step.kind === 'burst') await this.#burst(step.commits);
    else if (step.kind === 'wait') clock.nowMs += step.ms;
    else if (step.kind === 'purge') await this.#purge(step);
    else if (step.kind === 'reset') await this.#reset(step.channel);
    else if (step.kind === 'trim') await this.#log.trim();
    else if (step.kind === 'reopen') this.#log = (await reopen?.()) ?? this.#log;
    else await this.#read(step.channel, step.range);
  }

  async compareStates(): Promise<void> {
    for (const index of RETENTIONS.keys()) {
      const { streamId, head, entries } = await this.#retained(index);
      const oldest = entries[0];
      const newest = entries.at(-1);
      expect(await this.#log.state(this.#key(index))).toEqual({
        head: { streamId, serial: head },
        oldestSerial: oldest?.serial ?? null,
        newestSerial: newest?.serial ?? null,
        oldestPublishedAtMs: oldest?.publishedAtMs ?? null,
        newestPublishedAtMs: newest?.publishedAtMs ?? null,
        messages: entries.length,
        bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
      });
    }
  }

  /** Commits of one turn: none waits for another. */
  async #burst(commits: readonly (readonly { channel: number; size: number }[])[]): Promise<void> {
    const { clock } = this.#context;
    for (const index of RETENTIONS.keys()) await this.#channel(index);
    const results = commits.map((drafts) => {
      const entries = drafts.map(({ channel: index, size }) =>
        draftOf(this.#key(index), {
          event: 'e',
          data: 'x'.repeat(size),
          publishedAtMs: clock.nowMs,
          retention: RETENTIONS[index] ?? {},
        }),
      );
      return this.#log.commit({ entries, receipts: [] });
    });
    for (const [turn, result] of (await Promise.all(results)).entries()) {
      if (result.kind !== 'committed') throw new Error(result.kind);
      for (const [place, entry] of result.entries.entries()) {
        await this.#expectAppended(commits[turn]?.[place]?.channel ?? -1, entry);
      }
    }
  }

  async #expectAppended(index: number, entry: LogEntry): Promise<void> {
    const model = await this.#channel(index);
    model.head += 1;
    expect({ streamId: entry.streamId, serial: entry.serial }).toEqual({
      streamId: model.streamId,
      serial: model.head,
    });
    const { serial, data, publishedAtMs } = entry;
    model.entries.push({ serial, data, publishedAtMs, bytes: 1 + data.length });
  }

  async #purge(below: { channel: number; serial?: number; agoMs?: number }): Promise<void> {
    const model = await this.#retained(below.channel);
    const timeMs = below.agoMs === undefined ? undefined : this.#context.clock.nowMs - below.agoMs;
    const isRemoved = (entry: ModelChannel['entries'][number]): boolean =>
      entry.serial < (below.serial ?? Number.POSITIVE_INFINITY) &&
      entry.publishedAtMs < (timeMs ?? Number.POSITIVE_INFINITY);
    const removed = model.entries.filter(isRemoved);
    model.entries = model.entries.filter((entry) => !isRemoved(entry));
    const answer = await this.#log.purge(
      this.#key(below.channel),
      withoutUndefined({ serial: below.serial, timeMs }),
    );
    expect(answer).toEqual({
      messages: removed.length,
      bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  }

  async #reset(index: number): Promise<void> {
    const model = await this.#retained(index);
    const { previous, head, messages } = await this.#log.reset(this.#key(index));
    expect(previous).toEqual({ streamId: model.streamId, serial: model.head });
    expect(messages).toBe(model.entries.length);
    expect(head.streamId).not.toBe(model.streamId);
    this.#channels.set(index, { streamId: head.streamId, head: 0, entries: [] });
  }

  async #read(index: number, seed: RangeSeed): Promise<void> {
    const model = await this.#retained(index);
    const { nowMs } = this.#context.clock;
    const asked: ReadRange = withoutUndefined({
      direction: seed.direction,
      limit: seed.limit,
      startSerial: seed.startSerial,
      endSerial: seed.endSerial,
      startTimeMs: seed.startAgoMs === undefined ? undefined : nowMs - seed.startAgoMs,
      endTimeMs: seed.endAgoMs === undefined ? undefined : nowMs - seed.endAgoMs,
      from: seed.from && {
        streamId: seed.from.isForeign ? 'foreign' : model.streamId,
        serial: seed.from.serial,
      },
    });
    const answer = await this.#log.read(this.#key(index), asked);
    const gap = gapOf(model, asked);
    if (answer.kind === 'gap') {
      expect(answer.reason).toBe(gap);
      return;
    }
    expect(gap).toBeNull();
    const matching = model.entries.filter((entry) => isWithin(entry, asked));
    if (asked.direction === 'newest-first') matching.reverse();
    expect(answer.entries.map(({ serial: found, data }) => [found, data])).toEqual(
      matching.slice(0, asked.limit).map(({ serial: expected, data }) => [expected, data]),
    );
    expect(answer.more).toBe(matching.length > asked.limit);
    expect(answer.head).toEqual({ streamId: model.streamId, serial: model.head });
  }

  #key(index: number) {
    return this.#context.key(`channel-${index}`);
  }

  async #channel(index: number): Promise<ModelChannel> {
    const known = this.#channels.get(index);
    if (known !== undefined) return known;
    const { streamId } = await this.#log.head(this.#key(index));
    const model: ModelChannel = { streamId, head: 0, entries: [] };
    this.#channels.set(index, model);
    return model;
  }

  async #retained(index: number): Promise<ModelChannel> {
    const model = await this.#channel(index);
    const { ageMs = Number.POSITIVE_INFINITY, messages, bytes } = RETENTIONS[index] ?? {};
    const size = () => model.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    model.entries = model.entries.filter((entry) => entry.publishedAtMs >= this.#context.clock.nowMs - ageMs);
    while (model.entries.length > (messages ?? Number.POSITIVE_INFINITY)) model.entries.shift();
    while (size() > (bytes ?? Number.POSITIVE_INFINITY)) model.entries.shift();
    return model;
  }
}

/** By invariant L6, entry by entry. */
function gapOf({ streamId, head, entries }: ModelChannel, { from, direction }: ReadRange): string | null {
  if (from === undefined) return null;
  if (from.streamId !== streamId) return 'other-stream';
  const isMissing = (wanted: number): boolean => !entries.some((entry) => entry.serial === wanted);
  if (direction === 'oldest-first') {
    if (from.serial > head) return 'ahead';
    return from.serial < head && isMissing(from.serial + 1) ? 'trimmed' : null;
  }
  if (from.serial > head + 1) return 'ahead';
  const wanted = Math.max(from.serial, 1);
  return wanted <= head && isMissing(wanted) ? 'trimmed' : null;
}

function isWithin(entry: { serial: number; publishedAtMs: number }, asked: ReadRange): boolean {
  const { from, direction } = asked;
  const isBeyond =
    from === undefined ||
    (direction === 'oldest-first' ? entry.serial > from.serial : entry.serial < from.serial);
  return (
    isBeyond &&
    entry.serial >= (asked.startSerial ?? 0) &&
    entry.serial <= (asked.endSerial ?? Number.POSITIVE_INFINITY) &&
    entry.publishedAtMs >= (asked.startTimeMs ?? 0) &&
    entry.publishedAtMs <= (asked.endTimeMs ?? Number.POSITIVE_INFINITY)
  );
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(given: T): Defined<T> {
  // CAST: what is left has no undefined members, which is all that Defined says.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
