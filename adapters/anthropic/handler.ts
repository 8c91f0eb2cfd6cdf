/** Answers runs with Anthropic's models, and with tools. Must not know: how runs are got, how the loop goes (runTools). */
import type Anthropic from '@anthropic-ai/sdk';
import type { RunHandler } from '@sockudo/ai-transport/agent';
import {
  type ModelTools,
  type ProviderOptions,
  type RunToolsOptions,
  runTools,
} from '@sockudo/ai-transport/model';
import { toAnthropicMessages } from './messages.ts';
import { anthropicMessages, type MessageParams, type MessagesClient } from './stream.ts';

export interface AnthropicHandlerOptions
  extends Omit<RunToolsOptions, 'ask'>,
    Omit<ProviderOptions, 'signal'> {}

/**
 * A handler for `createWorker` or `session.handle`. Each run is answered from the conversation that leads to it; what the model calls is run,
 * and told to it, until it has no more calls.
 * @param params of every request; `messages` come first, as examples; tools of Anthropic's own stand in `tools`
 */
export function anthropicHandler(
  client: MessagesClient,
  params: Omit<MessageParams, 'messages'> & Partial<Pick<MessageParams, 'messages'>>,
  { retries, stallTimeoutMs, ...options }: AnthropicHandlerOptions = {},
): RunHandler {
  const tools = [...(params.tools ?? []), ...toAnthropicTools(options.tools ?? {})];
  return async (run, context) => {
    await runTools(run, context, {
      ...options,
      ask: (conversation, { signal }) => {
        const { system, messages } = toAnthropicMessages(conversation);
        const request: MessageParams = {
          ...params,
          ...(tools.length > 0 && { tools }),
          ...withSystem(params.system, system),
          messages: [...(params.messages ?? []), ...messages],
        };
        return anthropicMessages(client, request, { retries, stallTimeoutMs, signal });
      },
    });
  };
}

/** The same tools as a request has them. */
export const toAnthropicTools = (tools: ModelTools): Anthropic.Tool[] =>
  Object.entries(tools).map(([name, { description, schema }]) => ({
    name,
    ...(description !== undefined && { description }),
    // CAST: the application's own JSON Schema of an object.
    input_schema: schema as unknown as Anthropic.Tool.InputSchema,
  }));

/** The application's own words first: they may be cached. */
function withSystem(own: MessageParams['system'], said: string | undefined): Pick<MessageParams, 'system'> {
  if (said === undefined) return own === undefined ? {} : { system: own };
  const before = typeof own === 'string' ? [{ type: 'text', text: own } as const] : (own ?? []);
  return { system: [...before, { type: 'text', text: said }] };
}
