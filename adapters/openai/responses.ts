/**
 * One call of the Responses API, as events. What is made in the background outlives its stream: a connection that is lost is taken up
 * where it broke, and another process can attach to it.
 */
import { type ModelEvent, type ProviderCall, providerStream } from '@sockudo/ai-transport/model';
import type OpenAI from 'openai';
import type { OpenAIOptions } from './chat.ts';
import { toModelError } from './errors.ts';
import { numberOf, objectOf, textOf } from './json.ts';
import { ResponsesTranslator } from './responses-translator.ts';

/** The client of `openai` 6 or 7. */
export interface ResponsesClient {
  readonly responses: {
    create(body: never, options?: never): unknown;
    retrieve(id: string, query?: never, options?: never): unknown;
  };
}

/** As the package has them. `stream` is set. */
export type ResponsesParams = Omit<OpenAI.Responses.ResponseCreateParams, 'stream'>;

export interface AttachOptions extends OpenAIOptions {
  /** Sequence number of the last event that is known; absent: all events from the first on. */
  readonly startingAfter?: number | undefined;
}

interface RequestOptions {
  readonly signal: AbortSignal;
  readonly maxRetries: 0;
}

/** The methods of the package have many forms; these are the ones that are used. */
interface Methods {
  create(body: object, options: RequestOptions): PromiseLike<AsyncIterable<unknown>>;
  retrieve(id: string, query: object, options: RequestOptions): PromiseLike<AsyncIterable<unknown>>;
}

/** Asks nothing before it is read. With `background: true` a lost connection is taken up again, at most `retries` times. */
export function openaiResponses(
  client: ResponsesClient,
  params: ResponsesParams,
  { provider = 'openai', ...options }: OpenAIOptions = {},
): AsyncIterableIterator<ModelEvent, void, undefined> {
  const { retries = 2 } = options;
  const methods = methodsOf(client);
  const body = { ...params, stream: true };
  const open = async (signal: AbortSignal): Promise<AsyncIterable<unknown>> => {
    const first = await methods.create(body, { signal, maxRetries: 0 });
    return params.background === true ? takenUp(methods, first, { signal, retries }) : first;
  };
  return providerStream(callOf(provider, open), options);
}

/** The events of a response that is, or was, made in the background. */
export function attachOpenAIResponse(
  client: ResponsesClient,
  responseId: string,
  { provider = 'openai', startingAfter, ...options }: AttachOptions = {},
): AsyncIterableIterator<ModelEvent, void, undefined> {
  const { retries = 2 } = options;
  const methods = methodsOf(client);
  const open = async (signal: AbortSignal): Promise<AsyncIterable<unknown>> => {
    const query = queryOf(startingAfter);
    const first = await methods.retrieve(responseId, query, { signal, maxRetries: 0 });
    return takenUp(methods, first, { signal, retries, id: responseId, sequence: startingAfter });
  };
  return providerStream(callOf(provider, open), options);
}

const callOf = (provider: string, open: ProviderCall<unknown>['open']): ProviderCall<unknown> => ({
  open,
  translator: () => new ResponsesTranslator(provider),
  toError: toModelError,
});

// CAST: see there.
const methodsOf = ({ responses }: ResponsesClient): Methods => responses as unknown as Methods;

const queryOf = (sequence: number | undefined): object => ({
  stream: true,
  ...(sequence !== undefined && { starting_after: sequence }),
});

interface Progress {
  readonly signal: AbortSignal;
  readonly retries: number;
  readonly id?: string;
  readonly sequence?: number | undefined;
}

const TERMINAL: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
  'error',
]);

/** Events of one response over several connections, each once. */
async function* takenUp(
  methods: Methods,
  first: AsyncIterable<unknown>,
  { signal, retries, id: givenId, sequence: givenSequence }: Progress,
): AsyncGenerator<unknown> {
  let id = givenId;
  let sequence = givenSequence;
  let source: AsyncIterable<unknown> | null = first;
  let failures = 0;
  for (;;) {
    try {
      source ??= await methods.retrieve(id ?? '', queryOf(sequence), { signal, maxRetries: 0 });
      for await (const event of source) {
        const { type, response, sequence_number: number } = objectOf(event);
        id ??= textOf(objectOf(response).id);
        const next = numberOf(number);
        if (next !== undefined && next > (sequence ?? -1)) failures = 0;
        sequence = next ?? sequence;
        yield event;
        if (TERMINAL.has(type)) return;
      }
      if (id === undefined || failures >= retries) return;
    } catch (error) {
      if (signal.aborted || id === undefined || failures >= retries || !toModelError(error).isRetryable)
        throw error;
    }
    source = null;
    await pause(250 * 2 ** failures);
    failures += 1;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
