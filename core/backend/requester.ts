// Calls of routes whose answers are known: sends, repeats where that is safe, reads the JSON and checks it. What routes there are
// and what they mean is known to the modules that use it.
import { type Page, pageOf } from '@sockudo/protocol';
import type { Configuration } from './configuration.ts';
import { withRetries } from './retry.ts';
import type { QueryParams } from './signed-query.ts';
import { type AppRequest, sendOnce } from './transport.ts';

export interface Call<Answer> {
  /** Below `/apps/APP_ID`; segments percent-encoded. */
  readonly path: string;
  readonly params?: QueryParams | undefined;
  readonly headers?: AppRequest['headers'];
  readonly isAnswer: (value: unknown) => value is Answer;
}

export interface ChangeCall<Answer> extends Call<Answer> {
  /** Sent as its JSON text. */
  readonly body: object;
  /** True: doing it twice is doing it once, so that every retryable failure is repeated. */
  readonly isIdempotent: boolean;
}

/** Each rejects with a SockudoRequestError, or with an Error for an answer of unknown form. */
export interface Requester {
  read<Answer>(call: Call<Answer>): Promise<Answer>;
  change<Answer>(call: ChangeCall<Answer>): Promise<Answer>;
  /** Repeated like a read. */
  remove<Answer>(call: Call<Answer>): Promise<Answer>;
  /** As `remove`, of a route that answers with nothing. */
  discard(call: Omit<Call<never>, 'isAnswer'>): Promise<void>;
}

export function createRequester(config: Configuration): Requester {
  const send = async <Answer>(
    request: AppRequest,
    isIdempotent: boolean,
    isAnswer: Call<Answer>['isAnswer'],
  ) => {
    const rules = { maxAttempts: config.maxAttempts, isIdempotent };
    const response = await withRetries(rules, () => sendOnce(config, request));
    const value: unknown = await response.json();
    if (!isAnswer(value)) throw new Error(`The server's answer to ${request.path} has an unknown form`);
    return value;
  };
  return {
    read: ({ path, params, headers, isAnswer }) =>
      send({ method: 'GET', path, params, headers }, true, isAnswer),
    change: ({ path, params, headers, body, isIdempotent, isAnswer }) =>
      send({ method: 'POST', path, params, headers, body: JSON.stringify(body) }, isIdempotent, isAnswer),
    remove: ({ path, params, headers, isAnswer }) =>
      send({ method: 'DELETE', path, params, headers }, true, isAnswer),
    async discard({ path, params, headers }) {
      const rules = { maxAttempts: config.maxAttempts, isIdempotent: true };
      await withRetries(rules, () => sendOnce(config, { method: 'DELETE', path, params, headers }));
    },
  };
}

/**
 * Reads a page of a list.
 * @param nextParams what to ask for differently to get the next page; null after the last
 */
export async function readPage<Answer extends { readonly items: readonly Item[] }, Item>(
  requester: Requester,
  call: Call<Answer>,
  nextParams: (answer: Answer) => QueryParams | null,
): Promise<Page<Answer, Item>> {
  const answer = await requester.read(call);
  const next = nextParams(answer);
  if (next === null) return pageOf<Answer, Item>(answer, null);
  const nextCall = { ...call, params: { ...call.params, ...next } };
  return pageOf<Answer, Item>(answer, () => readPage(requester, nextCall, nextParams));
}

/** The next page of lists that continue with `cursor`. */
export function nextCursorOf(answer: {
  readonly has_more: boolean;
  readonly next_cursor?: string | null | undefined;
}): QueryParams | null {
  const { has_more: hasMore, next_cursor: cursor = null } = answer;
  return hasMore && cursor !== null ? { cursor } : null;
}
