/** What people answer to calls that wait for them. Must not know: what is done with it. */
import type { ConversationMessage } from '../agent/history.ts';
import type { Content } from './content.ts';
import { contentOf } from './read-content.ts';
import { type ModelTools, toolOf } from './tools.ts';
import type { ModelMessage } from './turns.ts';

export type Approval = Extract<Content, { readonly type: 'tool-approval-response' }>;

export interface AnswersOptions {
  readonly runId: string;
  readonly tools: ModelTools;
  /** Whether its author may answer for the run. */
  readonly mayAnswer: (message: ConversationMessage) => boolean;
}

/**
 * The conversation as far as it may be believed: answers of those who may give them, and results only of tools that the application
 * does not run itself. Anybody in a channel may write an input.
 */
export function believed(
  conversation: readonly ConversationMessage[],
  { tools, mayAnswer }: Pick<AnswersOptions, 'tools' | 'mayAnswer'>,
): readonly ModelMessage[] {
  const read = conversation.map((message) => ({ message, content: contentOf(message) }));
  const names = new Map<string, string>();
  for (const { message, content } of read)
    for (const piece of message.isInput ? [] : content)
      if (piece.type === 'tool-call') names.set(piece.toolCallId, piece.toolName);
  const isBelieved = (message: ConversationMessage, piece: Content): boolean => {
    if (piece.type === 'tool-approval-response') return mayAnswer(message);
    if (piece.type !== 'tool-output') return true;
    const tool = toolOf(tools, names.get(piece.toolCallId) ?? '');
    return mayAnswer(message) && tool !== undefined && tool.execute === undefined;
  };
  return read.map(({ message, content }) => ({
    role: message.role,
    content: message.isInput ? content.filter((piece) => isBelieved(message, piece)) : content,
  }));
}

/** By call; the newest counts. */
export function approvalsIn(conversation: readonly ModelMessage[]): ReadonlyMap<string, Approval> {
  const found = new Map<string, Approval>();
  for (const message of conversation)
    for (const piece of 'content' in message ? message.content : contentOf(message))
      if (piece.type === 'tool-approval-response') found.set(piece.toolCallId, piece);
  return found;
}

/** The run goes on with something new that its user said, and not with an answer to a call. */
export function isNewMessage(message: ConversationMessage | undefined): boolean {
  if (message === undefined || !message.isInput) return false;
  return contentOf(message).some(({ type }) => type === 'text' || type === 'file');
}
