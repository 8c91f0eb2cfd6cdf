/**
 * Tells a reader how a line of messages grows: a start, more text, an end; or, where what it has is not the beginning of what there
 * is, all of it anew. Must not know: runs, sessions.
 */
import { type Event, EventType, type Message } from '@ag-ui/core';
import { Consumer } from './consumer.ts';
import type { Draft } from './projection.ts';

/** What only the reader has: instructions of its own, which the session need not know. */
const isLocal = ({ role }: Message): boolean =>
  role === 'system' || role === 'developer' || role === 'activity';

export class Narrator {
  readonly #consumer: Consumer;
  /** By id: drafts that were told to the letter. */
  #told = new Map<string, Draft>();
  #events: Event[] = [];

  /** @param messages what the reader has already */
  constructor(messages: readonly Message[]) {
    this.#consumer = new Consumer(messages);
  }

  /** What has to be said so that the reader has these messages. */
  tell(drafts: readonly Draft[]): Event[] {
    for (const draft of drafts) if (this.#told.get(draft.message.id) !== draft) this.#tellOne(draft);
    if (!this.#isTold(drafts)) this.#tellAll(drafts);
    this.#told = new Map(drafts.map((draft) => [draft.message.id, draft]));
    return this.#take();
  }

  /** All of it, whatever the reader has. */
  tellAll(drafts: readonly Draft[]): Event[] {
    this.#tellAll(drafts);
    this.#told = new Map(drafts.map((draft) => [draft.message.id, draft]));
    return this.#take();
  }

  /** Ends what is open. */
  close(): Event[] {
    for (const { kind, id } of this.#consumer.open) this.#end(kind, id);
    return this.#take();
  }

  #take(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #say(event: Event): void {
    this.#consumer.hear(event);
    this.#events.push(event);
  }

  #tellOne({ message, isOpen, openCalls }: Draft): void {
    if (message.role === 'tool') this.#result(message);
    else if (message.role === 'reasoning') this.#grow('reasoning', message, isOpen);
    else if (message.role !== 'activity') {
      // A message that holds only calls is there with the first of them.
      if (message.content !== undefined) this.#grow('text', message, isOpen);
      if (message.role === 'assistant') this.#calls(message, openCalls);
    }
  }

  #grow(kind: 'text' | 'reasoning', message: Message, isOpen: boolean): void {
    const { id, role, content } = message;
    const known = this.#consumer.find(id);
    const before = known?.content ?? '';
    if (typeof content !== 'string' || typeof before !== 'string' || !content.startsWith(before)) return;
    if (known !== undefined && known.role !== role) return;
    const delta = content.slice(before.length);
    const isNews = known === undefined || delta !== '' || isOpen;
    if (isNews && !this.#consumer.isOpen(kind, id)) this.#start(kind, id, role);
    if (delta !== '') this.#say(contentEvent(kind, id, delta));
    if (!isOpen && this.#consumer.isOpen(kind, id)) this.#end(kind, id);
  }

  #start(kind: 'text' | 'reasoning', messageId: string, role: Message['role']): void {
    if (kind === 'reasoning') {
      this.#say({ type: EventType.REASONING_START, messageId });
      this.#say({ type: EventType.REASONING_MESSAGE_START, messageId, role: 'reasoning' });
    } else if (role === 'user' || role === 'system' || role === 'assistant')
      this.#say({ type: EventType.TEXT_MESSAGE_START, messageId, role });
  }

  #end(kind: 'text' | 'reasoning' | 'call', id: string): void {
    if (kind === 'call') this.#say({ type: EventType.TOOL_CALL_END, toolCallId: id });
    else if (kind === 'text') this.#say({ type: EventType.TEXT_MESSAGE_END, messageId: id });
    else {
      this.#say({ type: EventType.REASONING_MESSAGE_END, messageId: id });
      this.#say({ type: EventType.REASONING_END, messageId: id });
    }
  }

