/** What can happen to a run: what stands in the channel, and what workers and the server do to it beside the channel. */
import { defined, type Lifecycle } from './lifecycle.ts';
import type { RunError, RunInput, RunRecord } from './run-record.ts';

/** True of every event. */
interface Base {
  readonly runId: string;
  readonly nowMs: number;
  /** Delivery serial of the event in the channel; absent for what is not in it. */
  readonly serial?: number;
}

/** The sender's claim. Given: refused unless it is the newest and still held. Absent: a publisher that never claims. */
interface Fenced {
  readonly generation?: number;
}

/** What an input or a start says about the run. */
interface Origin {
  readonly clientId?: string;
  readonly invocationId?: string;
  readonly parent?: string;
  readonly forkOf?: string;
  readonly regenerates?: string;
}

export type RunEvent = Base &
  (
    | ({ readonly kind: 'input'; readonly input: RunInput } & Origin)
    | ({ readonly kind: 'start' } & Origin & Fenced)
    | ({ readonly kind: 'resume'; readonly clientId?: string; readonly invocationId?: string } & Fenced)
    | ({ readonly kind: 'suspend' } & Fenced)
    | ({
        readonly kind: 'end';
        readonly reason: 'complete' | 'cancelled' | 'error';
        readonly error?: RunError;
      } & Fenced)
    | { readonly kind: 'cancel' }
    | ({ readonly kind: 'step-start'; readonly stepId: string } & Fenced)
    /** Without an id: whatever step is under way. */
    | ({ readonly kind: 'step-end'; readonly stepId?: string } & Fenced)
    /** The run has taken up these inputs (`steer-codec-message-ids` of an output). */
    | ({ readonly kind: 'absorb'; readonly codecMessageIds: readonly string[] } & Fenced)
    /** A worker takes a queued run. */
    | { readonly kind: 'claim'; readonly workerId: string; readonly leaseMs: number }
    | { readonly kind: 'heartbeat'; readonly generation: number; readonly leaseMs: number }
    /** The worker gives the run back, unharmed: the attempt does not count. */
    | { readonly kind: 'release'; readonly generation: number }
    /** The worker failed and wants the run tried again; after the last attempt it ends with this error. */
    | {
        readonly kind: 'retry';
        readonly generation: number;
        readonly error: RunError;
        readonly maxAttempts?: number;
      }
    /** The server saw the lease run out. */
    | { readonly kind: 'lease-expired'; readonly maxAttempts?: number }
    /** The server saw an agent that never claims fall silent in the middle of a stream. */
    | { readonly kind: 'orphaned' }
  );

export type RunEventKind = RunEvent['kind'];
export type RunEventOf<Kind extends RunEventKind> = Extract<RunEvent, { readonly kind: Kind }>;

/** Where and when an event of the channel was committed. */
export interface CommittedAt {
  readonly serial: number;
  readonly messageSerial?: string;
  readonly nowMs: number;
  /** Claim that the publisher named beside the event. */
  readonly generation?: number;
}

/** The event of a run that an AI event of the channel is; null where it changes no run (most outputs, and what names none). */
export function runEventOf(lifecycle: Lifecycle, committed: CommittedAt): RunEvent | null {
  const { runId, kind } = lifecycle;
  if (runId === undefined) return null;
  const { serial, nowMs, generation } = committed;
  const base = { runId, nowMs, serial };
  if (kind === 'cancel') return { kind, ...base };
  if (kind === 'input')
    return { kind, ...base, ...originOf(lifecycle), input: inputOf(lifecycle, committed) };
  return byAgent(lifecycle, { ...base, ...defined({ generation }) });
}

function byAgent(lifecycle: Lifecycle, base: Base & Fenced): RunEvent | null {
  const { kind, clientId, invocationId, stepId, steerIds } = lifecycle;
  switch (kind) {
    case 'run-start':
      return { kind: 'start', ...base, ...originOf(lifecycle) };
    case 'run-resume':
      return { kind: 'resume', ...base, ...defined({ clientId, invocationId }) };
    case 'run-suspend':
      return { kind: 'suspend', ...base };
    case 'run-end':
      return endOf(lifecycle, base);
    case 'step-start':
      return stepId === undefined ? null : { kind, ...base, stepId };
    case 'step-end':
      return { kind, ...base, ...defined({ stepId }) };
    default:
      return steerIds.length === 0 ? null : { kind: 'absorb', ...base, codecMessageIds: steerIds };
  }
}

/** An end without a reason that is known counts as complete, unless it names an error. */
function endOf({ reason, errorCode, errorMessage }: Lifecycle, base: Base & Fenced): RunEvent {
  const failed = reason === 'error' || (reason === 'unknown' && errorCode !== undefined);
  const error = { code: errorCode ?? 'unknown', ...defined({ message: errorMessage }) };
  if (failed) return { kind: 'end', ...base, reason: 'error', error };
  return { kind: 'end', ...base, reason: reason === 'cancelled' ? 'cancelled' : 'complete' };
}

const originOf = ({ clientId, invocationId, parent, forkOf, regenerates }: Lifecycle): Origin =>
  defined({ clientId, invocationId, parent, forkOf, regenerates });

function inputOf(lifecycle: Lifecycle, { serial, messageSerial }: CommittedAt): RunInput {
  const { eventId, codecMessageId, inputClientId, invocationId } = lifecycle;
  return {
    serial,
    ...defined({ messageSerial, eventId, codecMessageId, clientId: inputClientId, invocationId }),
  };
}

/** Whether `generation` may still change the run. */
export function fenceError(record: RunRecord, generation: number): 'stale_generation' | 'lease_lost' | null {
  if (record.generation !== generation) return 'stale_generation';
  return record.lease === undefined ? 'lease_lost' : null;
}
