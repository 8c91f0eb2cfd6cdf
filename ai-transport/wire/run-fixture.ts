// Events and runs that the tests of the table share.
import type { RunEvent, RunEventKind } from './run-events.ts';
import type { RunInput, RunRecord } from './run-record.ts';
import { applyRunEvent, isRefused } from './run-transitions.ts';

export const at = (serial: number) => ({ runId: 'r', nowMs: 1000 + serial, serial });
export const inputOf = (serial: number, more: Partial<RunInput> = {}): RunInput => ({ serial, ...more });
export const input = (serial: number, more: Partial<RunInput> = {}): RunEvent => ({
  kind: 'input',
  ...at(serial),
  input: inputOf(serial, more),
});
export const claim: RunEvent = { kind: 'claim', runId: 'r', nowMs: 2000, workerId: 'w', leaseMs: 100 };
export const expired: RunEvent = { kind: 'lease-expired', runId: 'r', nowMs: 2100 };

/** Applies them all; every one has to be accepted. */
export function after(...events: readonly RunEvent[]): RunRecord {
  const run = events.reduce<RunRecord | null>((current, event) => {
    const outcome = applyRunEvent(current, event);
    if (isRefused(outcome)) throw new Error(`${event.kind}: ${outcome.refused}`);
    return outcome;
  }, null);
  if (run === null) throw new Error('no events');
  return run;
}

/** One of each kind, as they come to a run whose last serial is below 9. */
export const EVENTS: { readonly [Kind in RunEventKind]: Extract<RunEvent, { kind: Kind }> } = {
  input: { kind: 'input', ...at(9), input: inputOf(9) },
  start: { kind: 'start', ...at(9) },
  resume: { kind: 'resume', ...at(9) },
  suspend: { kind: 'suspend', ...at(9) },
  end: { kind: 'end', reason: 'complete', ...at(9) },
  cancel: { kind: 'cancel', ...at(9) },
  'step-start': { kind: 'step-start', stepId: 's', ...at(9) },
  'step-end': { kind: 'step-end', ...at(9) },
  absorb: { kind: 'absorb', codecMessageIds: ['m'], ...at(9) },
  claim: { kind: 'claim', runId: 'r', nowMs: 2000, workerId: 'w', leaseMs: 100 },
  heartbeat: { kind: 'heartbeat', runId: 'r', nowMs: 2050, generation: 1, leaseMs: 100 },
  release: { kind: 'release', runId: 'r', nowMs: 2050, generation: 1 },
  retry: { kind: 'retry', runId: 'r', nowMs: 2050, generation: 1, error: { code: 'provider' } },
  'lease-expired': { kind: 'lease-expired', runId: 'r', nowMs: 2100 },
  orphaned: { kind: 'orphaned', runId: 'r', nowMs: 2100 },
};
