/**
 * The one table of what each event does to a run in each state. Pure: server, worker and client apply the same events to the same
 * end. Must not know: stores, clocks, the channel.
 */
import { defined } from './lifecycle.ts';
import {
  FOLLOW_UPS_MAX,
  RUN_ATTEMPTS_MAX,
  RUN_RECORD_INPUT_MAX_BYTES,
  RUN_RECORD_MAX_BYTES,
  RUN_RECORD_START_MAX_BYTES,
  WORKER_ID_MAX_BYTES,
} from './limits.ts';
import { fenceError, type RunEvent, type RunEventKind, type RunEventOf } from './run-events.ts';
import { isTerminal, newRun, type RunError, type RunInput, type RunRecord, runBytes } from './run-record.ts';
import { cutJsonBytes } from './text.ts';

/** Why an event changes nothing. A caller that has to go along with publishers that know none of this may ignore it. */
export type RunRefusalReason =
  /** The run is not known, and this event opens none. */
  | 'unknown_run'
  /** It has ended; that is final. */
  | 'run_ended'
  /** This event, or a later one, was applied before. */
  | 'already_applied'
  /** A newer claim exists. */
  | 'stale_generation'
  /** The claim has run out or was given back. */
  | 'lease_lost'
  | 'not_queued'
  | 'not_running'
  /** No worker has it. */
  | 'not_leased'
  /** A worker has it: its lease decides. */
  | 'leased'
  | 'lease_not_expired'
  /** As many inputs wait already as the record can hold. */
  | 'follow_ups_full'
  /** Its headers, or the worker's id, are too long to be kept. */
  | 'record_too_large';

export interface RunRefusal {
  readonly refused: RunRefusalReason;
}

type Outcome = RunRecord | RunRefusalReason;
type Apply<Kind extends RunEventKind> = (record: RunRecord, event: RunEventOf<Kind>) => Outcome;
type ActiveStatus = 'queued' | 'running' | 'suspended';
/** What the event does in each state that is not final; a text refuses it. */
type Row<Kind extends RunEventKind> = { readonly [Status in ActiveStatus]: Apply<Kind> | RunRefusalReason };

const TABLE: { readonly [Kind in RunEventKind]: Row<Kind> } = {
  input: { queued: wait, running: inputWhileRunning, suspended: queueAgain },
  start: { queued: start, running: start, suspended: start },
  resume: { queued: start, running: start, suspended: start },
  suspend: { queued: 'not_running', running: suspend, suspended: 'not_running' },
  end: { queued: end, running: end, suspended: end },
  cancel: { queued: cancelNow, running: requestCancel, suspended: cancelNow },
  'step-start': { queued: 'not_running', running: stepStart, suspended: 'not_running' },
  'step-end': { queued: 'not_running', running: stepEnd, suspended: 'not_running' },
  absorb: { queued: 'not_running', running: absorb, suspended: 'not_running' },
  claim: { queued: claim, running: 'not_queued', suspended: 'not_queued' },
  heartbeat: { queued: 'lease_lost', running: heartbeat, suspended: 'lease_lost' },
  release: { queued: 'lease_lost', running: release, suspended: 'lease_lost' },
  retry: { queued: 'lease_lost', running: retry, suspended: 'lease_lost' },
  'lease-expired': { queued: 'not_leased', running: leaseExpired, suspended: 'not_leased' },
  orphaned: { queued: 'not_running', running: orphaned, suspended: 'not_running' },
};

/** The run after the event, or why the event does not change it. `current` is null for a run nobody has heard of. */
export function applyRunEvent(current: RunRecord | null, event: RunEvent): RunRecord | RunRefusal {
  const outcome = current === null ? open(event) : change(current, event);
  return typeof outcome === 'string' ? { refused: outcome } : outcome;
}

export const isRefused = (outcome: RunRecord | RunRefusal): outcome is RunRefusal => 'refused' in outcome;

/** An input, a start or a resume opens a run; the latter two come from agents that never claim, or of a run that was forgotten. */
function open(event: RunEvent): Outcome {
  const blank = newRun(event.runId, event.nowMs);
  if (event.kind === 'input') return bounded(stamped(queueAgain(blank, event), event), event);
  if (event.kind !== 'start' && event.kind !== 'resume') return 'unknown_run';
  if (event.generation !== undefined) return 'unknown_run';
  return bounded(stamped(start(blank, event), event), event);
}