  #calls({ id: parentMessageId, toolCalls = [] }: Assistant, openCalls: ReadonlySet<string>): void {
    for (const { id: toolCallId, function: call } of toolCalls) {
      const known = this.#consumer.callOf(toolCallId);
      const before = known?.function.arguments ?? '';
      if (!call.arguments.startsWith(before)) continue;
      const delta = call.arguments.slice(before.length);
      const isOpen = openCalls.has(toolCallId);
      const isNews = known === undefined || delta !== '' || isOpen;
      if (isNews && !this.#consumer.isOpen('call', toolCallId))
        this.#say({
          type: EventType.TOOL_CALL_START,
          toolCallId,
          toolCallName: call.name,
          parentMessageId,
        });
      if (delta !== '') this.#say({ type: EventType.TOOL_CALL_ARGS, toolCallId, delta });
      if (!isOpen && this.#consumer.isOpen('call', toolCallId)) this.#end('call', toolCallId);
    }
  }

  #result({ id, toolCallId, content }: Extract<Message, { role: 'tool' }>): void {
    if (this.#consumer.find(id) !== undefined) return;
    this.#say({ type: EventType.TOOL_CALL_RESULT, messageId: id, toolCallId, content, role: 'tool' });
  }

  #isTold(drafts: readonly Draft[]): boolean {
    const given = new Set(drafts.map(({ message }) => message.id));
    const had = this.#consumer.messages.filter((message) => !isLocal(message) || given.has(message.id));
    return (
      had.length === drafts.length &&
      drafts.every((draft, index) => {
        const message = had[index];
        if (message === undefined || message.id !== draft.message.id) return false;
        return this.#told.get(message.id) === draft || isSame(message, draft.message);
      })
    );
  }

  #tellAll(drafts: readonly Draft[]): void {
    for (const { kind, id } of this.#consumer.open)
      if (!drafts.some((draft) => isOpenIn(draft, kind, id))) this.#end(kind, id);
    const local = this.#consumer.messages.filter(
      (message) => isLocal(message) && message.role !== 'activity',
    );
    const given = new Set(drafts.map(({ message }) => message.id));
    const messages = [...local.filter(({ id }) => !given.has(id)), ...drafts.map(({ message }) => message)];
    // A reader keeps what it knows in its place: what stands elsewhere now has to be forgotten first.
    if (!keepsOrder(this.#consumer.messages, messages))
      this.#say({ type: EventType.MESSAGES_SNAPSHOT, messages: prefix(this.#consumer.messages, messages) });
    this.#say({ type: EventType.MESSAGES_SNAPSHOT, messages: structuredClone(messages) });
    // Thoughts that a reader keeps on its own are its own business from now on.
    const kept = this.#consumer.messages;
    kept.splice(0, kept.length, ...structuredClone(messages));
    for (const draft of drafts) this.#tellOne(draft);
  }
}

type Assistant = Extract<Message, { role: 'assistant' }>;

const contentEvent = (kind: 'text' | 'reasoning', messageId: string, delta: string): Event =>
  kind === 'text'
    ? { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta }
    : { type: EventType.REASONING_MESSAGE_CONTENT, messageId, delta };

function isOpenIn(
  { message, isOpen, openCalls }: Draft,
  kind: 'text' | 'reasoning' | 'call',
  id: string,
): boolean {
  if (kind === 'call') return openCalls.has(id);
  return message.id === id && isOpen;
}

/** Of what a reader may have in another form only what is shown counts. */
function isSame(had: Message, message: Message): boolean {
  if (had.role !== message.role || !isSameValue(had.content ?? '', message.content ?? '')) return false;
  if (had.role !== 'assistant' || message.role !== 'assistant') return true;
  return isSameValue(callsOf(had), callsOf(message));
}

const callsOf = ({ toolCalls = [] }: Assistant): unknown =>
  toolCalls.map(({ id, function: call }) => [id, call.name, call.arguments]);

const isSameValue = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** Whether what a reader keeps comes before what is new, and in this order. */
function keepsOrder(had: readonly Message[], messages: readonly Message[]): boolean {
  const known = new Set(had.map(({ id }) => id));
  const given = new Set(messages.map(({ id }) => id));
  const kept = had.filter(({ id }) => given.has(id)).map(({ id }) => id);
  const now = [...kept, ...messages.map(({ id }) => id).filter((id) => !known.has(id))];
  return now.every((id, index) => messages[index]?.id === id);
}

/** A reader keeps its thoughts when it is given none. */
const FORGOTTEN: Message = { id: 'forgotten', role: 'reasoning', content: '' };

/** What is right already, so that the rest is forgotten. */
function prefix(had: readonly Message[], messages: readonly Message[]): Message[] {
  const differs = messages.findIndex((message, index) => had[index]?.id !== message.id);
  const right = structuredClone(messages.slice(0, differs === -1 ? messages.length : differs));
  const hasThoughts = (some: readonly Message[]): boolean => some.some(({ role }) => role === 'reasoning');
  return hasThoughts(messages) && !hasThoughts(right) ? [...right, FORGOTTEN] : right;
}
