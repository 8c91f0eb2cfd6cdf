/**
 * From a conversation in a channel to a request of the Messages API, in the shape that it demands: turns that alternate, results of tools
 * first in the turn after their calls, thinking with its signature. Must not know: how a conversation is read, models, settings.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { type Content, type ModelMessage, turnsOf } from '@sockudo/ai-transport/model';
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

type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;

/**
 * @param conversation oldest first, as `history()` of a run gives it, or as `runTools` gives it to `ask`. What other providers said is given
 *   as far as it is text, calls of the application's tools, and their results
 */
export function toAnthropicMessages(conversation: readonly ModelMessage[]): AnthropicConversation {
  const builder = new Builder();
  for (const turn of turnsOf(conversation)) {
    if (turn.role === 'tool') builder.results(turn.outputs);
    else for (const piece of turn.content) builder.add(turn, piece);
  }
  const system = builder.system.join('\n\n');
  // CAST: blocks of other kinds than the types know are given back as they came.
  const messages = builder.turns.finished() as unknown as Anthropic.MessageParam[];
  return { ...(system !== '' && { system }), messages };
}

interface From {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: readonly Content[];
}

class Builder {
  readonly system: string[] = [];
  readonly turns = new Turns();
  readonly #calls = new Set<string>();
  /** Blocks of unknown kinds that deltas may still add to, by their index. */
  readonly #unknown = new Map<unknown, JsonMap>();

  add({ role, content }: From, piece: Content): void {
    if (role === 'assistant') this.#said(piece, content);
    else if (piece.type === 'file') this.turns.user(fileBlock(piece));
    else if (piece.type !== 'text' || piece.text.trim() === '') return;
    else if (role === 'system') this.system.push(piece.text);
    else this.turns.user({ type: 'text', text: piece.text });
  }

  results(outputs: readonly Piece<'tool-output'>[]): void {
    for (const { toolCallId, output, isError } of outputs)
      this.turns.result(toolCallId, resultBlock(toolCallId, output, isError));
  }

  #said(piece: Content, content: readonly Content[]): void {
    switch (piece.type) {
      case 'text':
        if (piece.text.trim() !== '') this.#assistant(textBlock(piece));
        break;
      case 'reasoning':
        this.#assistant(reasoningBlock(piece));
        break;
      case 'tool-call':
        this.#call(piece, content);
        break;
      case 'tool-output':
        this.#assistant(serverResultBlock(piece.toolCallId, piece.output));
        break;
      case 'provider':
        if (piece.provider === PROVIDER) this.#providerEvent(piece.name, piece.data);
        break;
      default:
      // Sources stand in the texts that cite them.
    }
  }

  #assistant(block: JsonMap | null): void {
    if (block !== null) this.turns.assistant(block);
  }

  #call(piece: Piece<'tool-call'>, content: readonly Content[]): void {
    const { toolCallId, providerExecuted } = piece;
    // A second one of the same id would be refused.
    if (this.#calls.has(toolCallId)) return;
    if (providerExecuted && isOfAnother(toolCallId, content)) return;
    this.#calls.add(toolCallId);
    if (providerExecuted) this.turns.assistant(toolBlock(piece));
    else this.turns.call(toolBlock(piece), toolCallId);
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
    if (name === 'content_block_stop') this.#unknown.delete(index);
  }
}

/** Another provider ran it, and told so in its own form. */
const isOfAnother = (toolCallId: string, content: readonly Content[]): boolean =>
  content.some(
    (piece) =>
      piece.type === 'tool-output' &&
      piece.toolCallId === toolCallId &&
      serverResultBlock(toolCallId, piece.output) === null,
  );

/** What every kind of delta that is known does: adds to a text, sets anything else. */
function grow(block: JsonMap, { type: _, ...delta }: JsonMap): void {
  for (const [key, value] of Object.entries(delta)) {
    const before = block[key];
    block[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value;
  }
}