function change(record: RunRecord, event: RunEvent): Outcome {
  if (event.runId !== record.runId) return 'unknown_run';
  if (isTerminal(record.status)) return 'run_ended';
  if (event.serial !== undefined && event.serial <= record.serial) return 'already_applied';
  const generation = 'generation' in event ? event.generation : undefined;
  const fence = generation === undefined ? null : fenceError(record, generation);
  if (fence !== null) return fence;
  // The row of the event's kind takes this very event, which the compiler cannot follow through a union.
  const row = TABLE[event.kind] as Row<RunEventKind>;
  const cell = row[record.status as ActiveStatus] as
    | ((from: RunRecord, by: RunEvent) => Outcome)
    | RunRefusalReason;
  if (typeof cell === 'string') return cell;
  const outcome = cell(record, event);
  return typeof outcome === 'string' ? outcome : bounded(stamped(outcome, event), event);
}

function stamped(record: RunRecord, { nowMs, serial }: RunEvent): RunRecord {
  return { ...record, updatedAtMs: Math.max(record.updatedAtMs, nowMs), serial: serial ?? record.serial };
}

/** Each stage of a run leaves room for what the next ones have to note. */
function bounded(record: RunRecord, { kind }: RunEvent): Outcome {
  if (runBytes(record) <= (STAGE_MAX_BYTES[kind] ?? RUN_RECORD_MAX_BYTES)) return record;
  return kind === 'input' && record.followUps.length > 0 ? 'follow_ups_full' : 'record_too_large';
}

const STAGE_MAX_BYTES: { readonly [Kind in RunEventKind]?: number } = {
  input: RUN_RECORD_INPUT_MAX_BYTES,
  start: RUN_RECORD_START_MAX_BYTES,
  resume: RUN_RECORD_START_MAX_BYTES,
};

// The cells. None of them sees a run that has ended, or a claim that is not the newest.

function wait(record: RunRecord, { input }: RunEventOf<'input'>): Outcome {
  if (record.followUps.length >= FOLLOW_UPS_MAX) return 'follow_ups_full';
  return { ...record, followUps: [...record.followUps, input] };
}

/** The first input of a run that its agent has started already is the one it serves; later ones wait. */
function inputWhileRunning(record: RunRecord, event: RunEventOf<'input'>): Outcome {
  if (record.input !== undefined) return wait(record, event);
  const { clientId, input } = event;
  return { ...record, ...(record.clientId === undefined && defined({ clientId })), input };
}

/** For the next worker, with all its attempts. */
function queueAgain(record: RunRecord, event: RunEventOf<'input'>): RunRecord {
  const { clientId, invocationId, parent, forkOf, regenerates, input } = event;
  const origin = { clientId, parent, forkOf, regenerates };
  return { ...defined(origin), ...record, ...defined({ invocationId }), status: 'queued', attempt: 0, input };
}

/** The start's own owner counts more than the input's: an agent is trusted. */
function start(record: RunRecord, event: RunEventOf<'start'> | RunEventOf<'resume'>): RunRecord {
  const { clientId, invocationId, serial } = event;
  const { parent, forkOf, regenerates } = event.kind === 'start' ? event : {};
  const { step: _, ...rest } = record;
  return {
    ...defined({ parent, forkOf, regenerates, startedSerial: serial }),
    ...rest,
    ...defined({ clientId, invocationId }),
    status: 'running',
  };
}

/** Without worker and step. */
function idle(record: RunRecord): RunRecord {
  const { lease: _, step: __, ...rest } = record;
  return rest;
}

/** An input that came too late for the worker which suspends would wait for ever: it queues the run at once. */
function suspend(record: RunRecord, { serial }: RunEventOf<'suspend'>): RunRecord {
  const [next, ...followUps] = record.followUps;
  if (record.cancelRequested) return ended(record, 'cancelled', serial);
  if (record.lease === undefined || next === undefined) return { ...idle(record), status: 'suspended' };
  return { ...idle(record), ...servedNext(next), status: 'queued', attempt: 0, followUps };
}

const servedNext = (input: RunInput): Partial<RunRecord> => ({
  input,
  ...defined({ invocationId: input.invocationId }),
});

