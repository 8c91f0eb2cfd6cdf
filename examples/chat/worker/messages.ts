// From what stands in the channel to messages of Chat Completions: texts, and calls of tools with their results.
import type { ConversationMessage } from '@sockudo/ai-transport/agent';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import type OpenAI from 'openai';

/** A message as history gives it, or by its pieces. */
export type GivenMessage =
  | Pick<ConversationMessage, 'role' | 'parts'>
  | { readonly role: string; readonly content: readonly Content[] };

type ChatMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type Call = Extract<Content, { readonly type: 'tool-call' }>;

export function toChatMessages(conversation: readonly GivenMessage[]): ChatMessage[] {
  const messages = conversation.map((message) => ({
    role: message.role,
    content: 'content' in message ? message.content : contentOf(message),
  }));
  const outputs = new Map<string, string>();
  for (const content of messages.flatMap((message) => message.content))
    if (content.type === 'tool-output') outputs.set(content.toolCallId, textOf(content.output));
  return messages.flatMap(({ role, content }) => {
    const text = content.map((piece) => (piece.type === 'text' ? piece.text : '')).join('');
    if (role === 'user') return text === '' ? [] : [{ role: 'user' as const, content: text }];
    const calls = content.filter((piece) => piece.type === 'tool-call' && piece.isComplete);
    return [
      ...(calls.length > 0 ? called(calls as Call[], outputs) : []),
      ...(text === '' ? [] : [{ role: 'assistant' as const, content: text }]),
    ];
  });
}

/** Every call needs a result, also one that was cut off. */
function called(calls: readonly Call[], outputs: ReadonlyMap<string, string>): ChatMessage[] {
  const tool_calls = calls.map(({ toolCallId: id, toolName: name, inputText }) => ({
    ...{ id, type: 'function' as const },
    function: { name, arguments: inputText },
  }));
  const results = calls.map(({ toolCallId }) => ({
    role: 'tool' as const,
    tool_call_id: toolCallId,
    content: outputs.get(toolCallId) ?? 'The call was interrupted.',
  }));
  return [{ role: 'assistant', content: null, tool_calls }, ...results];
}

const textOf = (output: unknown): string => (typeof output === 'string' ? output : JSON.stringify(output));
