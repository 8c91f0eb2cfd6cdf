/**
 * From a conversation in a channel to a request of the Messages API, in the shape that it demands: turns that alternate, results of tools
 * first in the turn after their calls, thinking with its signature. What was cut off is repaired. Must not know: how a conversation
 * is read, models, settings.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { ConversationMessage } from '@sockudo/ai-transport/agent';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import {
  fileBlock,
  reasoningBlock,
  resultBlock,
  serverResultBlock,
  textBlock,
  toolBlock,
} from './give-back.ts';
import { isObject, type JsonMap, PROVIDER } from './json.ts';
import { Turns } from './turns.ts';

/** The part of a request that is the conversation: to be spread into `messages.create`. */
export interface AnthropicConversation {
  /** Texts of the role `system`, wherever they stood. */
  readonly system?: string;
  readonly messages: Anthropic.MessageParam[];
}

/** A message as history gives it, or by its pieces. */
export type GivenMessage =
  | Pick<ConversationMessage, 'role' | 'parts'>
  | { readonly role: string; readonly content: readonly Content[] };

type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;

/**
 * @param conversation oldest first, as `history()` of a run gives it. What other providers said is given as far as it is text, calls of
 *   the application's tools, and their results
 */
export function toAnthropicMessages(conversation: readonly GivenMessage[]): AnthropicConversation {
  const messages = conversation.map((message) => ({
    role: message.role,
    pieces: 'content' in message ? message.content : contentOf(message),
  }));
  const builder = new Builder(new Outputs(messages.flatMap(({ pieces }) => pieces)));
  for (const { role, pieces } of messages) {
    for (const piece of pieces) builder.add(role, piece);
    builder.endOfMessage();
  }
  const system = builder.system.join('\n\n');
  // CAST: blocks of other kinds than the types know are given back as they came.
  const turns = builder.turns.finished() as unknown as Anthropic.MessageParam[];
  return { ...(system !== '' && { system }), messages: turns };
}

/** What became of the calls, wherever in the conversation it is said. The newest word counts. */
class Outputs {
  readonly #outputs = new Map<string, Piece<'tool-output'>>();
  readonly #refusals = new Map<string, string>();

  constructor(pieces: readonly Content[]) {
    for (const piece of pieces) {
      if (piece.type === 'tool-output') this.#outputs.set(piece.toolCallId, piece);
      if (piece.type === 'tool-approval-response' && !piece.approved)
        this.#refusals.set(piece.toolCallId, piece.reason ?? '');
    }
  }

  output(toolCallId: string): Piece<'tool-output'> | undefined {
    return this.#outputs.get(toolCallId);
  }

  /** A result for a call of the application's. The API wants one of every call. */
  result(toolCallId: string): JsonMap {
    const output = this.#outputs.get(toolCallId);
    if (output !== undefined) return resultBlock(toolCallId, output.output, output.isError);
    const refusal = this.#refusals.get(toolCallId);
    if (refusal === undefined) return resultBlock(toolCallId, 'The call was interrupted.', true);
    return resultBlock(toolCallId, refusal === '' ? 'The user denied the call.' : refusal, true);
  }
}

class Builder {
  readonly system: string[] = [];
  readonly turns: Turns;
  readonly #outputs: Outputs;
  readonly #calls = new Set<string>();
  /** Blocks of unknown kinds that deltas may still add to, by their index. */
  readonly #unknown = new Map<unknown, JsonMap>();

  constructor(outputs: Outputs) {
    this.#outputs = outputs;
    this.turns = new Turns((toolCallId) => outputs.result(toolCallId));
  }

  add(role: string, piece: Content): void {
    switch (piece.type) {
      case 'text':
        this.#text(role, piece);
        break;
      case 'reasoning':
        this.#assistant(reasoningBlock(piece));
        break;
      case 'tool-call':
        this.#call(piece);
        break;
      case 'tool-output':
        this.#output(piece);
        break;
      case 'file':
        if (role === 'user') this.turns.user(fileBlock(piece));
        break;
      case 'provider':
        if (piece.provider === PROVIDER) this.#providerEvent(piece.name, piece.data);
        break;
      default:
      // Sources stand in the texts that cite them; the rest is not for the model.
    }
  }

  endOfMessage(): void {
    this.#unknown.clear();
  }

  #text(role: string, piece: Piece<'text'>): void {
    if (piece.text.trim() === '') return;
    if (role === 'system') this.system.push(piece.text);
    else if (role === 'assistant') this.#assistant(textBlock(piece));
    else this.turns.user({ type: 'text', text: piece.text });
  }

  #assistant(block: JsonMap | null): void {
    if (block !== null) this.turns.assistant(block);
  }

  #call(piece: Piece<'tool-call'>): void {
    const { toolCallId, providerExecuted, isComplete } = piece;
    // Of a call that was cut off nobody knows what it was to be; a second one of the same id would be refused.
    if (!isComplete || this.#calls.has(toolCallId)) return;
    const output = this.#outputs.output(toolCallId);
    const isForeign =
      providerExecuted && output !== undefined && serverResultBlock(toolCallId, output.output) === null;
    if (isForeign) return;
    this.#calls.add(toolCallId);
    const block = toolBlock(piece);
    if (!providerExecuted) this.turns.call(block, toolCallId);
    else this.turns.assistant(block);
  }

  #output({ toolCallId, providerExecuted, output }: Piece<'tool-output'>): void {
    if (!providerExecuted) this.turns.results();
    else this.#assistant(serverResultBlock(toolCallId, output));
  }

  #providerEvent(name: string, data: unknown): void {
    if (!isObject(data)) return;
    const { index, content_block: first, delta } = data;
    if (name === 'content_block_start' && isObject(first)) {
      const block = { ...first };
      this.#unknown.set(index, block);
      this.turns.assistant(block);
    }
    const block = this.#unknown.get(index);
    if (name === 'content_block_delta' && isObject(delta) && block !== undefined) grow(block, delta);
  }
}

/** What every kind of delta that is known does: adds to a text, sets anything else. */
function grow(block: JsonMap, { type: _, ...delta }: JsonMap): void {
  for (const [key, value] of Object.entries(delta)) {
    const before = block[key];
    block[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value;
  }
}
