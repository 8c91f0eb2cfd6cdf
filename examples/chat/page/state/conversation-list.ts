// The user's conversations as the channel of the list has them: read from its history, then kept up by what happens there. Renaming is
// an update of a message, deleting removes it; every device sees both.
import {
  type Channel,
  type MessageFrame,
  type MessageState,
  type MessageVersion,
  messageSerialOf,
  nextMessageState,
  type PlainMessage,
  type Sockudo,
} from '@sockudo/client';
import { CONVERSATION_EVENT, type ListedConversation } from '../../shared/names.ts';

const RETRY_MS = 2000;
/** A conversation that is used comes to the top at most this often. */
const TOUCH_MS = 60_000;

export class ConversationList {
  readonly #channel: Channel;
  readonly #states = new Map<string, MessageState>();
  readonly #listeners = new Set<() => void>();
  #shown: readonly ListedConversation[] | null = null;
  #isLoaded = false;

  constructor(client: Sockudo, channel: string) {
    this.#channel = client.subscribe(channel);
    this.#channel.bind_global((event, data, metadata) => this.#take({ event, data, ...metadata }));
    // What was missed could not be replayed: begin again.
    this.#channel.bind('sockudo:resume_failed', () => void this.#load());
    void this.#load();
  }

  /** Null: not read yet. Last used first; the same list until something in it changes. */
  get conversations(): readonly ListedConversation[] | null {
    if (!this.#isLoaded) return null;
    this.#shown ??= [...this.#states.values()]
      .flatMap(conversationOf)
      .sort((a, b) => b.usedAtMs - a.usedAtMs);
    return this.#shown;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Lists a conversation, or brings it to its place when something was said in it since. */
  async use({ id, title, usedAtMs }: ListedConversation): Promise<void> {
    const state = this.#stateOf(id);
    const [known] = state === undefined ? [] : conversationOf(state);
    if (known === undefined || state === undefined) {
      // Under the conversation's id: two windows that list it at once list one.
      await this.#channel.publish(CONVERSATION_EVENT, { id, title, usedAtMs }, { messageId: id });
    } else if (usedAtMs - known.usedAtMs > TOUCH_MS) {
      await this.#update(state.messageSerial, { ...known, usedAtMs });
    }
  }

  async rename(id: string, title: string): Promise<void> {
    const state = this.#stateOf(id);
    const [known] = state === undefined ? [] : conversationOf(state);
    if (state !== undefined && known !== undefined)
      await this.#update(state.messageSerial, { ...known, title });
  }

  async remove(id: string): Promise<void> {
    const state = this.#stateOf(id);
    if (state !== undefined) await this.#channel.deleteMessage(state.messageSerial, { opId: `remove-${id}` });
  }

  #update(serial: string, conversation: ListedConversation): Promise<unknown> {
    return this.#channel.updateMessage(serial, { data: JSON.stringify(conversation) });
  }

  #stateOf(id: string): MessageState | undefined {
    return [...this.#states.values()].find((state) => conversationOf(state)[0]?.id === id);
  }

  async #load(): Promise<void> {
    try {
      const page = await this.#channel.history({ untilAttach: true, direction: 'oldest_first' });
      for await (const { message } of page) this.#take(message);
      this.#isLoaded = true;
      this.#changed();
    } catch {
      // No connection yet, or none any more; the banner says so.
      setTimeout(() => void this.#load(), RETRY_MS);
    }
  }

  #take(given: MessageFrame | MessageVersion | PlainMessage): void {
    const serial = messageSerialOf(given);
    if (serial === undefined) return;
    const before = this.#states.get(serial);
    const state = nextMessageState(before, given);
    if (state === undefined || state === before) return;
    this.#states.set(serial, state);
    this.#changed();
  }

  #changed(): void {
    this.#shown = null;
    for (const listener of this.#listeners) listener();
  }
}

function conversationOf({ action, name, data }: MessageState): ListedConversation[] {
  if (name !== CONVERSATION_EVENT || action === 'delete' || typeof data !== 'string') return [];
  try {
    const { id, title, usedAtMs } = JSON.parse(data);
    return typeof id === 'string' && typeof title === 'string'
      ? [{ id, title, usedAtMs: Number(usedAtMs) }]
      : [];
  } catch {
    return [];
  }
}
