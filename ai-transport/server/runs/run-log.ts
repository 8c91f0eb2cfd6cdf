// The runs of channels as the log keeps them: reading them, and changing one of them beside the events of its channel.
import {
  applyRunEvent,
  isRefused,
  RUN_STATUSES,
  type RunEvent,
  type RunRecord,
  type RunRefusalReason,
  type RunStatus,
} from '@sockudo/ai-transport/wire';
import { httpError } from '@sockudo/protocol';
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import {
  type ChannelKey,
  type ChannelRecord,
  type DurableLog,
  type RecordContent,
  StoreUnavailable,
} from '@sockudo/server/ports';
import type { HeldFences } from './held-fences.ts';
import { contentOf, type DuePolicy, RUN_KIND, runOf, type StoredRun, storedRunOf } from './stored-run.ts';

/** Where a run is. */
export interface RunPlace {
  readonly app: App;
  readonly channel: string;
  readonly runId: string;
}

/** A run before and after something happened to it. */
export interface RunChanged {
  readonly kind: 'changed';
  readonly before: RunRecord | null;
  readonly after: StoredRun;
}

export type RunChangeResult = RunChanged | { readonly kind: 'refused'; readonly reason: RunRefusalReason };

export interface RunPage {
  readonly runs: readonly StoredRun[];
  /** Ordinal to go on before; null: there are no more. */
  readonly next: number | null;
}

export interface RunLogParts {
  readonly logs: RealtimeContext['logs'];
  readonly policy: DuePolicy;
  readonly held: HeldFences;
  /** Told of every change made here, before its promise resolves. */
  onChange(place: RunPlace, change: RunChanged): void;
}

export class RunLog {
  readonly #parts: RunLogParts;

  constructor(parts: RunLogParts) {
    this.#parts = parts;
  }

  /** @throws ProtocolError 422 `feature_disabled` where the app's channels have no log */
  of(app: App): DurableLog {
    const log = this.#parts.logs.of(app);
    if (log === null) throw httpError('feature_disabled', 'Runs need the history of channels');
    return log;
  }

  async run({ app, channel, runId }: RunPlace): Promise<StoredRun | null> {
    const record = await stored(() => this.of(app).record(keyOf(app, channel), RUN_KIND, runId));
    return record === null ? null : storedRunOf(record);
  }

  /** Newest first. */
  async page(
    app: App,
    channel: string,
    { states, before, limit }: { states?: readonly RunStatus[]; before?: number; limit: number },
  ): Promise<RunPage> {
    const { records, more } = await stored(() =>
      this.of(app).records(keyOf(app, channel), RUN_KIND, {
        limit,
        ...(states !== undefined && { states }),
        ...(before !== undefined && { before }),
      }),
    );
    const next = more ? (records.at(-1)?.ordinal ?? null) : null;
    return { runs: records.map(storedRunOf).filter((run) => run !== null), next };
  }

  /**
   * Applies one event that stands in no channel.
   * @param queuedAtMs the run's place in the queue, should it wait afterwards
   */
  change(place: RunPlace, event: RunEvent, queuedAtMs?: number): Promise<RunChangeResult> {
    return this.changeBy(place, (run) => applyRunEvent(run, event), queuedAtMs);
  }

  async changeBy(
    place: RunPlace,
    decide: (run: RunRecord | null) => ReturnType<typeof applyRunEvent>,
    queuedAtMs?: number,
  ): Promise<RunChangeResult> {
    const { app, channel, runId } = place;
    let before: RunRecord | null = null;
    let reason: RunRefusalReason | null = null;
    const apply = (current: ChannelRecord | null): RecordContent | 'keep' => {
      before = runOf(current);
      const after = decide(before);
      reason = isRefused(after) ? after.refused : null;
      if (isRefused(after)) return 'keep';
      this.#parts.held.forget(keyOf(app, channel), runId);
      return contentOf(after, current, this.#parts.policy, queuedAtMs);
    };
    const change = { kind: RUN_KIND, id: runId, apply };
    const result = await stored(() => this.of(app).change(keyOf(app, channel), change));
    if (result.kind === 'refused') throw result.error;
    if (reason !== null) return { kind: 'refused', reason };
    const after = result.record === null ? null : storedRunOf(result.record);
    if (after === null) return { kind: 'refused', reason: 'unknown_run' };
    const changed: RunChanged = { kind: 'changed', before, after };
    this.#parts.onChange(place, changed);
    return changed;
  }
}

export const keyOf = (app: App, channel: string): ChannelKey => ({ appId: app.id, channel });

/** States of runs that have not ended. */
export const LIVE_STATES: readonly RunStatus[] = ['queued', 'running', 'suspended'];

export const isRunStatus = (word: string): word is RunStatus =>
  RUN_STATUSES.some((status) => status === word);

/** @throws ProtocolError 500 when the store failed */
export async function stored<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof StoreUnavailable
      ? httpError('internal_error', undefined, { cause: error })
      : error;
  }
}
