/** A conversation as messages of Chat Completions. Must not know: where the conversation was read, settings of the request. */
import { type Content, inputOf, type ModelMessage, type Turn, turnsOf } from '@sockudo/ai-transport/model';
import type OpenAI from 'openai';
import { isEmpty, type Json, listOf, objectOf } from './json.ts';

type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;

export interface ChatMessagesOptions {
  /** Field in which the model's reasoning is given back; some want it there while they use tools. Default: it is not. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | undefined;
}

/** @param conversation oldest first, as `history()` of a run gives it; what was cut off is repaired */
export function toChatMessages(
  conversation: readonly ModelMessage[],
  options: ChatMessagesOptions = {},
): OpenAI.ChatCompletionMessageParam[] {
  const messages = turnsOf(conversation).flatMap((turn) => messagesOf(turn, options));
  // CAST: fields of compatible servers are given back, which the types do not know.
  return messages as unknown as OpenAI.ChatCompletionMessageParam[];
}

function messagesOf(turn: Turn, options: ChatMessagesOptions): readonly Json[] {
  if (turn.role === 'tool')
    return turn.outputs.map(({ toolCallId, output }) => ({
      role: 'tool',
      tool_call_id: toolCallId,
      content: outputText(output),
    }));
  if (turn.role === 'assistant') return assistant(turn.content, options);
  if (turn.role === 'system') return [{ role: 'system', content: textIn(turn.content) }];
  return [{ role: 'user', content: userContent(turn.content) }];
}

export const outputText = (output: unknown): string =>
  typeof output === 'string' ? output : (JSON.stringify(output) ?? '');

const textIn = (content: readonly Content[]): string =>
  content.map((piece) => (piece.type === 'text' ? piece.text : '')).join('');

function userContent(content: readonly Content[]): string | readonly Json[] {
  if (content.every(({ type }) => type === 'text')) return textIn(content);
  return content.flatMap((piece): readonly Json[] => {
    if (piece.type === 'text') return [{ type: 'text', text: piece.text }];
    return piece.type === 'file' ? [filePart(piece)] : [];
  });
}

/** What is no picture and no sound is given as a file, whose content has to be in the URL. */
function filePart({ mediaType, url, filename = 'file' }: Piece<'file'>): Json {
  if (mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url } };
  const data = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1];
  if (mediaType.startsWith('audio/') && data !== undefined) {
    const format = /wav/.test(mediaType) ? 'wav' : 'mp3';
    return { type: 'input_audio', input_audio: { data, format } };
  }
  return { type: 'file', file: { filename, file_data: url } };
}

function assistant(content: readonly Content[], { reasoningField }: ChatMessagesOptions): readonly Json[] {
  const calls = content.filter((piece) => piece.type === 'tool-call' && !piece.providerExecuted);
  const text = textIn(content);
  if (text === '' && calls.length === 0) return [];
  const reasoning = content.filter((piece) => piece.type === 'reasoning');
  const details = reasoning.flatMap((piece) => listOf(objectOf(piece.metadata?.openai).reasoning_details));
  const thought = reasoning.map((piece) => piece.text).join('');
  return [
    {
      role: 'assistant',
      content: text === '' ? null : text,
      ...(details.length > 0 && { reasoning_details: details }),
      ...(reasoningField !== undefined && thought !== '' && { [reasoningField]: thought }),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => callOf(call as Piece<'tool-call'>)) }),
    },
  ];
}

function callOf(call: Piece<'tool-call'>): Json {
  const fields = objectOf(objectOf(call.metadata?.openai).fields);
  const { toolCallId, toolName } = call;
  return {
    ...(!isEmpty(fields) && fields),
    id: toolCallId,
    type: 'function',
    // Servers refuse what the model wrote where that is no JSON.
    function: { name: toolName, arguments: JSON.stringify(inputOf(call)) },
  };
}
