/** From a result of `streamText`, or of an agent of the AI SDK's, to a message of a run. */
import type { Run } from '@sockudo/ai-transport/agent';
import type { ModelUsage } from '@sockudo/ai-transport/model';
import {
  type LanguageModelUsage,
  type TextStreamPart,
  type ToolSet,
  toUIMessageStream,
  type UIMessage,
} from 'ai';
import { type PipeUIMessageOptions, type PipeUIMessageResult, pipeUIMessageStream } from './pipe.ts';

/** What it needs of a result; `streamText` and `agent.stream` give one. */
export interface StreamResult<Tools extends ToolSet = ToolSet> {
  readonly stream: ReadableStream<TextStreamPart<Tools>>;
  readonly totalUsage: PromiseLike<LanguageModelUsage>;
}

type StreamOptions<Tools extends ToolSet> = Parameters<typeof toUIMessageStream<Tools, UIMessage>>[0];

export interface PipeResultOptions<Tools extends ToolSet = ToolSet>
  extends Omit<PipeUIMessageOptions, 'errorOf'>,
    Pick<StreamOptions<Tools>, 'sendReasoning' | 'sendSources' | 'messageMetadata'> {
  readonly tools?: Tools | undefined;
}

export interface PipeResult extends PipeUIMessageResult {
  /** Tokens of all steps; absent where the model was stopped. */
  readonly usage: ModelUsage | undefined;
}

/**
 * Writes the result into one message of the run, with its usage (`metadata.usage` of the message). Give `streamText` the run's signal.
 * @throws ModelError, AgentError, as `pipeUIMessageStream`
 */
export async function pipeResult<Tools extends ToolSet = ToolSet>(
  run: Run,
  result: StreamResult<Tools>,
  {
    tools,
    sendReasoning = true,
    sendSources = true,
    messageMetadata,
    ...options
  }: PipeResultOptions<Tools> = {},
): Promise<PipeResult> {
  let failure: unknown;
  const stream = toUIMessageStream<Tools, UIMessage>({
    stream: result.stream,
    ...{ sendReasoning, sendSources },
    ...(tools !== undefined && { tools }),
    ...(messageMetadata !== undefined && { messageMetadata }),
    // Whoever watches is shown the run's error, and never a provider's own text.
    redactToolErrors: false,
    onError: (error) => {
      failure ??= error;
      return 'An error occurred.';
    },
  });
  const usage = withoutFailure(result.totalUsage);
  const { suspend = true, ...piping } = options;
  const piped = await pipeUIMessageStream(run, stream, { ...piping, suspend: false, errorOf: () => failure });
  const told = piped.status === 'cancelled' ? undefined : usageOf(await usage);
  if (told !== undefined) {
    const data = { type: 'message-metadata', messageMetadata: { usage: told } };
    await run.output('message-metadata', data, { codecMessageId: options.codecMessageId });
  }
  if (piped.status !== 'complete' || piped.pending.length === 0 || !suspend) return { ...piped, usage: told };
  await run.suspend();
  return { ...piped, status: 'suspended', usage: told };
}

const withoutFailure = async <Value>(value: PromiseLike<Value>): Promise<Value | undefined> => {
  try {
    return await value;
  } catch {
    // The stream has told it.
    return undefined;
  }
};

/** What nobody counted is left out. */
function usageOf(usage: LanguageModelUsage | undefined): ModelUsage | undefined {
  if (usage === undefined) return undefined;
  const { inputTokens, outputTokens, totalTokens, inputTokenDetails, outputTokenDetails } = usage;
  const counted = {
    inputTokens,
    outputTokens,
    totalTokens,
    cachedInputTokens: inputTokenDetails?.cacheReadTokens,
    reasoningTokens: outputTokenDetails?.reasoningTokens,
  };
  const known = Object.entries(counted).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
