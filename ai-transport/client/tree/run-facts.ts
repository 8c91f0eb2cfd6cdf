/**
 * The messages of a channel sorted by the run they belong to: what each run consists of, and what its headers say about its place.
 * Must not know: how runs hang together (tree.ts), what state they are in (run-state.ts).
 */
import { type Lifecycle, lifecycleOf } from '../../wire/index.ts';
import type { LoggedMessage } from '../log/message-log.ts';
import { MessageIds } from './message-ids.ts';
import type { Place } from './model.ts';

/** A message of the log together with what it means. */
export interface Event {
  readonly message: LoggedMessage;
  readonly lifecycle: Lifecycle;
}

/** Parts that one user interface message consists of, oldest first. Those of replaced attempts are not in it. */
export interface DraftMessage {
  readonly id: string;
  readonly events: Event[];
}

export interface RunFacts {
  readonly id: string;
  readonly start: Place;
  /** Everything, oldest first. */
  readonly events: Event[];
  readonly messages: Map<string, DraftMessage>;
  /** What headers say, in order; the first that leads somewhere counts. */
  readonly parents: string[];
  readonly forks: string[];
  readonly regenerates: string[];
  readonly supersedes: string[];
}

const meanings = new WeakMap<LoggedMessage, Lifecycle | null>();

function meaningOf(message: LoggedMessage): Lifecycle | null {
  let meaning = meanings.get(message);
  if (meaning === undefined) {
    meaning = lifecycleOf(message.event, message.transport);
    meanings.set(message, meaning);
  }
  return meaning;
}

/** @param messages oldest first */
export function runFacts(messages: Iterable<LoggedMessage>): Map<string, RunFacts> {
  const runs = new Map<string, RunFacts>();
  const owners = new Map<string, string>();
  const messageIds = new MessageIds();
  const all = [...messages];
  for (const message of all) {
    const lifecycle = meaningOf(message);
    if (lifecycle?.kind === 'output') messageIds.addOutput(lifecycle.codecMessageId ?? message.key);
  }
  for (const message of all) {
    const lifecycle = meaningOf(message);
    if (lifecycle === null) continue;
    const runId = runIdOf(lifecycle, message, owners);
    if (runId === null) continue;
    const run = runs.get(runId) ?? opened(runs, runId, message.place);
    const event = { message, lifecycle };
    run.events.push(event);
    noteLinks(run, event);
    if (!isSaid(lifecycle)) continue;
    const id = messageIds.idOf(event);
    if (!owners.has(id)) owners.set(id, runId);
    const draft = run.messages.get(id);
    if (draft === undefined) run.messages.set(id, { id, events: [event] });
    else draft.events.push(event);
  }
  return runs;
}

/** What names no run goes to the run of its message; a message without either is a run of its own. */
function runIdOf(
  { kind, runId, codecMessageId }: Lifecycle,
  { key }: LoggedMessage,
  owners: ReadonlyMap<string, string>,
): string | null {
  if (runId !== undefined) return runId;
  if (kind !== 'input' && kind !== 'output') return null;
  if (codecMessageId === undefined) return key;
  return owners.get(codecMessageId) ?? codecMessageId;
}

function opened(runs: Map<string, RunFacts>, id: string, start: Place): RunFacts {
  const run: RunFacts = {
    id,
    start,
    events: [],
    messages: new Map(),
    parents: [],
    forks: [],
    regenerates: [],
    supersedes: [],
  };
  runs.set(id, run);
  return run;
}

/** Where a run hangs is said when it begins: what continues it says nothing about that, nor does a cancel. */
function noteLinks(run: RunFacts, { lifecycle }: Event): void {
  const { kind, continues, parent, forkOf, regenerates, supersedes } = lifecycle;
  if (continues || kind === 'cancel') return;
  note(run.parents, parent);
  // Before it named a message, `msg-regenerate` was a flag beside `fork-of`.
  const isFlag = regenerates === 'true' || regenerates === 'false';
  if (regenerates === 'true') note(run.regenerates, forkOf);
  else note(run.forks, forkOf);
  if (!isFlag) note(run.regenerates, regenerates);
  note(run.supersedes, supersedes);
}

function note(list: string[], value: string | undefined): void {
  if (value !== undefined && list.at(-1) !== value && !list.includes(value)) list.push(value);
}

/** A regeneration asks for a message and is none itself, even where it carries the id of the one that it asks for. */
function isSaid({ kind, regenerates }: Lifecycle): boolean {
  if (kind === 'input') return regenerates === undefined || regenerates === 'false';
  return kind === 'output';
}

/** An agent wrote of it, not only people who answer it. */
export const isWritten = ({ events }: DraftMessage): boolean =>
  events.some(({ lifecycle }) => lifecycle.kind === 'output');
