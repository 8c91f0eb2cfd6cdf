/** A whole answer in one call: history, model, tools and the run's messages. */
import type { Run, RunContext } from '@sockudo/ai-transport/agent';
import {
  type AskContext,
  type ModelEvent,
  type ModelMessage,
  type ModelTools,
  type RunToolsOptions,
  type RunToolsResult,
  runTools,
} from '@sockudo/ai-transport/model';
import { type ChatClient, type ChatParams, type OpenAIOptions, openaiChat } from './chat.ts';
import { type ChatMessagesOptions, toChatMessages } from './chat-messages.ts';
import { toModelError } from './errors.ts';
import { objectOf } from './json.ts';
import {
  attachOpenAIResponse,
  openaiResponses,
  type ResponsesClient,
  type ResponsesParams,
} from './responses.ts';
import { toResponsesInput } from './responses-input.ts';

interface Common
  extends Omit<RunToolsOptions, 'ask' | 'prepare'>,
    Omit<OpenAIOptions, 'signal'>,
    ChatMessagesOptions {
  readonly model: string;
  /** What the model is told before anything else. */
  readonly instructions?: string | undefined;
}

export interface ChatAnswerOptions extends Common {
  readonly client: ChatClient;
  /** Default. Works with every compatible server. */
  readonly api?: 'chat' | undefined;
  /** Further parameters of the request. */
  readonly params?: Partial<Omit<ChatParams, 'messages' | 'tools' | 'model'>> | undefined;
}

export interface ResponsesAnswerOptions extends Common {
  readonly client: ResponsesClient;
  readonly api: 'responses';
  /**
   * Further parameters of the request. With `background: true` the provider goes on when a worker dies, and the one that takes over
   * attaches to what is being made. `tools` are those that the provider runs.
   */
  readonly params?: Partial<Omit<ResponsesParams, 'input' | 'model' | 'instructions'>> | undefined;
}

/**
 * Answers the input of a run: give it to a worker as `(run, context) => answerWithOpenAI(run, context, { client, model })`. See
 * `runTools` for tools, and for what it resolves with.
 * @throws ModelError, AgentError
 */
export function answerWithOpenAI(
  run: Run,
  context: Pick<RunContext, 'history'> & Partial<Pick<RunContext, 'record'>>,
  options: ChatAnswerOptions | ResponsesAnswerOptions,
): Promise<RunToolsResult> {
  const how = options.api === 'responses' ? byResponses(run, options) : { ask: byChat(options) };
  return runTools(run, context, { ...options, ...how });
}

const byChat =
  (options: ChatAnswerOptions): RunToolsOptions['ask'] =>
  (conversation, { signal }) => {
    const { client, model, instructions, tools = {}, params } = options;
    const system = instructions === undefined ? [] : [{ role: 'system' as const, content: instructions }];
    const messages = [...system, ...toChatMessages(conversation, options)];
    const offered = chatTools(tools);
    const body = { ...params, model, messages, ...(offered.length > 0 && { tools: offered }) };
    // CAST: the parameters of an application may be partial where the types want pairs.
    return openaiChat(client, body as ChatParams, { ...options, signal });
  };

const chatTools = (tools: ModelTools) =>
  Object.entries(tools).map(([name, { description, schema }]) => ({
    type: 'function' as const,
    function: { name, ...(description !== undefined && { description }), parameters: { ...schema } },
  }));

function byResponses(run: Run, options: ResponsesAnswerOptions): Pick<RunToolsOptions, 'ask' | 'prepare'> {
  const { client, params } = options;
  if (params?.background !== true)
    return {
      ask: (conversation, { signal }) =>
        openaiResponses(client, requestOf(conversation, options), { ...options, signal }),
    };
  return {
    prepare: (conversation, context) => begin(conversation, context, options),
    ask: (_, { signal, prepared }) => attached(run, String(prepared), options, signal),
  };
}

function requestOf(conversation: readonly ModelMessage[], options: ResponsesAnswerOptions): ResponsesParams {
  const { model, instructions, tools = {}, params } = options;
  const own = Object.entries(tools).map(([name, { description, schema }]) => ({
    type: 'function' as const,
    name,
    ...(description !== undefined && { description }),
    parameters: { ...schema },
    strict: false,
  }));
  const offered = [...(params?.tools ?? []), ...own];
  const input = toResponsesInput(conversation, { isStored: params?.store !== false });
  const body = { ...params, model, instructions, input, ...(offered.length > 0 && { tools: offered }) };
  // CAST: see above.
  return body as ResponsesParams;
}

/** Asks for an answer that is made without anybody listening; its id. */
async function begin(
  conversation: readonly ModelMessage[],
  { signal }: AskContext,
  options: ResponsesAnswerOptions,
): Promise<string> {
  // CAST: one of the forms of the package's method.
  const { responses } = options.client as unknown as { responses: { create(...args: unknown[]): unknown } };
  const { retries = 2 } = options;
  try {
    const made = await responses.create(requestOf(conversation, options), { signal, maxRetries: retries });
    return String(objectOf(made).id);
  } catch (error) {
    throw toModelError(error);
  }
}

/** A run that is cancelled cancels what is made for it: it would go on, and be paid. */
async function* attached(
  run: Run,
  id: string,
  options: ResponsesAnswerOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const cancel = (): void => {
    if (!run.isCancelled) return;
    // CAST: as above; a client that has no such method cancels nothing.
    const { responses } = options.client as unknown as {
      responses: { cancel?(id: string): PromiseLike<unknown> };
    };
    void Promise.resolve(responses.cancel?.(id)).catch(() => {});
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    yield* attachOpenAIResponse(options.client, id, { ...options, signal });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
