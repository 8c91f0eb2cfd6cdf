/** A handler of runs that answers with the AI SDK. */
import {
  type ConversationMessage,
  FatalRunError,
  type Run,
  type RunContext,
  type RunHandler,
} from '@sockudo/ai-transport/agent';
import { ModelError } from '@sockudo/ai-transport/model';
import type { ModelMessage, ToolSet } from 'ai';
import { pendingCalls, toModelMessages } from './conversation.ts';
import { type PipeResultOptions, pipeResult, type StreamResult } from './pipe-result.ts';

/** What a model is asked with. */
export interface Question {
  readonly run: Run;
  readonly context: RunContext;
  readonly conversation: readonly ConversationMessage[];
  /** The conversation for the model, the input last. */
  readonly messages: ModelMessage[];
  /** Give it to `streamText` as `abortSignal`. */
  readonly signal: AbortSignal;
}

/**
 * A handler for `createWorker` and `session.handle`: reads the conversation, asks, writes what comes. While calls of tools wait for somebody
 * the model is not asked, and the run is suspended. An error that is no use to try again ends the run with its code.
 * @param ask calls `streamText`, or an agent's `stream`
 */
export function answerWith(
  ask: (question: Question) => StreamResult | PromiseLike<StreamResult>,
  options: PipeResultOptions & { readonly tools?: ToolSet | undefined } = {},
): RunHandler {
  return async (run, context) => {
    const conversation = await context.history();
    if (pendingCalls(conversation).length > 0) return run.suspend();
    const { tools } = options;
    const messages = await toModelMessages(conversation, tools === undefined ? {} : { tools });
    const question = { run, context, conversation, messages, signal: run.signal };
    try {
      return await pipeResult(run, await ask(question), {
        codecMessageId: answerOf(run, conversation),
        ...options,
      });
    } catch (error) {
      if (error instanceof ModelError && !error.isRetryable) throw fatal(error);
      throw error;
    }
  };
}

/** A run that goes on after a wait goes on with its message. */
function answerOf({ runId }: Run, conversation: readonly ConversationMessage[]): string | undefined {
  return conversation.findLast((message) => message.role === 'assistant' && message.runId === runId)?.id;
}

/** What providers say is not for everybody in the session. */
const fatal = (error: ModelError): FatalRunError =>
  new FatalRunError(error.code, TEXTS[error.code] ?? 'The model gave no answer.', { cause: error });

const TEXTS: Readonly<Record<string, string>> = {
  authentication: 'The model refused the key.',
  context_length: 'The conversation is longer than the model takes.',
  content_filter: 'The model’s filter stopped the answer.',
  invalid_request: 'The model refused the request.',
};
