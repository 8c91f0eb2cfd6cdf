/**
 * One line through a session's tree: the messages to show one below the other. Where there are versions, of an answer or of a question, it
 * shows the newest until one is chosen; a choice stays when further versions come. Views of one session choose independently.
 */
import type { Branch } from '../tree/branch.ts';
import type { SessionMessage, SessionRun } from '../tree/model.ts';
import type { Tree } from '../tree/tree.ts';
import type { Conversation } from './conversation.ts';

/** Versions that stand at one place of a view. */
export interface Versions {
  /** At least 2. */
  readonly count: number;
  /** Which one is shown, from 0, the oldest. */
  readonly index: number;
  /** Runs that hold them. */
  readonly runIds: readonly string[];
}

/** Choices remembered; of more, the oldest goes. */
export const CHOICES_MAX = 1_000;

export interface ViewHost {
  readonly conversation: Conversation;
  /** Counts changes; a view made at the same count is still right. */
  readonly revision: () => number;
  /** Another version is to be shown. */
  readonly changed: () => void;
  readonly subscribe: (listener: () => void) => () => void;
}

const NO_MESSAGES: readonly SessionMessage[] = [];

export class View {
  readonly name: string;
  readonly #host: ViewHost;
  readonly #choices = new Map<string, string>();
  #revision = -1;
  #tree: Tree | null = null;
  #branch: Branch | null = null;
  #messages = NO_MESSAGES;
  #runs: readonly SessionRun[] = [];

  constructor(name: string, host: ViewHost) {
    this.name = name;
    this.#host = host;
  }

  /** Oldest first. The same list until something in it changes. */
  get messages(): readonly SessionMessage[] {
    this.#update();
    return this.#messages;
  }

  /** Runs on this line, also those without a message yet. */
  get runs(): readonly SessionRun[] {
    this.#update();
    return this.#runs;
  }

  /** Versions of what begins with this message; null where there is only one. */
  versions(messageId: string): Versions | null {
    const fork = this.#update().forks.get(messageId);
    return fork === undefined ? null : { count: fork.runIds.length, index: fork.index, runIds: fork.runIds };
  }

  /** Shows another version at a message that has several. False: there is none of that number. */
  select(messageId: string, index: number): boolean {
    const fork = this.#update().forks.get(messageId);
    const runId = fork?.runIds[index];
    if (fork === undefined || runId === undefined) return false;
    this.choose(fork.messageId, runId);
    return true;
  }

  /** Shows the version of a message that a run holds, also one that is still to come. `messageId`: the one that was first. */
  choose(messageId: string, runId: string): void {
    this.#choices.delete(messageId);
    this.#choices.set(messageId, runId);
    const oldest = this.#choices.size > CHOICES_MAX ? this.#choices.keys().next() : undefined;
    if (oldest?.done === false) this.#choices.delete(oldest.value);
    this.#branch = null;
    this.#host.changed();
  }

  /** Calls after every change of the session; the answer stops it. */
  subscribe(listener: () => void): () => void {
    return this.#host.subscribe(listener);
  }

  #update(): Branch {
    const { conversation, revision } = this.#host;
    if (this.#branch !== null && this.#revision === revision()) return this.#branch;
    this.#revision = revision();
    const { tree } = conversation;
    // More text leaves the line as it is.
    const known = this.#tree === tree ? this.#branch : null;
    const branch = known ?? conversation.branch(this.#choices);
    this.#tree = tree;
    this.#branch = branch;
    this.#messages = sameUnlessChanged(this.#messages, conversation.messagesOf(branch));
    this.#runs = sameUnlessChanged(
      this.#runs,
      branch.runs.map((run) => conversation.run(run)),
    );
    return branch;
  }
}

export function sameUnlessChanged<Item>(before: readonly Item[], after: readonly Item[]): readonly Item[] {
  const isSame = before.length === after.length && before.every((item, index) => item === after[index]);
  return isSame ? before : after;
}
