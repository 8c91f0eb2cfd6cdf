/** Errors of Anthropic's and of its client package as model errors. Must not know: who retries. */
import { ModelError, type ModelErrorCode } from '@sockudo/ai-transport/model';
import { isObject, type JsonMap, textOf } from './json.ts';

const BY_TYPE: Readonly<Record<string, ModelErrorCode>> = {
  rate_limit_error: 'rate_limited',
  overloaded_error: 'overloaded',
  authentication_error: 'authentication',
  permission_error: 'authentication',
  billing_error: 'authentication',
  invalid_request_error: 'invalid_request',
  not_found_error: 'invalid_request',
  request_too_large: 'invalid_request',
};

const BY_STATUS: Readonly<Record<number, ModelErrorCode>> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'authentication',
  403: 'authentication',
  404: 'invalid_request',
  413: 'invalid_request',
  422: 'invalid_request',
  429: 'rate_limited',
  503: 'overloaded',
  529: 'overloaded',
};

/** The API says this by words only. */
const TOO_LONG = /prompt is too long|context (?:window|limit|length)|exceed\w* .*context/i;

/** An error event inside a stream: `{ type: 'error', error: { type, message } }`. */
export function reportedError(event: JsonMap): ModelError {
  const { type, message } = isObject(event.error) ? event.error : {};
  return errorOf(textOf(type), undefined, textOf(message), event, undefined);
}

/** Anything that a request, or reading its answer, was rejected with. */
export function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  if (!(cause instanceof Error)) return new ModelError('provider_error', 'The request failed', { cause });
  const { status, type, headers, name } = cause as {
    status?: unknown;
    type?: unknown;
    headers?: unknown;
    name: string;
  };
  const isOfApi = typeof status === 'number' || typeof type === 'string';
  // What the package could not read is a line that was cut off, or a server that is none of Anthropic's.
  if (!isOfApi && name === 'SyntaxError')
    return new ModelError('connection', 'The stream holds what is no event', { cause });
  if (!isOfApi) return new ModelError('connection', cause.message, { cause });
  const httpStatus = typeof status === 'number' ? status : undefined;
  return errorOf(textOf(type), httpStatus, cause.message, cause, retryAfterOf(headers));
}

function errorOf(
  type: string,
  status: number | undefined,
  message: string,
  cause: unknown,
  retryAfterMs: number | undefined,
): ModelError {
  const code = BY_TYPE[type] ?? (status === undefined ? undefined : BY_STATUS[status]) ?? 'provider_error';
  const isOfServer = type === 'api_error' || type === 'timeout_error' || (status ?? 0) >= 500;
  return new ModelError(
    code === 'invalid_request' && TOO_LONG.test(message) ? 'context_length' : code,
    message === '' ? type || 'The provider reported an error' : message,
    { cause, status, retryAfterMs, ...(code === 'provider_error' && { isRetryable: isOfServer }) },
  );
}

/** Milliseconds, from seconds or a date; absent where the header says nothing that can be waited for. */
function retryAfterOf(headers: unknown): number | undefined {
  if (!(headers instanceof Headers)) return undefined;
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (exact >= 0) return exact;
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const seconds = Number(text);
  const waitMs = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return waitMs >= 0 ? waitMs : undefined;
}
