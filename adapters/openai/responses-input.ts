/** A conversation as input items of the Responses API. Must not know: where the conversation was read, settings of the request. */
import { type Content, inputOf, type ModelMessage, type Turn, turnsOf } from '@sockudo/ai-transport/model';
import type OpenAI from 'openai';
import { outputText } from './chat-messages.ts';
import { type Json, objectOf, textOf } from './json.ts';

type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;

export interface ResponsesInputOptions {
  /** False where responses are not stored (`store: false`): items are then given without their ids, and reasoning only where it is sealed. */
  readonly isStored?: boolean | undefined;
}

/** @param conversation oldest first, as `history()` of a run gives it; what was cut off is repaired */
export function toResponsesInput(
  conversation: readonly ModelMessage[],
  { isStored = true }: ResponsesInputOptions = {},
): OpenAI.Responses.ResponseInputItem[] {
  const customCalls = new Set<string>();
  const items = turnsOf(conversation).flatMap((turn) => itemsOf(turn, isStored, customCalls));
  // CAST: items of kinds that the types do not know are given back as they came.
  return items as unknown as OpenAI.Responses.ResponseInputItem[];
}

function itemsOf(turn: Turn, isStored: boolean, customCalls: Set<string>): readonly Json[] {
  if (turn.role === 'tool')
    return turn.outputs.map(({ toolCallId, output }) => ({
      type: customCalls.has(toolCallId) ? 'custom_tool_call_output' : 'function_call_output',
      call_id: toolCallId,
      output: outputText(output),
    }));
  if (turn.role === 'assistant') return assistantItems(turn.content, isStored, customCalls);
  const content = turn.content.flatMap(inputPart);
  return [{ type: 'message', role: turn.role, content }];
}

function inputPart(piece: Content): readonly Json[] {
  if (piece.type === 'text') return [{ type: 'input_text', text: piece.text }];
  if (piece.type !== 'file') return [];
  const { mediaType, url, filename = 'file' } = piece;
  if (mediaType.startsWith('image/')) return [{ type: 'input_image', image_url: url, detail: 'auto' }];
  return [
    url.startsWith('data:')
      ? { type: 'input_file', filename, file_data: url }
      : { type: 'input_file', file_url: url },
  ];
}

/** Reasoning belongs to what follows it, and is refused alone. */
function assistantItems(
  content: readonly Content[],
  isStored: boolean,
  customCalls: Set<string>,
): readonly Json[] {
  const items: Json[] = [];
  let thoughts: string[] = [];
  for (const piece of content) {
    if (piece.type === 'reasoning') {
      thoughts.push(piece.text);
      const item = reasoningItem(piece, thoughts, isStored);
      if (item === null) continue;
      thoughts = [];
      items.push(item);
    } else items.push(...itemOf(piece, isStored, customCalls));
  }
  while (items.at(-1)?.type === 'reasoning') items.pop();
  return items;
}

function itemOf(piece: Content, isStored: boolean, customCalls: Set<string>): readonly Json[] {
  if (piece.type === 'text') return piece.text === '' ? [] : [messageItem(piece, isStored)];
  if (piece.type === 'tool-call') return callItems(piece, isStored, customCalls);
  const isOwn = piece.type === 'provider' && piece.provider === 'openai' && piece.name.startsWith('item.');
  return isOwn && isStored ? [objectOf(piece.data)] : [];
}

/** Null: the end of its item is still to come, or it is another provider's. */
function reasoningItem(
  piece: Piece<'reasoning'>,
  thoughts: readonly string[],
  isStored: boolean,
): Json | null {
  const { itemId, encryptedContent } = objectOf(piece.metadata?.openai);
  const sealed = textOf(encryptedContent);
  if (typeof itemId !== 'string' || (sealed === undefined && !isStored)) return null;
  return {
    type: 'reasoning',
    id: itemId,
    summary: thoughts.filter((text) => text !== '').map((text) => ({ type: 'summary_text', text })),
    ...(sealed !== undefined && { encrypted_content: sealed }),
  };
}

function messageItem({ text, metadata }: Piece<'text'>, isStored: boolean): Json {
  const { itemId, phase } = objectOf(metadata?.openai);
  const more = typeof phase === 'string' ? { phase } : {};
  if (!isStored || typeof itemId !== 'string')
    return { type: 'message', role: 'assistant', content: text, ...more };
  const content = [{ type: 'output_text', text, annotations: [] }];
  return { type: 'message', role: 'assistant', id: itemId, status: 'completed', content, ...more };
}

function callItems(call: Piece<'tool-call'>, isStored: boolean, customCalls: Set<string>): readonly Json[] {
  const { itemId, isCustom, item } = objectOf(call.metadata?.openai);
  // What the provider did by itself it knows, where it stores anything.
  if (call.providerExecuted) return isStored && item !== undefined ? [objectOf(item)] : [];
  const { toolCallId, toolName, inputText } = call;
  const id = isStored && typeof itemId === 'string' ? { id: itemId } : {};
  const common = { ...id, call_id: toolCallId, name: toolName };
  if (isCustom !== true)
    return [{ type: 'function_call', ...common, arguments: JSON.stringify(inputOf(call)) }];
  customCalls.add(toolCallId);
  return [{ type: 'custom_tool_call', ...common, input: inputText }];
}
