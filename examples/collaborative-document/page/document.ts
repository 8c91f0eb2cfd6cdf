// The document as the channel has it: its paragraphs in order and their reactions, put together from the history and from live events.
// Subscribes first and reads the history then, up to where live events begin, so that nothing is missed in between.
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
import { DOCUMENT_CHANNEL, PARAGRAPH_EVENT, REACTION_TYPE } from '../shared/document.ts';

/** Reaction → ids of those who gave it. */
export type Reactions = ReadonlyMap<string, readonly string[]>;

export interface DocumentEvents {
  /** A paragraph is new or has another version. */
  readonly onParagraph: (state: MessageState) => void;
  readonly onReactions: (serial: string, reactions: Reactions) => void;
  /** The log was begun anew, or a gap cannot be filled: what is shown is not to be relied on until `onLoaded`. */
  readonly onReset: () => void;
  readonly onLoaded: () => void;
}

const RETRY_MS = 2000;

export class SharedDocument {
  readonly channel: Channel;
  readonly #events: DocumentEvents;
  readonly #states = new Map<string, MessageState>();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(sockudo: Sockudo, events: DocumentEvents) {
    this.#events = events;
    this.channel = sockudo.subscribe(DOCUMENT_CHANNEL);
    this.channel.bind_global((event, data, metadata) => this.#take({ event, data, ...metadata }));
    this.channel.bind('message.summary', ({ serial, annotations }) =>
      events.onReactions(serial, reactionsOf(annotations.summary[REACTION_TYPE])),
    );
    // What was missed could not be replayed: begin again.
    this.channel.bind('sockudo:resume_failed', () => {
      this.#states.clear();
      events.onReset();
      void this.#load();
    });
    void this.#load();
  }

  stateOf(serial: string): MessageState | undefined {
    return this.#states.get(serial);
  }

  async #load(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const page = await this.channel.history({ untilAttach: true, direction: 'oldest_first' });
      for await (const { message } of page) this.#take(message);
      this.#events.onLoaded();
    } catch {
      // No connection yet, or none any more; the banner says so.
      this.#retry = setTimeout(() => void this.#load(), RETRY_MS);
    }
  }

  #take(given: MessageFrame | MessageVersion | PlainMessage): void {
    const serial = messageSerialOf(given);
    if (serial === undefined) return;
    const before = this.#states.get(serial);
    const state = nextMessageState(before, given);
    if (state === undefined || state === before || state.name !== PARAGRAPH_EVENT) return;
    this.#states.set(serial, state);
    this.#events.onParagraph(state);
  }
}

function reactionsOf(summary: Readonly<Record<string, unknown>> | undefined): Reactions {
  const reactions = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(summary ?? {})) {
    const ids = typeof value === 'object' && value !== null && 'clientIds' in value ? value.clientIds : [];
    if (Array.isArray(ids)) reactions.set(name, ids.map(String));
  }
  return reactions;
}
