/** A handler of runs that answers with the AI SDK. */
import type { ConversationMessage, Run, RunContext, RunHandler } from '@sockudo/ai-transport/agent';
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
 * the model is not asked, and the run is suspended.
 * @param ask calls `streamText`, or an agent's `stream`
 */
export function answerWith<Tools extends ToolSet = ToolSet>(
  ask: (question: Question) => StreamResult<Tools> | PromiseLike<StreamResult<Tools>>,
  options: PipeResultOptions<Tools> = {},
): RunHandler {
  return async (run, context) => {
    const conversation = await context.history();
    const { tools } = options;
    const known = tools === undefined ? {} : { tools };
    if (pendingCalls(conversation, known).length > 0) return run.suspend();
    const messages = await toModelMessages(conversation, known);
    const question = { run, context, conversation, messages, signal: run.signal };
    return pipeResult(run, await ask(question), {
      codecMessageId: answerOf(run, conversation),
      ...options,
    });
  };
}

/** A run that goes on after a wait goes on with its message. */
function answerOf({ runId }: Run, conversation: readonly ConversationMessage[]): string | undefined {
  return conversation.findLast((message) => message.role === 'assistant' && message.runId === runId)?.id;
}
