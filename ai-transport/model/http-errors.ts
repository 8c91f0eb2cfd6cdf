/** What an HTTP answer of a provider means. Must not know: bodies of any provider. */
import { ModelError, type ModelErrorCode } from './errors.ts';

export interface HttpFailure {
  readonly status: number;
  readonly message: string;
  readonly headers?: { get(name: string): string | null } | undefined;
  /** Where the body says more than the status. */
  readonly code?: ModelErrorCode | undefined;
  readonly cause?: unknown;
}

export function httpError({ status, message, headers, code, cause }: HttpFailure): ModelError {
  return new ModelError(code ?? codeOf(status), message, {
    status,
    cause,
    retryAfterMs: retryAfterMs(headers),
    // A quota that is used up is a 429, too, and so may say the code that it is no use to try again.
    ...(code === undefined && {
      isRetryable: status === 408 || status === 409 || status === 429 || status >= 500,
    }),
  });
}

function codeOf(status: number): ModelErrorCode {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'authentication';
  if (status === 502 || status === 503 || status === 504 || status === 529) return 'overloaded';
  return status >= 400 && status < 500 ? 'invalid_request' : 'provider_error';
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date; undefined where neither can be read. */
export function retryAfterMs(headers: HttpFailure['headers'], nowMs = Date.now()): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const text = headers?.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
