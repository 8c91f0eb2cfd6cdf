/** One call of the Messages API, by the client package. Must not know: what its events mean (events.ts), what becomes of them. */
import type Anthropic from '@anthropic-ai/sdk';
import { Stream } from '@anthropic-ai/sdk/core/streaming';
import {
  ModelError,
  type ModelEvent,
  type ProviderOptions,
  providerStream,
} from '@sockudo/ai-transport/model';
import { toModelError } from './errors.ts';
import { MessageReader } from './events.ts';

/** An `Anthropic`, its `beta`, or a client of another cloud that has the same `messages`. */
export interface MessagesClient {
  readonly messages: {
    create(
      params: Anthropic.MessageCreateParamsStreaming,
      options: { readonly signal: AbortSignal; readonly maxRetries: number },
    ): { asResponse(): Promise<Response> };
  };
}

export type MessageParams = Omit<Anthropic.MessageCreateParamsStreaming, 'stream'>;

/**
 * Asks for a message, and tells what comes of it. Nothing is asked before the first read; `return()` lets go of the provider.
 * @param client its own retries are not used: `options.retries` counts
 * @throws TypeError for wrong options; while it is read ModelError, or what `options.signal` was aborted with
 */
export function anthropicMessages(
  client: MessagesClient,
  params: MessageParams,
  options: ProviderOptions = {},
): AsyncIterableIterator<ModelEvent, void, undefined> {
  const open = async (signal: AbortSignal): Promise<AsyncIterable<unknown>> => {
    const request = client.messages.create({ ...params, stream: true }, { signal, maxRetries: 0 });
    return eventsOf(await request.asResponse());
  };
  return providerStream<unknown>(
    { open, translator: () => new MessageReader(), toError: toModelError },
    options,
  );
}

/** All events, also the pings that the package keeps to itself: while they come, the provider is there. */
async function* eventsOf(response: Response): AsyncGenerator<unknown> {
  for await (const { event, data } of Stream.rawEvents(response)) {
    if (event === 'ping') yield { type: 'ping' };
    else if (data !== '') yield parsed(data);
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new ModelError('provider_error', `The stream holds what is no event: ${data.slice(0, 200)}`, {
      cause,
    });
  }
}
