/** What a model's stream fails with, by code. Must not know: any provider. */

export type ModelErrorCode =
  /** 429; `retryAfterMs` where the provider names a time. */
  | 'rate_limited'
  /** 503, 529 and their like. */
  | 'overloaded'
  /** 401 or 403: the key, or what it may do. */
  | 'authentication'
  /** The provider refused the request as it stands. */
  | 'invalid_request'
  /** The conversation is longer than the model takes. */
  | 'context_length'
  | 'content_filter'
  /** Nothing came for `stallTimeoutMs`. */
  | 'stalled'
  /** The provider could not be reached, or the stream was cut off. */
  | 'connection'
  /** A limit of the app's own: see budget.ts. */
  | 'budget_exceeded'
  /** Anything else the provider reports. */
  | 'provider_error';

export interface ModelErrorDetails {
  readonly cause?: unknown;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Default: by code. */
  readonly isRetryable?: boolean | undefined;
}

const RETRYABLE: ReadonlySet<ModelErrorCode> = new Set([
  'rate_limited',
  'overloaded',
  'stalled',
  'connection',
]);

export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  /** HTTP status of the provider's answer, where there was one. */
  readonly status: number | undefined;
  /** Time after which the provider would be asked again, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The same request may succeed later. */
  readonly isRetryable: boolean;

  /** @param message may hold the provider's words: not for everybody in the session */
  constructor(code: ModelErrorCode, message: string, details: ModelErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.isRetryable = details.isRetryable ?? RETRYABLE.has(code);
  }
}
