/** Everything the entry offers, by name. */
export { answerWith, type Question } from './answer-with.ts';
export { type ConversationOptions, pendingCalls, toModelMessages, toUIMessages } from './conversation.ts';
export type { PendingCall } from './pending.ts';
export { type PipeUIMessageOptions, type PipeUIMessageResult, pipeUIMessageStream } from './pipe.ts';
export { type PipeResult, type PipeResultOptions, pipeResult, type StreamResult } from './pipe-result.ts';
