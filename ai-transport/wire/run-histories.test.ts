// Random histories hold the invariants of the table: ended is final, generations never fall, every record can be stored.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOLLOW_UPS_MAX } from './limits.ts';
import type { RunEvent, RunEventKind } from './run-events.ts';
import { after, at, claim, EVENTS, input } from './run-fixture.ts';
import { decodeRun, encodeRun, isTerminal, RUN_STATUSES, type RunRecord } from './run-record.ts';
import { applyRunEvent, isRefused } from './run-transitions.ts';

const id = fc.string({ minLength: 1, maxLength: 256 });

interface Step {
  readonly kind: RunEventKind;
  readonly id: string;
  readonly claim: 'none' | 'newest' | 'older';
  readonly reason: 'complete' | 'cancelled' | 'error';
  readonly isReplay: boolean;
}

/** Ends are rarer than in a fair draw, so that histories get long. */
const kinds = (Object.keys(EVENTS) as RunEventKind[]).flatMap((kind) =>
  kind === 'end' || kind === 'cancel' || kind === 'orphaned' ? [kind] : [kind, kind, kind, kind],
);
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  id,
  claim: fc.constantFrom('none', 'newest', 'older'),
  reason: fc.constantFrom('complete', 'cancelled', 'error'),
  isReplay: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
});

/** The step's event, number `index` of a history, for the run as it is. Members that its kind does not have are not looked at. */
function eventOf(
  { kind, id: text, claim: by, reason, isReplay }: Step,
  index: number,
  run: RunRecord | null,
): RunEvent {
  const template = EVENTS[kind];
  const newest = run?.generation ?? 0;
  const generation = by === 'newest' ? newest : Math.max(0, newest - 1);
  const serial = isReplay ? index : index + 1;
  return {
    ...template,
    nowMs: 1000 * index,
    ...('serial' in template && { serial }),
    ...('generation' in template && { generation }),
    ...('serial' in template && kind !== 'cancel' && kind !== 'input' && by !== 'none' && { generation }),
    ...(kind === 'input' && { input: { serial, codecMessageId: text, clientId: text } }),
    ...{ clientId: text, invocationId: text, stepId: text, workerId: text.slice(0, 20) },
    ...{ error: { code: text, message: text }, reason, codecMessageIds: [text] },
  } as RunEvent;
}

describe('random histories', () => {
  it('hold every invariant after every event', () => {
    const seen = new Map<string, number>();
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
    const history = (steps: readonly Step[]): void => {
      let run: RunRecord | null = null;
      let terminals = 0;
      for (const [index, step] of steps.entries()) {
        const before: RunRecord | null = run;
        const event = eventOf(step, index, before);
        const outcome = applyRunEvent(before, event);
        if (isRefused(outcome)) continue;
        run = outcome;
        count(event.kind);
        count(outcome.status);
        if (isTerminal(outcome.status)) terminals += 1;
        expect(before === null || !isTerminal(before.status)).toBe(true);
        expect(outcome.generation - (before?.generation ?? 0)).toBe(event.kind === 'claim' ? 1 : 0);
        expect(outcome.serial).toBeGreaterThanOrEqual(before?.serial ?? 0);
        expect(outcome.updatedAtMs).toBeGreaterThanOrEqual(before?.updatedAtMs ?? 0);
        expect(outcome.lease !== undefined && outcome.status !== 'running').toBe(false);
        expect(outcome.attempt).toBeLessThanOrEqual(outcome.generation);
        expect(outcome.followUps.length).toBeLessThanOrEqual(FOLLOW_UPS_MAX);
        expect(decodeRun(encodeRun(outcome))).toEqual(outcome);
      }
      expect(terminals).toBeLessThanOrEqual(1);
    };
    fc.assert(fc.property(fc.array(anyStep, { minLength: 5, maxLength: 80, size: 'max' }), history), {
      numRuns: 300,
    });
    // Nothing of it is vacuous: every event was accepted somewhere, and every state was reached.
    expect([...seen.keys()]).toEqual(expect.arrayContaining([...Object.keys(EVENTS), ...RUN_STATUSES]));
  });

  it('let a run that was accepted start and end, however long its headers', () => {
    fc.assert(
      fc.property(id, id, fc.array(id, { maxLength: 20 }), (first, second, more) => {
        const origin = { clientId: first, invocationId: second };
        const opened = applyRunEvent(null, { ...EVENTS.input, ...origin, serial: 1 });
        fc.pre(!isRefused(opened));
        const steered = more.reduce<RunRecord>(
          (run, text, i) => {
            const next = applyRunEvent(run, input(i + 2, { codecMessageId: text, eventId: text }));
            return isRefused(next) ? run : next;
          },
          after({ ...EVENTS.input, ...origin, serial: 1 }, claim),
        );
        const step = applyRunEvent(steered, { kind: 'step-start', ...at(50), stepId: first });
        expect(isRefused(step)).toBe(false);
        const error = { code: first, message: second };
        const end = applyRunEvent(step as RunRecord, { kind: 'end', ...at(51), reason: 'error', error });
        expect(end).toMatchObject({ status: 'error', endedSerial: 51 });
      }),
    );
  });
});
