/**
 * The state of each run: what the server says of it, carried on by what came after; where it says nothing, what the channel's events
 * make of it. Both by the server's own table. Must not know: messages, trees.
 */
import {
  applyRunEvent,
  isRefused,
  isTerminal,
  type RunEvent,
  type RunRecord,
  runEventOf,
} from '../../wire/index.ts';
import type { LoggedMessage } from '../log/message-log.ts';
import type { Event, RunFacts } from './run-facts.ts';

/** The server gave up a stream whose agent fell silent. Sockudo itself says so on the stream and nowhere else. */
const ORPHANED = 'orphan_timeout';

interface Remembered {
  readonly messages: readonly LoggedMessage[];
  readonly known: RunRecord | undefined;
  readonly state: RunRecord;
}

/** By a run's last message: most runs are over, and the table need not be gone through again for them. */
const remembered = new WeakMap<LoggedMessage, Remembered>();

/** @param known the server's word, absent where it keeps no runs or was not asked */
export function runStateOf(facts: RunFacts, known: RunRecord | undefined): RunRecord {
  const last = facts.events.at(-1)?.message;
  if (last === undefined) return stateOf(facts, known);
  const before = remembered.get(last);
  if (before !== undefined && before.known === known && isSame(before, facts)) return before.state;
  const state = stateOf(facts, known);
  remembered.set(last, { messages: facts.events.map(({ message }) => message), known, state });
  return state;
}

const isSame = ({ messages }: Remembered, { events }: RunFacts): boolean =>
  messages.length === events.length && messages.every((message, index) => message === events[index]?.message);

function stateOf({ id, events }: RunFacts, known: RunRecord | undefined): RunRecord {
  let run: RunRecord | null = known ?? null;
  for (const event of events) {
    if (run !== null && isTerminal(run.status)) break;
    if (known !== undefined && serialOf(event) <= known.serial) continue;
    if (known === undefined && needsStart(run, event))
      run = applied(run, { kind: 'start', runId: id, nowMs: timeOf(event) });
    const change = changeBy(id, event);
    if (change !== null) run = applied(run, change);
  }
  run ??= blank(id);
  if (known !== undefined || lastOutput(events)?.lifecycle.errorCode !== ORPHANED) return run;
  return applied(run, { kind: 'orphaned', runId: id, nowMs: run.updatedAtMs }) ?? run;
}

function changeBy(runId: string, event: Event): RunEvent | null {
  const serial = serialOf(event);
  const change = runEventOf(
    { ...event.lifecycle, runId },
    { serial, nowMs: timeOf(event), messageSerial: event.message.key },
  );
  if (change === null || Number.isFinite(serial)) return change;
  // What the server does not have yet has no serial.
  const { serial: _, ...rest } = change;
  return rest;
}

/** The start itself may be older than what was read, or have been left out. A server that keeps runs knows of it. */
function needsStart(run: RunRecord | null, { lifecycle: { kind } }: Event): boolean {
  const isWork = kind === 'output' || kind === 'step-start' || kind === 'step-end' || kind === 'run-suspend';
  if (run === null) return isWork || kind === 'run-end';
  return run.status === 'queued' && isWork;
}

function applied(run: RunRecord | null, event: RunEvent): RunRecord | null {
  const after = applyRunEvent(run, event);
  return isRefused(after) ? run : after;
}

const lastOutput = (events: readonly Event[]): Event | undefined =>
  events.findLast(({ lifecycle }) => lifecycle.kind === 'output');

const serialOf = ({ message: { place } }: Event): number =>
  place === null ? Number.POSITIVE_INFINITY : Number(place);

const timeOf = ({ message: { atMs } }: Event): number => atMs ?? 0;

/** All that was seen of it is a cancel. */
const blank = (runId: string): RunRecord => ({
  runId,
  status: 'cancelled',
  generation: 0,
  attempt: 0,
  followUps: [],
  cancelRequested: true,
  createdAtMs: 0,
  updatedAtMs: 0,
  serial: 0,
});
