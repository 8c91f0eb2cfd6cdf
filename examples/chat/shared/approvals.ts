// What backend and worker agree on about calls that wait for their user: which they are, and the tokens of the buttons that answer them.
// Not for the page: it has no secret.
import { createHmac } from 'node:crypto';
import { AnswerTokens, type ConversationMessage } from '@sockudo/ai-transport/agent';
import { contentOf, type ToolCallContent } from '@sockudo/ai-transport/model';

export interface WaitingCall extends ToolCallContent {
  readonly approvalId: string;
}

/** Calls of a run that nobody has answered, oldest first. */
export function waitingCalls(
  conversation: readonly ConversationMessage[],
  runId: string,
): readonly WaitingCall[] {
  const calls = new Map<string, ToolCallContent>();
  const waiting = new Map<string, WaitingCall>();
  for (const message of conversation.filter((one) => one.runId === runId)) {
    for (const piece of contentOf(message)) {
      if (piece.type === 'tool-call' && !message.isInput) calls.set(piece.toolCallId, piece);
      const call = 'toolCallId' in piece ? calls.get(piece.toolCallId) : undefined;
      if (call === undefined) continue;
      if (piece.type === 'tool-approval-request' && !message.isInput)
        waiting.set(call.toolCallId, { ...call, approvalId: piece.approvalId });
      if (piece.type === 'tool-approval-response' || piece.type === 'tool-output')
        waiting.delete(call.toolCallId);
    }
  }
  return [...waiting.values()];
}

/** @param address `http://KEY:SECRET@HOST:PORT/apps/APP_ID`. Not its secret itself: that signs other tokens, too */
export function answerTokens(address: string): AnswerTokens {
  const secret = decodeURIComponent(new URL(address).password);
  return new AnswerTokens({ secrets: [createHmac('sha256', secret).update('chat answers').digest('hex')] });
}
