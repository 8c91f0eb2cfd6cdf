// The table is written down here a second time, as outcomes, and every cell of it is tried.
import { describe, expect, it } from 'vitest';
import { FOLLOW_UPS_MAX, RUN_ATTEMPTS_MAX } from './limits.ts';
import { fenceError, type RunEvent, type RunEventKind } from './run-events.ts';
import { after, at, claim, EVENTS, expired, input } from './run-fixture.ts';
import type { RunRecord } from './run-record.ts';
import { applyRunEvent, isRefused, type RunRefusalReason } from './run-transitions.ts';

const STATES = {
  none: null,
  queued: after(input(1)),
  running: after({ kind: 'start', ...at(1) }),
  leased: after(input(1), claim),
  suspended: after({ kind: 'start', ...at(1) }, { kind: 'suspend', ...at(2) }),
  complete: after({ kind: 'start', ...at(1) }, { kind: 'end', reason: 'complete', ...at(2) }),
  cancelled: after(input(1), { kind: 'cancel', ...at(2) }),
  error: after({ kind: 'start', ...at(1) }, { kind: 'end', reason: 'error', ...at(2) }),
  lost: after({ kind: 'start', ...at(1) }, { kind: 'orphaned', runId: 'r', nowMs: 1 }),
} as const satisfies Record<string, RunRecord | null>;
type State = keyof typeof STATES;

// biome-ignore format: a table
const CELLS: { readonly [Kind in RunEventKind]: readonly [none: string, queued: string, running: string, leased: string, suspended: string] } = {
  //                none            queued           running          leased           suspended
  input:           ['queued',      'queued',        'running',       'running',       'queued'],
  start:           ['running',     'running',       'running',       'running',       'running'],
  resume:          ['running',     'running',       'running',       'running',       'running'],
  suspend:         ['unknown_run', 'not_running',   'suspended',     'suspended',     'not_running'],
  end:             ['unknown_run', 'complete',      'complete',      'complete',      'complete'],
  cancel:          ['unknown_run', 'cancelled',     'running',       'running',       'cancelled'],
  'step-start':    ['unknown_run', 'not_running',   'running',       'running',       'not_running'],
  'step-end':      ['unknown_run', 'not_running',   'running',       'running',       'not_running'],
  absorb:          ['unknown_run', 'not_running',   'running',       'running',       'not_running'],
  claim:           ['unknown_run', 'running',       'not_queued',    'not_queued',    'not_queued'],
  heartbeat:       ['unknown_run', 'stale_generation', 'stale_generation', 'running', 'stale_generation'],
  release:         ['unknown_run', 'stale_generation', 'stale_generation', 'queued',  'stale_generation'],
  retry:           ['unknown_run', 'stale_generation', 'stale_generation', 'queued',  'stale_generation'],
  'lease-expired': ['unknown_run', 'not_leased',    'not_leased',    'queued',        'not_leased'],
  orphaned:        ['unknown_run', 'not_running',   'lost',          'leased',        'not_running'],
};
const ACTIVE: readonly State[] = ['none', 'queued', 'running', 'leased', 'suspended'];
const ENDED: readonly State[] = ['complete', 'cancelled', 'error', 'lost'];

const outcomeOf = (run: RunRecord | null, event: RunEvent): string => {
  const outcome = applyRunEvent(run, event);
  return isRefused(outcome) ? outcome.refused : outcome.status;
};
const refusedBy = (run: RunRecord | null, event: RunEvent): RunRefusalReason | null => {
  const outcome = applyRunEvent(run, event);
  return isRefused(outcome) ? outcome.refused : null;
};

describe('every state with every event', () => {
  const cells = Object.values(EVENTS).flatMap((event) => [
    ...ACTIVE.map((state, column) => ({
      state,
      event,
      kind: event.kind,
      outcome: CELLS[event.kind][column],
    })),
    ...ENDED.map((state) => ({ state, event, kind: event.kind, outcome: 'run_ended' })),
  ]);

  it.each(cells)('$state, $kind: $outcome', ({ state, event, outcome }) => {
    const before = JSON.stringify(STATES[state]);
    expect(outcomeOf(STATES[state], event)).toBe(outcome);
    expect(JSON.stringify(STATES[state])).toBe(before);
  });
});

