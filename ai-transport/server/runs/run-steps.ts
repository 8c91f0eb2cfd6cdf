// What an event of a channel does to its runs, decided in the very step that stores the event. What comes of it is kept until the
// event is delivered, so that whoever watches the run is told.
import {
  applyRunEvent,
  isRefused,
  isTerminal,
  type Lifecycle,
  lifecycleOf,
  type RunRecord,
  type RunRefusalReason,
  runEventOf,
} from '@sockudo/ai-transport/wire';
import { httpError } from '@sockudo/protocol';
import type { Publication } from '@sockudo/server/plugins';
import type { ChannelRecord, RecordChange, RecordContent, RecordOccasion } from '@sockudo/server/ports';
import { type Chore, choreNoted } from './chore.ts';
import { type Fence, fenced, parseFence, requireHeld } from './fence.ts';
import type { HeldFences } from './held-fences.ts';
import { contentOf, type DuePolicy, RUN_KIND, runOf } from './stored-run.ts';

/** How a run changed with an event. */
export interface RunOutcome {
  readonly before: RunRecord | null;
  readonly after: RunRecord;
  readonly content: RecordContent;
  /** The event ended the run and is no end that anybody hears of: what the server has to do now. */
  readonly chore: Chore | null;
}

/** Refusals that concern a claim. Others are ignored: Sockudo's publishers know nothing of them. */
const FENCE_REASONS: ReadonlySet<RunRefusalReason> = new Set([
  'stale_generation',
  'lease_lost',
  'unknown_run',
  'run_ended',
]);

const NO_CHANGES: readonly RecordChange[] = [];

export class RunSteps {
  readonly #policy: DuePolicy;
  readonly #held: HeldFences;
  readonly #outcomes = new WeakMap<Publication, RunOutcome>();
  /** What changes with events of the server's own, by their extras. */
  readonly #own = new WeakMap<object, readonly RecordChange[]>();

  constructor(policy: DuePolicy, held: HeldFences) {
    this.#policy = policy;
    this.#held = held;
  }

  /** The event that is about to be published with these extras, this very object, changes these records and nothing else. */
  claimStep(extras: object, changes: readonly RecordChange[]): void {
    this.#own.set(extras, changes);
  }

  /** @throws ProtocolError 400 for a fence of another run */
  changesOf(publication: Publication): readonly RecordChange[] {
    const own = publication.extras === undefined ? undefined : this.#own.get(publication.extras);
    if (own !== undefined) return own;
    const fence = publication.fence === undefined ? null : parseFence(publication.fence);
    const lifecycle = lifecycleOf(publication.event, publication.extras?.ai?.transport);
    const runId = lifecycle?.runId;
    if (fence !== null && runId !== undefined && runId !== fence.runId)
      throw httpError('invalid_input', `fence is of another run than '${runId}'`);
    if (lifecycle !== null && runId !== undefined && changesRuns(lifecycle))
      return this.#changes(publication, lifecycle, runId, fence);
    return fence === null ? NO_CHANGES : [heldCheck(fence)];
  }

  /** What became of the run with the event that was just stored; null: nothing. */
  outcomeOf(publication: Publication): RunOutcome | null {
    return this.#outcomes.get(publication) ?? null;
  }

  #changes(
    publication: Publication,
    lifecycle: Lifecycle,
    runId: string,
    fence: Fence | null,
  ): readonly RecordChange[] {
    const apply: RecordChange['apply'] = (current, occasion) => {
      // The step may run again, on another state.
      this.#outcomes.delete(publication);
      const outcome = occasion === null ? null : this.#outcome(current, lifecycle, occasion, fence);
      if (outcome === null) return 'keep';
      this.#outcomes.set(publication, outcome);
      this.#held.forget({ appId: publication.app.id, channel: publication.channel }, runId);
      return outcome.content;
    };
    const change = { kind: RUN_KIND, id: runId, apply };
    if (lifecycle.kind !== 'cancel' && lifecycle.kind !== 'run-suspend') return [change];
    return [change, choreNoted(runId, () => this.#outcomes.get(publication)?.chore ?? null)];
  }

  /** Null: the event changes nothing. @throws ProtocolError 409 `fenced` */
  #outcome(
    current: ChannelRecord | null,
    lifecycle: Lifecycle,
    { serial, publishedAtMs, messageSerial }: RecordOccasion,
    fence: Fence | null,
  ): RunOutcome | null {
    const before = runOf(current);
    const event = runEventOf(lifecycle, {
      serial,
      nowMs: publishedAtMs,
      ...(messageSerial !== undefined && { messageSerial }),
      ...(fence !== null && { generation: fence.generation }),
    });
    if (event === null) return null;
    const after = applyRunEvent(before, event);
    if (isRefused(after)) {
      if (fence !== null && FENCE_REASONS.has(after.refused)) throw fenced(fence.runId);
      return null;
    }
    const isUntold = event.kind !== 'end' && isTerminal(after.status);
    const generation = before?.generation ?? 0;
    const chore = isUntold ? { generation, streamsTo: serial, owesEnd: true } : null;
    return { before, after, chore, content: contentOf(after, current, this.#policy) };
  }
}

/** An output changes a run only where it says which inputs the agent has taken up. */
const changesRuns = ({ kind, steerIds }: Lifecycle): boolean => kind !== 'output' || steerIds.length > 0;

/** Leaves the run alone; refuses the step unless the claim is held. */
export const heldCheck = (fence: Fence, passed?: () => void): RecordChange => ({
  kind: RUN_KIND,
  id: fence.runId,
  apply(current) {
    requireHeld(current, fence);
    passed?.();
    return 'keep';
  },
});
