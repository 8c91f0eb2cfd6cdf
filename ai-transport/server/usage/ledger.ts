// Who has used how much: counters for runs, sessions (channels) and users, of all time, of the month and of the day (UTC). A use is
// counted once, however often it is reported: its id is stored in the batch that counts it. Counters end some time after they were
// last counted to.
import { createHash } from 'node:crypto';
import type { App } from '@sockudo/server/plugins';
import { entryKey, type KeyedEntry, type KeyedOperation, type KeyedStore } from '@sockudo/server/ports';
import { NO_USE, sumOf, type Tally, tallyOf } from './tally.ts';

export interface UsageSubject {
  readonly channel?: string | undefined;
  /** Of the channel. */
  readonly runId?: string | undefined;
  readonly clientId?: string | undefined;
}

/** One call of a model. */
export interface Use extends UsageSubject {
  readonly channel: string;
  readonly runId: string;
  /** The same id, channel and run again is the same call. */
  readonly usageId: string;
  readonly tally: Tally;
}

export interface PeriodTallies {
  readonly total: Tally;
  readonly month: Tally;
  readonly day: Tally;
}

/** Absent: nobody asked for it. */
export interface Usage {
  readonly run?: Tally;
  readonly session?: PeriodTallies;
  readonly user?: PeriodTallies;
}

export type CountedUsage = Usage & { readonly status: 'applied' | 'duplicate' };

const DAY_MS = 24 * 3_600_000;
const KEPT_MS = {
  seen: 7 * DAY_MS,
  run: 30 * DAY_MS,
  day: 40 * DAY_MS,
  month: 400 * DAY_MS,
  total: 400 * DAY_MS,
};
/** Other nodes count at the same time; those of this one wait for each other. */
const ATTEMPTS_MAX = 20;

interface Counter {
  readonly key: string;
  readonly keptMs: number;
}

export class Ledger {
  readonly #store: KeyedStore;
  readonly #now: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: KeyedStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Counts a use, and answers what there is then. Rejects when the store failed: whether it was counted is told by another try. */
  count(app: App, use: Use): Promise<CountedUsage> {
    const counted = this.#last.then(() => this.#count(app, use));
    this.#last = counted.catch(() => {});
    return counted;
  }

  async read(app: App, subject: UsageSubject): Promise<Usage> {
    const counters = this.#countersOf(app, subject);
    const entries = await this.#store.getMany(counters.map(({ key }) => key));
    return usageOf(
      subject,
      entries.map((entry) => tallyOf(entry?.value)),
    );
  }

  async #count(app: App, use: Use): Promise<CountedUsage> {
    const counters = this.#countersOf(app, use);
    const seen = keyOf(app.id, 'seen', use.channel, use.runId, use.usageId);
    for (let attempt = 1; ; attempt += 1) {
      const [known, ...entries] = await this.#store.getMany([seen, ...counters.map(({ key }) => key)]);
      const before = entries.map((entry) => tallyOf(entry?.value));
      if (known !== undefined && known !== null) return { ...usageOf(use, before), status: 'duplicate' };
      const after = before.map((tally) => sumOf(tally, use.tally));
      const operations = counters.map(({ key, keptMs }, index) =>
        putOf(key, after[index] ?? NO_USE, this.#now() + keptMs, entries[index] ?? null),
      );
      const mark = { kind: 'put', key: seen, value: '1', expiresAtMs: this.#now() + KEPT_MS.seen } as const;
      const { kind } = await this.#store.write([{ ...mark, ifAbsent: true }, ...operations]);
      if (kind === 'written') return { ...usageOf(use, after), status: 'applied' };
      if (attempt === ATTEMPTS_MAX) throw new Error('the counters are changed by others all the time');
    }
  }

  /** In the order in which `usageOf` takes their tallies. */
  #countersOf({ id }: App, { channel, runId, clientId }: UsageSubject): readonly Counter[] {
    const today = new Date(this.#now()).toISOString().slice(0, 10);
    const periods = (...subject: readonly string[]): Counter[] => [
      { key: keyOf(id, ...subject, 'total'), keptMs: KEPT_MS.total },
      { key: keyOf(id, ...subject, today.slice(0, 7)), keptMs: KEPT_MS.month },
      { key: keyOf(id, ...subject, today), keptMs: KEPT_MS.day },
    ];
    return [
      ...(channel === undefined || runId === undefined
        ? []
        : [{ key: keyOf(id, 'run', channel, runId), keptMs: KEPT_MS.run }]),
      ...(channel === undefined ? [] : periods('session', channel)),
      ...(clientId === undefined ? [] : periods('user', clientId)),
    ];
  }
}

/** Ids may be longer than a key: long ones are known by their digest. */
function keyOf(...parts: readonly string[]): string {
  const short = parts.map((part) =>
    Buffer.byteLength(entryKey(part)) <= LONG_BYTES ? part : digestOf(part),
  );
  return entryKey('ai-usage', ...short);
}

const LONG_BYTES = 80;
const digestOf = (text: string): string => `#${createHash('sha256').update(text).digest('base64url')}`;

function putOf(key: string, tally: Tally, expiresAtMs: number, before: KeyedEntry | null): KeyedOperation {
  const put = { kind: 'put', key, value: JSON.stringify(tally), expiresAtMs } as const;
  return before === null ? { ...put, ifAbsent: true } : { ...put, ifRevision: before.revision };
}

function usageOf({ channel, runId, clientId }: UsageSubject, tallies: readonly Tally[]): Usage {
  const left = [...tallies];
  const next = (): Tally => left.shift() ?? NO_USE;
  const periods = (): PeriodTallies => ({ total: next(), month: next(), day: next() });
  return {
    ...(channel !== undefined && runId !== undefined && { run: next() }),
    ...(channel !== undefined && { session: periods() }),
    ...(clientId !== undefined && { user: periods() }),
  };
}
