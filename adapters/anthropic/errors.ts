/** Errors of Anthropic's and of its client package as model errors. Must not know: who retries. */
import { httpError, ModelError, type ModelErrorCode } from '@sockudo/ai-transport/model';
import { isObject, type JsonMap, textOf } from './json.ts';

/** Where the type says more than the status, or stands alone: in a stream. */
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

/** The API says this by words only. */
const TOO_LONG = /prompt is too long|context (?:window|limit|length)|exceed\w* .*context/i;

/** An error event inside a stream: `{ type: 'error', error: { type, message } }`. */
export function reportedError(event: JsonMap): ModelError {
  const { type, message } = isObject(event.error) ? event.error : {};
  const code = codeOf(textOf(type), textOf(message));
  const text = textOf(message) || 'The provider reported an error';
  if (code !== undefined) return new ModelError(code, text, { cause: event });
  const isOfServer = type === 'api_error' || type === 'timeout_error';
  return new ModelError('provider_error', text, { cause: event, isRetryable: isOfServer });
}

/** Anything that a request, or reading its answer, was rejected with. */
export function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  if (!(cause instanceof Error)) return new ModelError('provider_error', 'The request failed', { cause });
  const { message } = cause;
  // CAST: members of the package's errors; each is looked at before it is believed.
  const { status, type, headers } = cause as Error & { status?: unknown; type?: unknown; headers?: unknown };
  if (typeof status === 'number') {
    const code = codeOf(textOf(type), message);
    return httpError({
      ...{ status, message, cause, code },
      headers: headers instanceof Headers ? headers : undefined,
    });
  }
  if (typeof type !== 'string') return new ModelError('connection', message, { cause });
  return reportedError({ error: { type, message } });
}

function codeOf(type: string, message: string): ModelErrorCode | undefined {
  const code = BY_TYPE[type];
  return code === 'invalid_request' && TOO_LONG.test(message) ? 'context_length' : code;
}