describe('a run with a worker', () => {
  it('is claimed, started, stepped and ended', () => {
    const started = after(
      input(1, { clientId: 'ann', codecMessageId: 'm1' }),
      claim,
      { kind: 'start', ...at(2), clientId: 'ann', invocationId: 'i1', generation: 1 },
      { kind: 'step-start', ...at(3), stepId: 's1', generation: 1 },
    );
    expect(started).toEqual({
      runId: 'r',
      status: 'running',
      clientId: 'ann',
      invocationId: 'i1',
      generation: 1,
      attempt: 1,
      lease: { workerId: 'w', expiresAtMs: 2100 },
      input: { serial: 1, clientId: 'ann', codecMessageId: 'm1' },
      followUps: [],
      cancelRequested: false,
      createdAtMs: 1001,
      updatedAtMs: 2000,
      startedSerial: 2,
      serial: 3,
      step: 's1',
    });
    const error = { code: 'overloaded', message: 'é'.repeat(200) };
    const ended = applyRunEvent(started, { kind: 'end', ...at(4), reason: 'error', error, generation: 1 });
    expect(ended).toMatchObject({
      status: 'error',
      error: { code: 'overloaded' },
      endedSerial: 4,
      serial: 4,
    });
    expect(ended).not.toHaveProperty('lease');
    expect(ended).not.toHaveProperty('step');
    expect((ended as RunRecord).error?.message).toBe('é'.repeat(128));
  });

  it('fences the worker that was replaced', () => {
    const replaced = after(input(1), claim, expired, { ...claim, workerId: 'w2' } as RunEvent);
    expect(replaced).toMatchObject({ generation: 2, attempt: 2, lease: { workerId: 'w2' } });
    for (const event of Object.values(EVENTS)) {
      if (event.kind === 'input' || event.kind === 'cancel' || event.kind === 'claim') continue;
      const fenced = { ...event, generation: 1 } as RunEvent;
      expect(refusedBy(replaced, fenced)).toBe('stale_generation');
    }
    expect(fenceError(replaced, 1)).toBe('stale_generation');
    expect(fenceError(replaced, 2)).toBeNull();
  });

  it('fences it as well while nobody has taken its place', () => {
    const queued = after(input(1), claim, expired);
    expect(fenceError(queued, 1)).toBe('lease_lost');
    expect(refusedBy(queued, { kind: 'end', reason: 'complete', ...at(5), generation: 1 })).toBe(
      'lease_lost',
    );
    expect(refusedBy(queued, EVENTS.heartbeat)).toBe('lease_lost');
  });

  it('keeps the lease while heartbeats come, and never shortens it', () => {
    const leased = STATES.leased;
    const kept = after(input(1), claim, { ...EVENTS.heartbeat, nowMs: 2090 } as RunEvent);
    expect(kept.lease?.expiresAtMs).toBe(2190);
    expect(refusedBy(kept, expired)).toBe('lease_not_expired');
    const early = applyRunEvent(leased, { ...EVENTS.heartbeat, nowMs: 1 } as RunEvent);
    expect(early).toMatchObject({ lease: { expiresAtMs: 2100 } });
  });

  it('is lost after the last attempt, and has all of them again for the next input', () => {
    const rounds = Array.from({ length: RUN_ATTEMPTS_MAX }, () => [claim, expired]).flat();
    expect(after(input(1), ...rounds)).toMatchObject({
      status: 'lost',
      generation: RUN_ATTEMPTS_MAX,
      error: { code: 'lease_expired' },
    });
    const suspend: RunEvent = { kind: 'suspend', ...at(2), generation: 2 };
    const again = after(input(1), claim, expired, claim, suspend, input(3));
    expect(again).toMatchObject({ status: 'queued', attempt: 0, generation: 2, input: { serial: 3 } });
  });

  it('counts a retry, not a release, and ends with the error of the last retry', () => {
    const retry: RunEvent = { ...EVENTS.retry, maxAttempts: 1 };
    expect(applyRunEvent(STATES.leased, retry)).toMatchObject({
      status: 'error',
      error: { code: 'provider' },
    });
    expect(applyRunEvent(STATES.leased, EVENTS.release)).toMatchObject({ status: 'queued', attempt: 0 });
    expect(applyRunEvent(STATES.leased, EVENTS.retry)).toMatchObject({ status: 'queued', attempt: 1 });
  });

  it('refuses a worker whose id is too long', () => {
    expect(refusedBy(STATES.queued, { ...EVENTS.claim, workerId: 'w'.repeat(129) })).toBe('record_too_large');
  });
});

describe('cancel', () => {
  const cancelled = after(input(1), claim, { kind: 'cancel', ...at(2) });

  it('asks a running run to stop, and its worker ends it', () => {
    expect(cancelled).toMatchObject({ status: 'running', cancelRequested: true, serial: 2 });
    const end: RunEvent = { kind: 'end', ...at(3), reason: 'cancelled', generation: 1 };
    expect(applyRunEvent(cancelled, end)).toMatchObject({ status: 'cancelled', endedSerial: 3 });
  });

  it.each(['release', 'retry', 'lease-expired', 'suspend'] as const)('is not undone by %s', (kind) => {
    expect(outcomeOf(cancelled, EVENTS[kind])).toBe('cancelled');
  });
});