function ended(record: RunRecord, status: RunRecord['status'], endedSerial?: number): RunRecord {
  return { ...idle(record), ...defined({ endedSerial }), status };
}

function end(record: RunRecord, { reason, error, serial }: RunEventOf<'end'>): RunRecord {
  const why = reason === 'error' ? brief(error ?? { code: '' }) : undefined;
  return { ...ended(record, reason, serial), ...defined({ error: why }) };
}

/** Nobody is there to stop it. */
function cancelNow(record: RunRecord, { serial }: RunEventOf<'cancel'>): RunRecord {
  return { ...ended(record, 'cancelled', serial), cancelRequested: true };
}

function requestCancel(record: RunRecord): RunRecord {
  return { ...record, cancelRequested: true };
}

function stepStart(record: RunRecord, { stepId }: RunEventOf<'step-start'>): RunRecord {
  return { ...record, step: cutJsonBytes(stepId, TEXT_MAX_BYTES) };
}

function stepEnd(record: RunRecord, { stepId }: RunEventOf<'step-end'>): RunRecord {
  if (stepId !== undefined && cutJsonBytes(stepId, TEXT_MAX_BYTES) !== record.step) return record;
  const { step: _, ...rest } = record;
  return rest;
}

function absorb(record: RunRecord, { codecMessageIds }: RunEventOf<'absorb'>): RunRecord {
  const taken = new Set(codecMessageIds);
  const followUps = record.followUps.filter(
    ({ codecMessageId }) => codecMessageId === undefined || !taken.has(codecMessageId),
  );
  return { ...record, followUps };
}

function claim(record: RunRecord, { workerId, leaseMs, nowMs }: RunEventOf<'claim'>): Outcome {
  if (cutJsonBytes(workerId, WORKER_ID_MAX_BYTES) !== workerId) return 'record_too_large';
  return {
    ...record,
    status: 'running',
    generation: record.generation + 1,
    attempt: record.attempt + 1,
    lease: { workerId, expiresAtMs: nowMs + leaseMs },
  };
}

function heartbeat(record: RunRecord, { leaseMs, nowMs }: RunEventOf<'heartbeat'>): Outcome {
  if (record.lease === undefined) return 'lease_lost';
  const expiresAtMs = Math.max(record.lease.expiresAtMs, nowMs + leaseMs);
  return { ...record, lease: { ...record.lease, expiresAtMs } };
}

/** Whoever asked for it to stop does not wait for another worker. */
function queuedOrCancelled(record: RunRecord): RunRecord {
  return { ...idle(record), status: record.cancelRequested ? 'cancelled' : 'queued' };
}

function release(record: RunRecord): RunRecord {
  return queuedOrCancelled({ ...record, attempt: Math.max(0, record.attempt - 1) });
}

function retry(record: RunRecord, event: RunEventOf<'retry'>): RunRecord {
  if (record.cancelRequested || record.attempt < maxAttempts(event)) return queuedOrCancelled(record);
  return { ...idle(record), status: 'error', error: brief(event.error) };
}

function leaseExpired(record: RunRecord, event: RunEventOf<'lease-expired'>): Outcome {
  if (record.lease === undefined) return 'not_leased';
  if (event.nowMs < record.lease.expiresAtMs) return 'lease_not_expired';
  if (record.cancelRequested || record.attempt < maxAttempts(event)) return queuedOrCancelled(record);
  return { ...idle(record), status: 'lost', error: { code: 'lease_expired' } };
}

function orphaned(record: RunRecord): Outcome {
  if (record.lease !== undefined) return 'leased';
  return { ...idle(record), status: 'lost', error: { code: 'orphan_timeout' } };
}

const maxAttempts = (event: { readonly maxAttempts?: number }): number =>
  event.maxAttempts ?? RUN_ATTEMPTS_MAX;

/** Bytes kept of a text that the run needs not be found by. */
const TEXT_MAX_BYTES = 256;

function brief({ code, message }: RunError): RunError {
  const kept = message === undefined ? undefined : cutJsonBytes(message, TEXT_MAX_BYTES);
  return { code: cutJsonBytes(code, TEXT_MAX_BYTES) || 'unknown', ...defined({ message: kept }) };
}
