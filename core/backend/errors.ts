// What the SDK rejects with and throws. An error says where a request went and what came back; it never carries the app
// secret, the master key or a signature (divergence D89), because errors end up in logs and error trackers.

/** What is known about a failed request besides its sentence. */
export interface RequestFailure {
  /** Address without its `auth_*` and `body_md5` parameters. */
  readonly url: string;
  /** The underlying failure, when no answer came. */
  readonly cause?: Error;
  /** HTTP status, when an answer came. */
  readonly status?: number;
  /** Text of the answer; our own signature is blanked out should the server echo it. */
  readonly body?: string;
  /** The server's `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The same request may succeed later: network failure, 429 or 5xx. A time-out is not repeated. */
  readonly isRetryable: boolean;
}

/** Rejection of every call that talks to the server. Fields that do not apply are undefined. */
export class SockudoRequestError extends Error {
  override readonly name = 'SockudoRequestError';
  readonly url: string;
  /** Same as `cause`; the name that users of the Pusher SDK know. */
  readonly error: Error | undefined;
  readonly status: number | undefined;
  /** Same as `status`. */
  readonly statusCode: number | undefined;
  readonly body: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isRetryable: boolean;

  constructor(message: string, failure: RequestFailure) {
    super(message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.url = failure.url;
    this.error = failure.cause;
    this.status = failure.status;
    this.statusCode = failure.status;
    this.body = failure.body;
    this.retryAfterMs = failure.retryAfterMs;
    this.isRetryable = failure.isRetryable;
  }
}

/** Thrown by the getters of a webhook that is not valid. Holds what was received, which no one has vouched for. */
export class WebHookError extends Error {
  override readonly name = 'WebHookError';
  readonly contentType: string | undefined;
  readonly body: string;
  readonly signature: string | undefined;

  constructor(message: string, contentType: string | undefined, body: string, signature: string | undefined) {
    super(message);
    this.contentType = contentType;
    this.body = body;
    this.signature = signature;
  }
}
