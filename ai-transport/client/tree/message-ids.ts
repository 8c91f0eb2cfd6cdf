/**
 * Whose a codec message id is. What an agent writes under an id is an answer, and nobody else's words get into it; of an id that only
 * inputs name, the author of the first one has it. What somebody else says under it is a message of its own, named by its own serial.
 */
import { isToolAnswer } from './model.ts';
import type { Event } from './run-facts.ts';

const ANSWER = 'answer';

export class MessageIds {
  readonly #owners = new Map<string, string>();

  /** Outputs are first to be told of: they have their ids whatever came before them. */
  addOutput(id: string): void {
    this.#owners.set(id, ANSWER);
  }

  /** To be asked in the order of the channel. */
  idOf(event: Event): string {
    const { message, lifecycle } = event;
    const named = lifecycle.codecMessageId ?? message.key;
    if (lifecycle.kind === 'output') return named;
    // What somebody gave a tool, or allowed, is part of the answer that asked for it.
    if (isToolAnswer(message) && this.#owners.get(named) === ANSWER) return named;
    const author = `client:${lifecycle.inputClientId ?? ''}`;
    let id = named;
    for (let suffix = ''; (this.#owners.get(id) ?? author) !== author; suffix += "'")
      id = message.key + suffix;
    this.#owners.set(id, author);
    return id;
  }
}
