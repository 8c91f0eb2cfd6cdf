/**
 * The conversation as a tree, made of the messages of a channel and of what the server says about its runs. A pure function of both:
 * the same messages give the same tree, however they were read.
 *
 * A run holds the user's message and what answers it. It hangs on a message of an earlier run (`parent`), or it is another version of
 * an earlier run from one of its messages on: of an answer (`msg-regenerate`), of a question (`fork-of`), of a reply that was left
 * (`supersedes`). Versions of versions stand beside each other. Links lead to runs that began earlier, so there are no circles; one that
 * leads nowhere, because its target was not read yet, is as if it were not there.
 */
import type { RunRecord } from '../../wire/index.ts';
import { comparePlaces, type LoggedMessage } from '../log/message-log.ts';
import { isWritten, type RunFacts, runFacts } from './run-facts.ts';
import { runStateOf } from './run-state.ts';
import { type RunSteps, stepsOf } from './steps.ts';

/** A run as the server tells of it. */
export interface KnownRun extends RunRecord {
  /** Place in the queue, milliseconds since 1970; only while it waits. */
  readonly queuedAtMs?: number;
}

/** A place in a run: one of its messages, or its end. */
export interface Anchor {
  readonly run: RunNode;
  /** Null: wherever the run ends. */
  readonly messageId: string | null;
}

/** Versions of a run from one message on. The run's own is one of them. */
export interface Fork {
  readonly run: RunNode;
  readonly messageId: string;
  /** In the order of their beginning. */
  readonly versions: RunNode[];
}

export interface RunNode {
  readonly id: string;
  readonly facts: RunFacts;
  readonly steps: RunSteps;
  readonly state: RunRecord;
  /** What the server said; absent where it keeps no runs. */
  readonly known: KnownRun | undefined;
  /** Ids of its messages, without those that replaced attempts of steps had put out. */
  readonly messageIds: readonly string[];
  /** Message that the run comes after; null: the beginning, or what was not read. */
  parent: Anchor | null;
  /** What the run is another version of. */
  fork: Fork | null;
  /** Runs that come after this one, in the order of their beginning. */
  readonly children: RunNode[];
  /** By message id. */
  readonly forks: Map<string, Fork>;
  /** Run that takes this one's place. */
  supersededBy: RunNode | null;
}

export interface Tree {
  readonly runs: ReadonlyMap<string, RunNode>;
  /** In the order of their beginning. */
  readonly roots: readonly RunNode[];
}

/**
 * @param messages oldest first
 * @param known what the server says about runs, by id
 */
export function buildTree(
  messages: Iterable<LoggedMessage>,
  known: ReadonlyMap<string, KnownRun> = new Map(),
): Tree {
  const nodes = [...runFacts(messages).values()].map((facts) => nodeOf(facts, known.get(facts.id)));
  nodes.sort((a, b) => comparePlaces(a.facts.start, b.facts.start));
  const links = new Links();
  const roots: RunNode[] = [];
  for (const node of nodes) {
    links.link(node);
    if (node.parent !== null) node.parent.run.children.push(node);
    else if (node.fork === null) roots.push(node);
    links.add(node);
  }
  return { runs: new Map(nodes.map((node) => [node.id, node])), roots };
}

function nodeOf(facts: RunFacts, known: KnownRun | undefined): RunNode {
  const steps = stepsOf(facts);
  const messages = [...facts.messages.values()].filter((message) => {
    const isAnswer = isWritten(message);
    return message.events.some(
      (event) => steps.counts(event) && (!isAnswer || event.lifecycle.kind === 'output'),
    );
  });
  return {
    id: facts.id,
    facts,
    steps,
    state: runStateOf(facts, known),
    known,
    messageIds: messages.map(({ id }) => id),
    parent: null,
    fork: null,
    children: [],
    forks: new Map(),
    supersededBy: null,
  };
}

/** Where links lead, as far as runs were added. */
class Links {
  readonly #runs = new Map<string, RunNode>();
  /** Runs that hold a message, oldest first: a reply that supersedes another may carry the other's message on. */
  readonly #owners = new Map<string, RunNode[]>();

  add(node: RunNode): void {
    this.#runs.set(node.id, node);
    for (const id of node.facts.messages.keys()) {
      const owners = this.#owners.get(id);
      if (owners === undefined) this.#owners.set(id, [node]);
      else owners.push(node);
    }
  }

  link(node: RunNode): void {
    const { facts } = node;
    const superseded = first(facts.supersedes, (id) => this.#runs.get(id));
    if (superseded !== undefined) superseded.supersededBy ??= node;
    const target =
      first(facts.regenerates, (id) => this.#version(id)) ??
      first(facts.forks, (id) => this.#version(id)) ??
      (superseded === undefined ? undefined : replyOf(superseded));
    if (target !== undefined) this.#fork(node, target);
    else node.parent = first(facts.parents, (id) => this.#newest(id)) ?? null;
  }

  /** A version of the first message of a version is one more version of the same thing. */
  #fork(node: RunNode, { run, messageId }: Target): void {
    const isWholeVersion = run.fork !== null && run.messageIds[0] === messageId;
    const fork = isWholeVersion && run.fork !== null ? run.fork : forkAt(run, messageId);
    fork.versions.push(node);
    node.fork = fork;
  }

  /** Those that wrote of it, if any did: what is answered to a message does not make it one of another run. */
  #ownersOf(id: string): readonly RunNode[] {
    const owners = this.#owners.get(id) ?? [];
    const writers = owners.filter((node) => holdsAnswer(node, id));
    return writers.length > 0 ? writers : owners;
  }

  /** A message that a retried step has replaced is the answer that stands there now. */
  #version(id: string): Target | undefined {
    const run = this.#ownersOf(id)[0];
    if (run === undefined) return undefined;
    return run.messageIds.includes(id) ? { run, messageId: id } : replyOf(run);
  }

  #newest(id: string): Anchor | undefined {
    const run = this.#ownersOf(id).at(-1);
    if (run !== undefined) return { run, messageId: run.messageIds.includes(id) ? id : null };
    const named = this.#runs.get(id);
    return named === undefined ? undefined : { run: named, messageId: null };
  }
}

interface Target {
  readonly run: RunNode;
  readonly messageId: string;
}

function forkAt(run: RunNode, messageId: string): Fork {
  const known = run.forks.get(messageId);
  if (known !== undefined) return known;
  const fork: Fork = { run, messageId, versions: [] };
  run.forks.set(messageId, fork);
  return fork;
}

/** The run wrote of this message. */
export function holdsAnswer({ facts }: RunNode, messageId: string): boolean {
  const message = facts.messages.get(messageId);
  return message !== undefined && isWritten(message);
}

/** What a run answered, without the question. */
function replyOf(run: RunNode): Target | undefined {
  const id = run.messageIds.find((candidate) => holdsAnswer(run, candidate));
  return id === undefined ? undefined : { run, messageId: id };
}

function first<Found>(ids: readonly string[], find: (id: string) => Found | undefined): Found | undefined {
  for (const id of ids) {
    const found = find(id);
    if (found !== undefined) return found;
  }
  return undefined;
}
