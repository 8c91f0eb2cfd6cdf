/**
 * One line through the tree: of every fork one version. Must not know: who chooses, how messages are shown.
 */
import { isTerminal } from '../../wire/index.ts';
import type { Fork, RunNode, Tree } from './tree.ts';

/** Chosen versions: run id by id of the forked message. What is not chosen is the newest. */
export type Choices = ReadonlyMap<string, string>;

/** A fork on the line. */
export interface BranchFork {
  /** Message that there are versions of. */
  readonly messageId: string;
  /** Ids of the runs that hold a version, the oldest first. */
  readonly runIds: readonly string[];
  /** Which of them is on the line. */
  readonly index: number;
}

export interface BranchItem {
  readonly run: RunNode;
  readonly messageId: string;
}

export interface Branch {
  readonly items: readonly BranchItem[];
  /** Runs on the line, in its order, also those that have no message yet. */
  readonly runs: readonly RunNode[];
  /** By the id of the first message of the version that is shown, or, where it has none yet, of the forked message. */
  readonly forks: ReadonlyMap<string, BranchFork>;
}

export function branchOf({ roots }: Tree, choices: Choices): Branch {
  const walk: Walk = { items: [], runs: [], forks: new Map(), choices };
  // By hand, because a long conversation is a deep tree.
  const waiting: RunNode[] = [...roots].reverse();
  for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
    waiting.push(...take(walk, run).reverse());
  }
  return walk;
}

interface Walk {
  readonly items: BranchItem[];
  readonly runs: RunNode[];
  readonly forks: Map<string, BranchFork>;
  readonly choices: Choices;
}

/** Puts a run on the line; what comes after it, in order. */
function take(walk: Walk, run: RunNode): RunNode[] {
  if (isReplaced(run)) return [];
  walk.runs.push(run);
  const shown = new Set<string>();
  for (const messageId of run.messageIds) {
    const fork = run.forks.get(messageId);
    const chosen = fork === undefined ? run : choose(walk, fork);
    if (chosen !== run) {
      if (shown.size === 0) walk.runs.pop();
      return [chosen, ...childrenOf(run, (id) => id !== null && shown.has(id))];
    }
    shown.add(messageId);
    walk.items.push({ run, messageId });
  }
  return childrenOf(run, () => true);
}

/** Something else stands where the run would, and not merely where it answers. */
const isReplaced = ({ supersededBy, id }: RunNode): boolean =>
  supersededBy !== null && supersededBy.fork?.run.id !== id;

function childrenOf({ children }: RunNode, isShown: (messageId: string | null) => boolean): RunNode[] {
  return children.filter(({ parent }) => isShown(parent?.messageId ?? null));
}

/** The version of a fork that is on the line. */
function choose({ choices, forks }: Walk, fork: Fork): RunNode {
  const versions = versionsOf(fork);
  const chosenId = choices.get(fork.messageId);
  const chosen =
    versions.find(({ id }) => id === chosenId) ??
    versions.findLast(isWorthShowing) ??
    versions.at(-1) ??
    fork.run;
  if (versions.length > 1) {
    const shownId = chosen === fork.run ? fork.messageId : (chosen.messageIds[0] ?? fork.messageId);
    forks.set(shownId, {
      messageId: fork.messageId,
      runIds: versions.map(({ id }) => id),
      index: versions.indexOf(chosen),
    });
  }
  return chosen;
}

function versionsOf({ run, versions }: Fork): RunNode[] {
  return [run, ...versions].filter(({ supersededBy }) => supersededBy === null);
}

/** A version that came to nothing does not hide the others. */
const isWorthShowing = ({ messageIds, state }: RunNode): boolean =>
  messageIds.length > 0 || !isTerminal(state.status);
