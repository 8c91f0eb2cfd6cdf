// Looks after runs whose time has come: leases that ran out, agents that fell silent, ended runs that were kept long enough, chores
// whose node died. Every node looks; the step that changes a record lets one of them do it. A timer wakes at the next due time that is
// known, and every second where other nodes may have died; each time a bounded number of runs is dealt with.
import type { RunStatus } from '@sockudo/ai-transport/wire';
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import type { ChannelRecord, DurableLog } from '@sockudo/server/ports';
import { silentUntilMs } from './activity.ts';
import { CHORE_KIND, parseChore } from './chore.ts';
import type { Chores } from './chores.ts';
import { LIVE_STATES, type RunLog, type RunPlace } from './run-log.ts';
import { type DuePolicy, RUN_KIND, storedRunOf } from './stored-run.ts';

/** Records that are dealt with at once. */
const PAGE = 64;
const IDLE_MS = 30_000;
const SHARED_MS = 1_000;
const REMOVAL_MS = 10 * 60 * 1000;
/** Looked at again after this long where nothing can be done, e.g. because the app is gone. */
const HOPELESS_MS = 60 * 60 * 1000;

const ENDED_STATES: readonly RunStatus[] = ['complete', 'cancelled', 'error', 'lost'];

export interface RunSweepParts {
  readonly context: Pick<RealtimeContext, 'logs' | 'logger' | 'settings'>;
  readonly runs: RunLog;
  readonly chores: Chores;
  readonly policy: DuePolicy;
  /** No other node may have left runs behind. */
  readonly isAlone: boolean;
  readonly now: () => number;
}

export class RunSweep {
  readonly #parts: RunSweepParts;
  readonly #apps: ReadonlyMap<string, App>;
  #timer: NodeJS.Timeout | null = null;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #removesAtMs = 0;
  #sweeping: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: RunSweepParts) {
    this.#parts = parts;
    this.#apps = new Map(parts.context.settings.apps.map((app) => [app.id, app]));
  }

  /** Something is due at this time. */
  wakeAt(dueAtMs: number): void {
    if (this.#isClosed || dueAtMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = dueAtMs;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, dueAtMs - this.#parts.now()));
    this.#timer.unref();
  }

  /** Resolves when no sweep is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sweeping;
  }

  /** Deals with what is due now, a page of each kind; answers when the next is due. Rejects when a store failed. */
  async sweep(): Promise<number> {
    const { now, isAlone } = this.#parts;
    let nextMs = now() + (isAlone ? IDLE_MS : SHARED_MS);
    for (const log of this.#logs()) {
      nextMs = Math.min(
        nextMs,
        await this.#sweepKind(log, CHORE_KIND, 'open', (one) => this.#chore(log, one)),
      );
      nextMs = Math.min(
        nextMs,
        await this.#sweepKind(log, RUN_KIND, 'running', (one) => this.#run(log, one)),
      );
      if (now() >= this.#removesAtMs) {
        for (const state of ENDED_STATES) {
          await this.#sweepKind(log, RUN_KIND, state, (one) => this.#remove(log, one));
        }
      }
    }
    if (now() >= this.#removesAtMs) this.#removesAtMs = now() + REMOVAL_MS;
    return nextMs;
  }

  async #tick(): Promise<void> {
    if (this.#sweeping !== null) return;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    let nextMs = this.#parts.now() + SHARED_MS;
    this.#sweeping = this.sweep().then(
      (dueMs) => {
        nextMs = dueMs;
      },
      (error: unknown) => this.#parts.context.logger.error({ err: error }, 'runs could not be looked after'),
    );
    await this.#sweeping;
    this.#sweeping = null;
    const askedMs = this.#wakesAtMs;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.wakeAt(Math.min(nextMs, askedMs));
  }

  #logs(): ReadonlySet<DurableLog> {
    const logs = [...this.#apps.values()].map((app) => this.#parts.context.logs.of(app));
    return new Set(logs.filter((log) => log !== null));
  }

  /** Answers when the first of the others is due. */
  async #sweepKind(
    log: DurableLog,
    kind: string,
    state: string,
    settle: (record: ChannelRecord) => Promise<void>,
  ): Promise<number> {
    const nowMs = this.#parts.now();
    const found = await log.search({ kind, state, limit: PAGE });
    for (const record of found) {
      if (this.#isClosed || (record.dueAtMs ?? Number.POSITIVE_INFINITY) > nowMs) break;
      await settle(record);
    }
    const last = found.at(-1)?.dueAtMs ?? Number.POSITIVE_INFINITY;
    if (found.length === PAGE && last <= nowMs) return nowMs;
    return Math.min(
      ...found.map(({ dueAtMs }) => dueAtMs ?? Number.POSITIVE_INFINITY).filter((ms) => ms > nowMs),
    );
  }

  /** After it, the record has another state or is due later: it would be found for ever else. */
  async #run(log: DurableLog, record: ChannelRecord): Promise<void> {
    const place = this.#placeOf(record);
    const run = storedRunOf(record)?.run;
    if (place === null || run === undefined)
      return this.#putOff(log, record, this.#parts.now() + HOPELESS_MS);
    const { runId, generation } = run;
    const { runs, chores, policy, now } = this.#parts;
    if (run.lease !== undefined) {
      await chores.around(place, generation, () =>
        runs.change(place, { kind: 'lease-expired', runId, nowMs: now() }),
      );
      return;
    }
    const untilMs = await silentUntilMs(log, record.key, run, policy.orphanTtlMs);
    if (untilMs > now()) return this.#putOff(log, record, untilMs);
    await runs.change(place, { kind: 'orphaned', runId, nowMs: now() });
  }

  async #chore(log: DurableLog, record: ChannelRecord): Promise<void> {
    const place = this.#placeOf(record);
    const chore = parseChore(record.value);
    const { chores, now } = this.#parts;
    // First put off: a chore that fails is tried again after a while.
    await this.#putOff(
      log,
      record,
      now() + (place === null || chore === null ? HOPELESS_MS : SHARED_MS * 10),
    );
    if (place !== null && chore !== null) await chores.attempt(place, chore);
  }

  async #remove(log: DurableLog, { key, kind, id }: ChannelRecord): Promise<void> {
    const apply = (current: ChannelRecord | null) => {
      const isLive = LIVE_STATES.some((state) => state === current?.state);
      return isLive || (current?.dueAtMs ?? 0) > this.#parts.now() ? 'keep' : null;
    };
    await log.change(key, { kind, id, apply });
  }

  /** Unless it was changed meanwhile. */
  async #putOff(
    log: DurableLog,
    { key, kind, id, value: found }: ChannelRecord,
    dueAtMs: number,
  ): Promise<void> {
    await log.change(key, {
      kind,
      id,
      apply(current) {
        if (current === null || current.value !== found) return 'keep';
        const { value, state } = current;
        return { value, state, dueAtMs };
      },
    });
  }

  /** Null: the app is gone. */
  #placeOf({ key, id }: ChannelRecord): RunPlace | null {
    const app = this.#apps.get(key.appId);
    return app === undefined ? null : { app, channel: key.channel, runId: id };
  }
}
