/** One call of Chat Completions, as events. */
import { type ModelEvent, type ProviderOptions, providerStream } from '@sockudo/ai-transport/model';
import type OpenAI from 'openai';
import { ChatTranslator } from './chat-translator.ts';
import { toModelError } from './errors.ts';

/** The client of `openai` 6 or 7, with whatever base URL. */
export interface ChatClient {
  readonly chat: { readonly completions: { create(body: never, options?: never): unknown } };
}

/** As the package has them. `stream` is set; `stream_options.include_usage` is true unless it is given. */
export type ChatParams = Omit<OpenAI.ChatCompletionCreateParams, 'stream' | 'n'>;

export interface OpenAIOptions extends ProviderOptions {
  /** What the provider is called in events. Default `openai`. */
  readonly provider?: string | undefined;
}

type Create = (
  body: object,
  options: { readonly signal: AbortSignal; readonly maxRetries: 0 },
) => PromiseLike<AsyncIterable<unknown>>;

/** Asks nothing before it is read. See `providerStream` for errors. */
export function openaiChat(
  client: ChatClient,
  params: ChatParams,
  { provider = 'openai', ...options }: OpenAIOptions = {},
): AsyncIterableIterator<ModelEvent, void, undefined> {
  const { completions } = client.chat;
  // CAST: the methods of the package have many forms; this is the one that is used.
  const create = completions.create.bind(completions) as unknown as Create;
  const body = { stream_options: { include_usage: true }, ...params, stream: true };
  return providerStream(
    {
      open: async (signal) => create(body, { signal, maxRetries: 0 }),
      translator: () => new ChatTranslator(provider),
      toError: toModelError,
    },
    options,
  );
}
