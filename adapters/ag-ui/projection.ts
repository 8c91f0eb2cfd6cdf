/**
 * A line of a session as AG-UI messages. One message of a session, with its thoughts, calls and results, becomes several: what the
 * protocol can hold in one, and where the text goes on after a result, the next one. The same parts give the same ids, also after a
 * reload. Must not know: events, who was told what.
 */
import type { Message, ToolCall } from '@ag-ui/core';
import type { SessionMessage } from '@sockudo/ai-transport';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import { contentOfUser } from './user-content.ts';

/** A message as it stands, and what of it may still grow. */
export interface Draft {
  readonly message: Message;
  readonly isOpen: boolean;
  readonly openCalls: ReadonlySet<string>;
}

type Building = { -readonly [Key in keyof Draft]: Draft[Key] } & { openCalls: Set<string> };
type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;
type Assistant = Extract<Message, { role: 'assistant' }>;

interface Made {
  readonly isRunning: boolean;
  readonly drafts: readonly Draft[];
}

const RESULT = 'result:';

export class Projector {
  readonly #made = new WeakMap<SessionMessage, Made>();

  /** @param isRunning whether more may come of a run */
  project(messages: readonly SessionMessage[], isRunning: (runId: string) => boolean): readonly Draft[] {
    return placed(messages.flatMap((message) => this.#draftsOf(message, isRunning(message.runId))));
  }

  #draftsOf(message: SessionMessage, isRunning: boolean): readonly Draft[] {
    const known = this.#made.get(message);
    if (known?.isRunning === isRunning) return known.drafts;
    const isAnswer = message.role === 'assistant' && message.parts[0]?.isInput !== true;
    const drafts = isAnswer ? assistantDrafts(message, isRunning) : saidDrafts(message);
    this.#made.set(message, { isRunning, drafts });
    return drafts;
  }
}

/** Id of the session's message that an AG-UI message shows. */
export function sessionIdOf(id: string, isKnown: (id: string) => boolean): string | null {
  if (isKnown(id)) return id;
  const end = id.lastIndexOf('#');
  const base = end > 0 ? id.slice(0, end) : '';
  return base !== '' && isKnown(base) ? base : null;
}

/** What users, programs and tools said: complete at once. Who says of an input that it is an answer may give results, and no more. */
function saidDrafts(message: SessionMessage): Draft[] {
  const { id, role, clientId } = message;
  const pieces = contentOf(message);
  const results = pieces.flatMap((piece) => (piece.type === 'tool-output' ? [resultOf(piece)] : []));
  const content = contentOfUser(pieces);
  if (content === '' || role === 'tool' || role === 'assistant') return results;
  const isSystem = role === 'system' && clientId === undefined;
  if (isSystem) return [draft({ id, role, content: textOf(pieces) }), ...results];
  return [draft({ id, role: 'user', content }), ...results];
}

function assistantDrafts({ id, parts }: SessionMessage, isRunning: boolean): Draft[] {
  const segments = new Segments(id);
  for (const part of parts)
    for (const piece of contentOf({ parts: [part] }))
      if (!part.isInput || piece.type === 'tool-output') segments.add(piece, part.status === 'streaming');
  return segments.drafts(isRunning);
}

/** Cuts the pieces of one message into messages of the protocol. */
class Segments {
  readonly #id: string;
  readonly #drafts: Building[] = [];
  /** The assistant message that takes more; null: the next piece begins one. */
  #current: (Building & { readonly message: Assistant }) | null = null;
  #texts = 0;
  #thoughts = 0;

  constructor(id: string) {
    this.#id = id;
  }

  add(piece: Content, isStreaming: boolean): void {
    if (piece.type === 'text') this.#text(piece.text, isStreaming);
    else if (piece.type === 'reasoning') this.#thought(piece.text, isStreaming);
    else if (piece.type === 'tool-call') this.#call(piece, isStreaming);
    else if (piece.type === 'tool-output') {
      this.#current = null;
      this.#drafts.push(resultOf(piece));
    }
  }

  /** While its run works, a text that stands last may go on in a further piece. */
  drafts(isRunning: boolean): Draft[] {
    const last = this.#drafts.at(-1);
    if (isRunning && last !== undefined && last === this.#current && last.openCalls.size === 0)
      last.isOpen ||= this.#current.message.toolCalls === undefined;
    return this.#drafts;
  }

  #text(text: string, isStreaming: boolean): void {
    if (text === '') return;
    if (this.#current?.message.toolCalls !== undefined) this.#current = null;
    const current = this.#assistant();
    current.message.content = (current.message.content ?? '') + text;
    current.isOpen ||= isStreaming;
  }

  #thought(text: string, isStreaming: boolean): void {
    if (text === '') return;
    this.#current = null;
    const id = `${this.#id}#r${this.#thoughts++}`;
    this.#drafts.push({ ...draft({ id, role: 'reasoning', content: text }), isOpen: isStreaming });
  }

  #call({ toolCallId, toolName, inputText }: Piece<'tool-call'>, isStreaming: boolean): void {
    const current = this.#assistant();
    const call: ToolCall = {
      id: toolCallId,
      type: 'function',
      function: { name: toolName, arguments: inputText },
    };
    current.message.toolCalls = [...(current.message.toolCalls ?? []), call];
    if (isStreaming) current.openCalls.add(toolCallId);
  }

  #assistant(): Building & { readonly message: Assistant } {
    if (this.#current !== null) return this.#current;
    const id = this.#texts === 0 ? this.#id : `${this.#id}#${this.#texts}`;
    this.#texts += 1;
    const message: Assistant = { id, role: 'assistant' };
    const begun = { message, isOpen: false, openCalls: new Set<string>() };
    this.#drafts.push(begun);
    this.#current = begun;
    return begun;
  }
}

/** Results stand after the message that holds their call, as readers of the protocol put them; of several the newest counts. */
function placed(drafts: readonly Draft[]): Draft[] {
  const results = new Map<string, Draft[]>();
  const newest = new Map(drafts.map((each) => [each.message.id, each]));
  const seen = new Set<string>();
  const owners = new Map<string, string>();
  for (const { message } of drafts)
    if (message.role === 'assistant')
      for (const { id } of message.toolCalls ?? []) if (!owners.has(id)) owners.set(id, message.id);
  const rest: Draft[] = [];
  for (const { message } of drafts) {
    if (seen.has(message.id)) continue;
    seen.add(message.id);
    const each = newest.get(message.id);
    if (each === undefined) continue;
    const owner = message.role === 'tool' ? owners.get(message.toolCallId) : undefined;
    if (owner === undefined) rest.push(each);
    else results.set(owner, [...(results.get(owner) ?? []), each]);
  }
  return rest.flatMap((each) => [each, ...(results.get(each.message.id) ?? [])]);
}

const draft = (message: Message): Building => ({ message, isOpen: false, openCalls: new Set() });

const resultOf = ({ toolCallId, output }: Piece<'tool-output'>): Building =>
  draft({
    id: `${RESULT}${toolCallId}`,
    role: 'tool',
    toolCallId,
    content: typeof output === 'string' ? output : (JSON.stringify(output) ?? ''),
  });

const textOf = (pieces: readonly Content[]): string =>
  pieces.map((piece) => (piece.type === 'text' ? piece.text : '')).join('');
