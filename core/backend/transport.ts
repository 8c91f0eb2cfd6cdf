// One signed HTTP attempt: builds the address, sends it through fetch, reads the whole answer and turns everything that is
// not a 2xx into a SockudoRequestError. Knows nothing of retries or of what the routes mean.
import type { Configuration } from './configuration.ts';
import { SockudoRequestError } from './errors.ts';
import { retryAfterMs } from './retry.ts';
import { createSignedQuery, isAuthParam, type QueryParams } from './signed-query.ts';
import { VERSION } from './version.ts';

/** A request to one app. */
export interface AppRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Begins with `/` and follows `/apps/APP_ID`; segments already percent-encoded, no query. */
  readonly path: string;
  readonly params?: QueryParams | undefined;
  /** JSON text; only for POST. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Most bytes of an answer that are read; the largest pages of the server stay far below. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/**
 * Sends the request once. The answer is read before this resolves, so that the connection is free for the next request
 * even if the caller never looks at the body. Redirects are not followed: the signature is meant for one address.
 */
export async function sendOnce(config: Configuration, request: AppRequest): Promise<Response> {
  const { address, shownAddress, signature } = addressOf(config, request);
  // The time-out's error has this signal's reason, which tells it from a network failure.
  const timeout = AbortSignal.timeout(config.timeoutMs);
  const { signal } = request;
  let response: Response;
  let body: ArrayBuffer;
  try {
    response = await config.fetch(address, {
      method: request.method,
      headers: headersOf(request),
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    body = await readBody(response);
  } catch (error) {
    throw new SockudoRequestError(
      timeout.aborted ? `Request timed out after ${config.timeoutMs} ms` : 'Request failed with an error',
      {
        url: shownAddress,
        cause: error instanceof Error ? error : new Error(String(error)),
        isRetryable: !timeout.aborted && signal?.aborted !== true && !(error instanceof ResponseTooLarge),
      },
    );
  }
  if (!response.ok) throw statusError(response, body, shownAddress, signature);
  const isEmptyByRule = response.status === 204 || response.status === 205;
  return new Response(isEmptyByRule ? null : body, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}

class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';
}

/** Where a request goes. */
export interface SignedAddress {
  readonly address: string;
  /** The same without its signature: for errors. */
  readonly shownAddress: string;
  readonly signature: string;
}

export function addressOf(config: Configuration, request: AppRequest): SignedAddress {
  if (!request.path.startsWith('/') || /[?#]/.test(request.path)) {
    throw new TypeError("path must begin with '/' and hold no query; give parameters as params");
  }
  const url = new URL(`${config.origin}${config.appPath}${request.path}`);
  // `..` may not lead to another app, and what is signed must be what fetch will send after its own normalisation.
  if (!url.pathname.startsWith(`${config.appPath}/`)) throw new TypeError('path must stay below the app');
  const query = createSignedQuery(config.token, { ...request, path: url.pathname });
  const plainQuery = query
    .split('&')
    .filter((pair) => !isAuthParam(pair.slice(0, pair.indexOf('='))))
    .join('&');
  return {
    address: `${url.origin}${url.pathname}?${query}`,
    shownAddress: `${url.origin}${url.pathname}${plainQuery === '' ? '' : `?${plainQuery}`}`,
    signature: query.slice(query.lastIndexOf('=') + 1),
  };
}

/** The headers of a request, and who sends it. */
export function libraryHeaders(given: AppRequest['headers']): Headers {
  const headers = new Headers(given);
  headers.set('x-pusher-library', `sockudo-http-node ${VERSION}`);
  return headers;
}

function headersOf(request: AppRequest): Headers {
  const headers = libraryHeaders(request.headers);
  if (request.body !== undefined) headers.set('content-type', 'application/json');
  return headers;
}

/** The whole body, within bounds. */
export async function readBody(response: Response): Promise<ArrayBuffer> {
  if (response.body === null) return new ArrayBuffer(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_RESPONSE_BYTES)
      throw new ResponseTooLarge(`Answer is larger than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole.buffer;
}

/** What a status from 300 on becomes. */
export function statusError(
  response: Response,
  body: ArrayBuffer,
  url: string,
  signature: string,
): SockudoRequestError {
  const waitMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
  return new SockudoRequestError(`Unexpected status code ${response.status}`, {
    url,
    status: response.status,
    // Pusher-like servers quote the signature they refused.
    body: new TextDecoder().decode(body).replaceAll(signature, '[signature]'),
    isRetryable: response.status === 429 || response.status >= 500,
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}
