/** A tree and a branch as plain values, to be compared in tests. */
import type { MessageLog } from '../log/message-log.ts';
import { branchOf, type Choices } from '../tree/branch.ts';
import { Messages } from '../tree/messages.ts';
import { messageText, type SessionMessage, type SessionRun } from '../tree/model.ts';
import { buildTree, type KnownRun, type RunNode, type Tree } from '../tree/tree.ts';

export interface Shown {
  readonly tree: Tree;
  readonly messages: readonly SessionMessage[];
  readonly runs: readonly SessionRun[];
}

export function shown(
  log: MessageLog,
  choices: Choices = new Map(),
  known?: ReadonlyMap<string, KnownRun>,
): Shown {
  const tree = buildTree(log.messages(), known);
  const messages = new Messages();
  const { items } = branchOf(tree, choices);
  return {
    tree,
    messages: items.flatMap(
      ({ run, messageId }) => messages.message(run, messageId, log, () => undefined) ?? [],
    ),
    runs: [...tree.runs.values()].map((run) => messages.run(run)),
  };
}

export const ids = ({ messages }: Pick<Shown, 'messages'>): string[] => messages.map(({ id }) => id);
export const textsOf = ({ messages }: Pick<Shown, 'messages'>): string[] => messages.map(messageText);

/** Everything that a tree says, in a form that compares by value. */
export function everything(log: MessageLog): unknown {
  const { tree, messages, runs } = shown(log);
  const all = [...tree.runs.values()];
  const made = new Messages();
  return {
    line: messages,
    runs,
    roots: tree.roots.map(({ id }) => id),
    nodes: all.map((node) => ({
      ...outlineOf(node),
      messages: node.messageIds.map((id) => made.message(node, id, log, () => undefined)),
    })),
  };
}

const outlineOf = ({ id, parent, fork, children, forks, supersededBy, state }: RunNode): object => ({
  id,
  state,
  parent: parent && [parent.run.id, parent.messageId],
  fork: fork && [fork.run.id, fork.messageId],
  children: children.map((child) => child.id),
  forks: [...forks.values()].map(({ messageId, versions }) => [
    messageId,
    versions.map((version) => version.id),
  ]),
  supersededBy: supersededBy?.id,
});