describe('inputs', () => {
  it('wait in a busy run until an output names them', () => {
    const busy = after(
      input(1),
      claim,
      input(2, { codecMessageId: 'a' }),
      input(3, { codecMessageId: 'b' }),
      input(4),
    );
    expect(busy.followUps.map(({ serial }) => serial)).toEqual([2, 3, 4]);
    const absorbed = applyRunEvent(busy, { kind: 'absorb', ...at(5), codecMessageIds: ['a', 'zzz'] });
    expect((absorbed as RunRecord).followUps.map(({ serial }) => serial)).toEqual([3, 4]);
  });

  it('that came too late for a worker queue the run which it suspends', () => {
    const busy = after(input(1), claim, input(2, { invocationId: 'i2' }), input(3));
    const suspend: RunEvent = { kind: 'suspend', ...at(4), generation: 1 };
    expect(applyRunEvent(busy, suspend)).toMatchObject({
      status: 'queued',
      attempt: 0,
      invocationId: 'i2',
      input: { serial: 2 },
      followUps: [{ serial: 3 }],
    });
    // An agent that never claims would not be told.
    const stock = after({ kind: 'start', ...at(1) }, input(2), input(3), { kind: 'suspend', ...at(4) });
    expect(stock.status).toBe('suspended');
  });

  it('are bounded in number and in size', () => {
    const waiting = Array.from({ length: FOLLOW_UPS_MAX }, (_, i) => input(i + 2));
    const full = after(input(1), claim, ...waiting);
    expect(refusedBy(full, input(99))).toBe('follow_ups_full');
    const long = { codecMessageId: 'x'.repeat(900) };
    const long4 = after(input(1), claim, input(2, long), input(3, long), input(4, long), input(5, long));
    expect(refusedBy(long4, input(6, long))).toBe('follow_ups_full');
    expect(refusedBy(null, input(1, { codecMessageId: 'x'.repeat(5000) }))).toBe('record_too_large');
  });

  it('fit through every stage with the longest headers that are valid by default', () => {
    const x = 'x'.repeat(256);
    const long = { clientId: x, invocationId: x, parent: x, forkOf: x, regenerates: x };
    const given = {
      messageSerial: 'x'.repeat(128),
      eventId: x,
      codecMessageId: x,
      clientId: x,
      invocationId: x,
    };
    const ask = (serial: number): RunEvent => ({
      kind: 'input',
      ...at(serial),
      ...long,
      runId: x,
      input: { serial, ...given },
    });
    const run = after(
      ask(1),
      { ...claim, runId: x },
      { kind: 'start', ...at(2), ...long, runId: x, generation: 1 },
      { kind: 'step-start', ...at(3), runId: x, stepId: x, generation: 1 },
      { kind: 'suspend', ...at(4), runId: x, generation: 1 },
      ask(5),
      { ...claim, runId: x },
      { kind: 'end', ...at(6), runId: x, reason: 'error', error: { code: x, message: x }, generation: 2 },
    );
    expect(run.status).toBe('error');
  });

  it('that a start overtook are the ones it serves', () => {
    const run = after({ kind: 'start', ...at(1), clientId: 'ann' }, input(2), input(3));
    expect(run).toMatchObject({ clientId: 'ann', input: { serial: 2 }, followUps: [{ serial: 3 }] });
  });
});

describe('an agent that never claims', () => {
  it('has no lease through suspension and resumption', () => {
    const run = after(
      input(1, { clientId: 'ann' }),
      { kind: 'start', ...at(2), invocationId: 'i1', clientId: 'bob', parent: 'm0' },
      { kind: 'suspend', ...at(3) },
      input(4),
      { kind: 'start', ...at(5), invocationId: 'i2', parent: 'other' },
    );
    expect(run).toMatchObject({ status: 'running', clientId: 'bob', invocationId: 'i2', parent: 'm0' });
    expect(run).toMatchObject({ startedSerial: 2, generation: 0, attempt: 0, input: { serial: 4 } });
    expect(run).not.toHaveProperty('lease');
  });

  it('ends steps by their id', () => {
    const run = after({ kind: 'start', ...at(1) }, { kind: 'step-start', ...at(2), stepId: 'a' });
    expect(applyRunEvent(run, { kind: 'step-end', ...at(3), stepId: 'other' })).toHaveProperty('step', 'a');
    expect(applyRunEvent(run, { kind: 'step-end', ...at(3), stepId: 'a' })).not.toHaveProperty('step');
  });
});

describe('what does not belong', () => {
  it('is refused: applied before, or another run’s', () => {
    expect(refusedBy(STATES.leased, input(1))).toBe('already_applied');
    expect(refusedBy(STATES.queued, { ...EVENTS.start, runId: 'other' })).toBe('unknown_run');
    expect(refusedBy(null, { ...EVENTS.start, generation: 1 })).toBe('unknown_run');
  });
});
