// What became of a publish: its counters, its state, and when it has ended (push.md sections 4.6 and 8.5).
import type { FanoutRegime, PublishState } from '../contracts.ts';

export interface Counters {
  readonly planned: number;
  readonly dispatched: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly expired: number;
  readonly retryScheduled: number;
  readonly retryAttempted: number;
  readonly deadLettered: number;
}

export interface Status {
  readonly state: PublishState;
  readonly counters: Counters;
  readonly fanoutRegime: FanoutRegime;
  /** All targets are known. */
  readonly isPlanned: boolean;
  /** Nothing happens before; epoch milliseconds. */
  readonly retryAfterMs?: number;
  readonly errorReason?: string;
  /** What keeps the record alive beyond its time to live. */
  readonly notBeforeMs?: number;
}

export const NO_COUNTS: Counters = {
  planned: 0,
  dispatched: 0,
  succeeded: 0,
  failed: 0,
  expired: 0,
  retryScheduled: 0,
  retryAttempted: 0,
  deadLettered: 0,
};

const OPEN: readonly PublishState[] = ['queued', 'planning', 'throttled', 'dispatching'];

/** False: nothing changes any more. */
export const isOpen = ({ state }: Pick<Status, 'state'>): boolean => OPEN.includes(state);

export function counted(counters: Counters, added: Partial<Counters>): Counters {
  // CAST: the members of Counters, each a number.
  const names = Object.keys(counters) as (keyof Counters)[];
  return Object.fromEntries(
    names.map((name) => [name, counters[name] + (added[name] ?? 0)]),
  ) as unknown as Counters;
}

/** The status as it is once nothing is left to happen, else itself. A publish to nobody succeeds (divergence D71). */
export function settledStatus(status: Status): Status {
  const { planned, succeeded, failed, expired, deadLettered } = status.counters;
  if (!isOpen(status) || !status.isPlanned) return status;
  if (succeeded + failed + expired + deadLettered < planned) return status;
  const { retryAfterMs: _, ...rest } = status;
  return { ...rest, state: endOf(status.counters) };
}

function endOf({ planned, succeeded, expired, deadLettered }: Counters): PublishState {
  if (succeeded >= planned) return 'succeeded';
  if (succeeded > 0) return 'partiallySucceeded';
  if (expired > 0) return 'expired';
  return deadLettered > 0 ? 'dead_lettered' : 'failed';
}

/** The word that answers of a publish have for a state (push.md section 4.4). */
export function acceptWord(state: PublishState): string {
  if (state === 'queued') return 'accepted';
  return state === 'partiallySucceeded' ? 'partially_succeeded' : state;
}

export function statusView(appId: string, publishId: string, status: Status): Record<string, unknown> {
  const { state, counters, fanoutRegime, retryAfterMs, errorReason } = status;
  return {
    appId,
    publishId,
    state,
    counters,
    fanoutRegime,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(errorReason !== undefined && { errorReason }),
  };
}
