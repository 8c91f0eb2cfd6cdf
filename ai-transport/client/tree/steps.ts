/**
 * Steps and their attempts. A step that is begun again replaces what it had put out before: only the newest attempt counts.
 * An attempt is named by the serial of its start, as delivery serial or as message serial: both are understood, and mixed (D90).
 */
import { compareSerials, type Serial, serialOf } from '../log/serials.ts';
import type { SessionStep } from './model.ts';
import type { Event, RunFacts } from './run-facts.ts';

interface Attempt {
  readonly place: Serial | null;
  readonly messageSerial: string;
}

interface Step {
  readonly id: string;
  readonly attempts: Attempt[];
  status: SessionStep['status'];
}

export interface RunSteps {
  readonly steps: readonly SessionStep[];
  /** Whether an output still counts. */
  counts(event: Event): boolean;
}

const NO_STEPS: RunSteps = { steps: [], counts: () => true };

/** @param run with its events in the order of the channel */
export function stepsOf({ events }: RunFacts): RunSteps {
  const steps = new Map<string, Step>();
  for (const event of events) {
    const { kind, stepId } = event.lifecycle;
    if (stepId === undefined) continue;
    if (kind === 'step-start') begin(steps, stepId, event);
    if (kind === 'step-end') end(steps.get(stepId), event);
  }
  if (steps.size === 0) return NO_STEPS;
  return {
    steps: [...steps.values()].map(({ id, status, attempts }) => ({ id, status, attempts: attempts.length })),
    counts(event) {
      const { kind, stepId } = event.lifecycle;
      const step = stepId === undefined ? undefined : steps.get(stepId);
      return kind !== 'output' || step === undefined || isOfNewest(step, event);
    },
  };
}

function begin(steps: Map<string, Step>, id: string, { message }: Event): void {
  const attempt = { place: message.place, messageSerial: message.key };
  const step = steps.get(id);
  if (step === undefined) {
    steps.set(id, { id, attempts: [attempt], status: 'active' });
    return;
  }
  step.attempts.push(attempt);
  step.status = 'active';
}

function end(step: Step | undefined, event: Event): void {
  if (step !== undefined && isOfNewest(step, event)) step.status = event.lifecycle.stepReason ?? 'complete';
}

/** What names no attempt belongs to the last one before it. */
function isOfNewest({ attempts }: Step, { message, lifecycle }: Event): boolean {
  const newest = attempts.at(-1);
  if (newest === undefined) return true;
  const { stepStartSerial: named } = lifecycle;
  if (named === undefined) return !isBefore(message.place, newest.place);
  if (named === newest.messageSerial) return true;
  const serial = serialOf(named);
  // Message serials compare as texts.
  if (serial === undefined) return named > newest.messageSerial;
  return !isBefore(serial, newest.place);
}

const isBefore = (a: Serial | null, b: Serial | null): boolean =>
  a !== null && b !== null && compareSerials(a, b) < 0;
