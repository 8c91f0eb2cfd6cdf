/**
 * What a reader of the protocol has, after what it was told: the messages, and what is open in its books. Keeps the rules of
 * `@ag-ui/client`, so that what is told next can be held against it. Must not know: sessions.
 */
import { type Event, EventType, type Message } from '@ag-ui/core';

export type Open = 'text' | 'reasoning' | 'call';

export class Consumer {
  readonly messages: Message[];
  readonly #open = new Map<string, { readonly kind: Open; readonly id: string }>();

  constructor(messages: readonly Message[]) {
    this.messages = structuredClone([...messages]);
  }

  get open(): readonly { readonly kind: Open; readonly id: string }[] {
    return [...this.#open.values()];
  }

  isOpen(kind: Open, id: string): boolean {
    return this.#open.has(`${kind} ${id}`);
  }

  find(id: string): Message | undefined {
    return this.messages.find((message) => message.id === id);
  }

  hear(event: Event): void {
    switch (event.type) {
      case EventType.TEXT_MESSAGE_START:
        this.#begin('text', event.messageId);
        this.#add({ id: event.messageId, role: event.role ?? 'assistant', content: '' });
        break;
      case EventType.REASONING_MESSAGE_START:
        this.#begin('reasoning', event.messageId);
        this.#add({ id: event.messageId, role: 'reasoning', content: '' });
        break;
      case EventType.TEXT_MESSAGE_CONTENT:
      case EventType.REASONING_MESSAGE_CONTENT:
        this.#grow(event.messageId, event.delta);
        break;
      case EventType.TEXT_MESSAGE_END:
        this.#end('text', event.messageId);
        break;
      case EventType.REASONING_END:
        this.#end('reasoning', event.messageId);
        break;
      default:
        this.#hearOfTools(event);
    }
  }

  #hearOfTools(event: Event): void {
    switch (event.type) {
      case EventType.TOOL_CALL_START:
        this.#begin('call', event.toolCallId);
        this.#call(event.parentMessageId ?? event.toolCallId, event.toolCallId, event.toolCallName);
        break;
      case EventType.TOOL_CALL_ARGS: {
        const call = this.callOf(event.toolCallId);
        if (call !== undefined) call.function.arguments += event.delta;
        break;
      }
      case EventType.TOOL_CALL_END:
        this.#end('call', event.toolCallId);
        break;
      case EventType.TOOL_CALL_RESULT: {
        const { messageId: id, toolCallId, content } = event;
        this.#insert({ id, role: 'tool', toolCallId, content });
        break;
      }
      case EventType.MESSAGES_SNAPSHOT:
        this.#replace(event.messages);
        break;
      default:
    }
  }

  callOf(toolCallId: string) {
    return this.messages
      .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
      .find(({ id }) => id === toolCallId);
  }

  #begin(kind: Open, id: string): void {
    this.#open.set(`${kind} ${id}`, { kind, id });
  }

  #end(kind: Open, id: string): void {
    this.#open.delete(`${kind} ${id}`);
  }

  #add(message: Message): void {
    if (this.find(message.id) === undefined) this.messages.push(message);
  }

  #grow(id: string, delta: string): void {
    const message = this.find(id);
    if (message === undefined || message.role === 'activity') return;
    message.content = (typeof message.content === 'string' ? message.content : '') + delta;
  }

  #call(messageId: string, id: string, name: string): void {
    if (this.callOf(id) !== undefined) return;
    let owner = this.find(messageId);
    if (owner?.role !== 'assistant') {
      owner = { id: owner === undefined ? messageId : id, role: 'assistant' };
      this.messages.push(owner);
    }
    owner.toolCalls = [
      ...(owner.toolCalls ?? []),
      { id, type: 'function', function: { name, arguments: '' } },
    ];
  }

  /** After the message that holds the call, and the results that stand there. */
  #insert(result: Extract<Message, { role: 'tool' }>): void {
    const owner = this.messages.findIndex(
      (message) =>
        message.role === 'assistant' && message.toolCalls?.some(({ id }) => id === result.toolCallId),
    );
    let place = owner === -1 ? this.messages.length : owner + 1;
    while (owner !== -1 && this.messages[place]?.role === 'tool') place += 1;
    this.messages.splice(place, 0, result);
  }

  /** What stays keeps its place, what is new comes last. Thoughts stay where the snapshot has none at all. */
  #replace(messages: readonly Message[]): void {
    const given = new Map(messages.map((message) => [message.id, message]));
    const keepsThoughts = messages.every(({ role }) => role !== 'reasoning');
    const kept = this.messages.flatMap((message) => {
      const now = given.get(message.id);
      if (now !== undefined) return [structuredClone(now)];
      const stays = message.role === 'activity' || (message.role === 'reasoning' && keepsThoughts);
      return stays ? [message] : [];
    });
    const ids = new Set(kept.map(({ id }) => id));
    const added = messages.filter(({ id }) => !ids.has(id)).map((message) => structuredClone(message));
    this.messages.splice(0, this.messages.length, ...kept, ...added);
  }
}
