/**
 * What a chat asks for, in the words of a session: something new, another version of it, another answer, or what a call of a tool waited
 * for. Must not know: streams, how a chat is shown.
 */
import { isLive, type Sent, type Session, type View } from '@sockudo/ai-transport';
import type { UIMessage } from '../parts/chunk.ts';
import { assistantMessage } from '../parts/reading.ts';
import { answersOf, type ToolAnswer } from './answers.ts';
import { answerOfRun, type Group, groupsOf } from './groups.ts';
import type { ChatState } from './state.ts';
import { dataOfMessage, endingOf, piecesOf } from './ui-messages.ts';

export interface ChatRequest {
  readonly trigger: 'submit-message' | 'regenerate-message';
  readonly messageId: string | undefined;
  readonly messages: readonly UIMessage[];
}

/** What came of it. */
export interface Turn {
  readonly runId: string;
  /** On its way; empty where a run is merely joined. */
  readonly sent: readonly Sent[];
  /** The chat shows this much of the answer. */
  readonly after?: Group | null;
}

export class ChatRequestError extends Error {
  override readonly name = 'ChatRequestError';
  /** `nothing_to_send`: the session knows all of it. */
  readonly code = 'nothing_to_send';
}

/** Ids of chats for messages that have another one in the session. */
const ALIASES_MAX = 256;

export class Requests {
  readonly #session: Session;
  readonly #view: View;
  readonly #state: ChatState;
  /** The AI SDK keeps the id of a message that is edited; in a session every version has its own. */
  readonly #aliases = new Map<string, string>();

  constructor(session: Session, view: View, state: ChatState) {
    this.#session = session;
    this.#view = view;
    this.#state = state;
  }

  /** @throws ChatRequestError; SessionError as the session */
  take({ trigger, messageId, messages }: ChatRequest): Turn {
    const named = messages.find(({ id }) => id === messageId);
    const last = messages.at(-1);
    if (trigger === 'regenerate-message') return this.#regenerate(messageId, last);
    const message = named ?? last;
    if (message === undefined) throw new ChatRequestError('There is no message');
    if (message.role === 'assistant') return this.#answer(message);
    const isKnown = messageId !== undefined && this.#session.message(this.#idOf(message.id)) !== null;
    return isKnown ? this.#edit(message) : this.#send(message, messages);
  }

  #send(message: UIMessage, messages: readonly UIMessage[]): Turn {
    const { id } = message;
    const before = messages.slice(0, messages.indexOf(message)).reverse();
    const parent = before.map((one) => this.#lastOf(one.id)).find((known) => known !== null);
    const sent = this.#session.send(dataOfMessage(message), {
      messageId: this.#idOf(id),
      view: this.#view,
      // What its author saw; where nothing of that is known, what the session shows.
      ...(parent !== undefined && { parent }),
    });
    return { runId: sent.runId, sent: [sent] };
  }

  #edit(message: UIMessage): Turn {
    const id = this.#idOf(message.id);
    const known = this.#session.message(id);
    const data = dataOfMessage(message);
    if (known?.status === 'failed') this.#session.discard(id);
    if (known === null || known.status === 'failed') return this.#sendAs(message, data);
    const run = this.#session.run(known.runId);
    const before = known.parts[0]?.text;
    const isSame = before === (typeof data === 'string' ? data : JSON.stringify(data));
    if (run !== null && isLive(run)) {
      if (isSame && run.status !== 'suspended') return { runId: run.id, sent: [] };
      this.#state.stop(run.id);
    }
    const sent = this.#session.edit(id, data, { view: this.#view });
    this.#alias(message.id, sent.messageId);
    return { runId: sent.runId, sent: [sent] };
  }

  #sendAs(message: UIMessage, data: unknown): Turn {
    const sent = this.#session.send(data, { view: this.#view });
    this.#alias(message.id, sent.messageId);
    return { runId: sent.runId, sent: [sent] };
  }

  #regenerate(messageId: string | undefined, last: UIMessage | undefined): Turn {
    const groups = groupsOf(this.#view.messages);
    const named = groups.findIndex(({ isAnswer, id }) => isAnswer && id === messageId);
    // The question is the last message that the chat has left.
    const asked = groups.findIndex(
      ({ id }) => id === this.#idOf(messageId ?? '') || id === this.#idOf(last?.id ?? ''),
    );
    const answer = named >= 0 ? groups[named] : groups[asked + 1];
    if (answer?.isAnswer === true) {
      const run = this.#session.run(answer.runIds.at(-1) ?? '');
      if (run !== null && isLive(run)) this.#state.stop(run.id);
      const sent = this.#session.regenerate(answer.id, { view: this.#view });
      return { runId: sent.runId, sent: [sent] };
    }
    if (last === undefined || last.role === 'assistant')
      throw new ChatRequestError('There is nothing to answer');
    // Nothing has answered it: it is asked once more.
    return this.#session.message(this.#idOf(last.id)) === null ? this.#send(last, [last]) : this.#edit(last);
  }

  /** Tells a run what a call of a tool waits for. */
  #answer(message: UIMessage): Turn {
    const group = groupsOf(this.#view.messages).find(({ id }) => id === message.id);
    const runId = group?.runIds.at(-1);
    const run = runId === undefined ? null : this.#session.run(runId);
    if (group === undefined || run === null)
      throw new ChatRequestError('The session does not know the message');
    const stored = assistantMessage(group.id, piecesOf(group), endingOf(run));
    const answers = answersOf(message, stored);
    if (answers.length === 0) {
      // Somebody else has answered, and the run goes on.
      if (isLive(run) && run.status !== 'suspended') return { runId: run.id, sent: [], after: group };
      throw new ChatRequestError('There is nothing to send: every call that was answered is known');
    }
    const sent = isLive(run)
      ? answers.map((answer) => this.#session.steer(run.id, answer.data, optionsOf(answer)))
      : this.#continue(group, answers);
    const goesOn = sent[0]?.runId ?? run.id;
    return { runId: goesOn, sent, after: answerOfRun(this.#session, goesOn) ?? group };
  }

  /** Of a run that is over: another one goes on in its place. */
  #continue(group: Group, [first, ...more]: readonly ToolAnswer[]): Sent[] {
    if (first === undefined) return [];
    const parent = group.members.at(-1)?.id ?? group.id;
    const sent = this.#session.send(first.data, { ...optionsOf(first), parent, view: this.#view });
    return [sent, ...more.map((answer) => this.#session.steer(sent.runId, answer.data, optionsOf(answer)))];
  }

  /** The session's last message of what is one message in the chat; null: it is not known. */
  #lastOf(id: string): string | null {
    const own = this.#idOf(id);
    const group = groupsOf(this.#view.messages).find((one) => one.id === own);
    return group?.members.at(-1)?.id ?? this.#session.message(own)?.id ?? null;
  }

  #idOf(id: string): string {
    return this.#aliases.get(id) ?? id;
  }

  #alias(id: string, own: string): void {
    this.#aliases.delete(id);
    this.#aliases.set(id, own);
    const [oldest] = this.#aliases.keys();
    if (this.#aliases.size > ALIASES_MAX && oldest !== undefined) this.#aliases.delete(oldest);
  }
}

const optionsOf = ({ codec }: ToolAnswer) => ({ codec, role: 'tool' as const });
