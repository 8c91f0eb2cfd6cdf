/**
 * The tree of a session, made anew when something in it changed: of what was read, of what is on its way, of what the server says about
 * runs. Must not know: connections, views.
 */
import { comparePlaces } from '../log/message-log.ts';
import { type Branch, branchOf, type Choices } from '../tree/branch.ts';
import { Messages } from '../tree/messages.ts';
import type { SessionMessage, SessionRun } from '../tree/model.ts';
import { buildTree, holdsAnswer, type RunNode, type Tree } from '../tree/tree.ts';
import type { Content } from './content.ts';
import type { Outbox } from './outbox.ts';

export class Conversation {
  readonly #content: Content;
  readonly #outbox: Outbox;
  readonly #messages = new Messages();
  #tree: Tree | null = null;
  #runs: readonly SessionRun[] | null = null;
  #queue: readonly SessionRun[] | null = null;

  constructor(content: Content, outbox: Outbox) {
    this.#content = content;
    this.#outbox = outbox;
  }

  /** More than the text of messages is another than before. */
  changed(): void {
    this.#tree = null;
    this.#runs = null;
    this.#queue = null;
  }

  get tree(): Tree {
    if (this.#tree === null) {
      const pending = this.#outbox.messages();
      const read = this.#content.log.messages();
      const all =
        pending.length === 0 ? read : [...read, ...pending].sort((a, b) => comparePlaces(a.place, b.place));
      this.#tree = buildTree(all, this.#content.runs);
      this.#messages.forgetBeyond(all.length);
    }
    return this.#tree;
  }

  /** In the order of their beginning, without those that another superseded. */
  get runs(): readonly SessionRun[] {
    this.#runs ??= [...this.tree.runs.values()]
      .filter(({ supersededBy }) => supersededBy === null)
      .map((node) => this.#messages.run(node));
    return this.#runs;
  }

  /** Runs that wait for a worker, the next one first. */
  get queue(): readonly SessionRun[] {
    this.#queue ??= this.runs.filter(({ status }) => status === 'queued').toSorted(byQueue);
    return this.#queue;
  }

  branch(choices: Choices): Branch {
    return branchOf(this.tree, choices);
  }

  messagesOf({ items }: Branch): SessionMessage[] {
    return items.flatMap(({ run, messageId }) => this.message(run, messageId) ?? []);
  }

  message(run: RunNode, id: string): SessionMessage | null {
    return this.#messages.message(run, id, this.#content.log, (key) => this.#outbox.sendingOf(key));
  }

  run(node: RunNode): SessionRun {
    return this.#messages.run(node);
  }

  /** The run that holds a message; of several, the newest that wrote of it. */
  ownerOf(messageId: string): RunNode | undefined {
    const owners = [...this.tree.runs.values()].filter(({ messageIds }) => messageIds.includes(messageId));
    return owners.findLast((run) => holdsAnswer(run, messageId)) ?? owners.at(-1);
  }
}

/** What has no place in the queue yet is its end. */
function byQueue(a: SessionRun, b: SessionRun): number {
  const [first, second] = [a.queuedAtMs, b.queuedAtMs];
  if (first === undefined || second === undefined) return first === second ? 0 : first === undefined ? 1 : -1;
  return first - second;
}

/** What stands before a message: in its run, or what its run comes after. Null: nothing does. */
export function predecessorOf(run: RunNode, messageId: string): string | null {
  const index = run.messageIds.indexOf(messageId);
  return index > 0 ? (run.messageIds[index - 1] ?? null) : (run.facts.parents[0] ?? null);
}
