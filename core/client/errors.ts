/**
 * Errors the client throws or hands to error handlers. Texts never carry auth strings, tokens or answers of endpoints.
 */

/** `trigger` with a name that does not begin with `client-`. */
export class BadEventName extends Error {
  override readonly name = 'BadEventName';
}

/** `subscribe` with a name no client may use. */
export class BadChannelName extends Error {
  override readonly name = 'BadChannelName';
}

/** Something the kind of channel or the runtime cannot do. */
export class UnsupportedFeature extends Error {
  override readonly name = 'UnsupportedFeature';
}

/** Options that contradict each other or miss something necessary. */
export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions';
}

/** An auth endpoint answered, but not with what was needed. `status` is its HTTP status. */
export class HTTPAuthError extends Error {
  override readonly name = 'HTTPAuthError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A history could not be read. `code` is that of the server's refusal; null when none came. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code: number | null;
  constructor(message: string, code: number | null) {
    super(message);
    this.code = code;
  }
}

/** What is known of a request that failed. */
export interface RequestFailure {
  /** Of the server's refusal; null when none came. */
  readonly code: number | null;
  /** Text code of the refusal, e.g. `rate_limited`; null when none came. */
  readonly reason: string | null;
  /** The same request may succeed later. */
  readonly isRetryable: boolean;
  readonly retryAfterSeconds?: number;
}

/**
 * A publish or a change of a message failed. `outcome` says what that means: `refused`, the server said no and did nothing; `not-sent`,
 * it never left; `unknown`, it may have been done, but the answer was lost with the connection.
 */
export class RequestError extends Error implements RequestFailure {
  override readonly name = 'RequestError';
  readonly outcome: 'refused' | 'not-sent' | 'unknown';
  readonly code: number | null;
  readonly reason: string | null;
  readonly isRetryable: boolean;
  readonly retryAfterSeconds?: number;
  constructor(message: string, outcome: RequestError['outcome'], failure: Partial<RequestFailure> = {}) {
    super(message);
    this.outcome = outcome;
    this.code = failure.code ?? null;
    this.reason = failure.reason ?? null;
    this.isRetryable = failure.isRetryable ?? outcome === 'not-sent';
    if (failure.retryAfterSeconds !== undefined) this.retryAfterSeconds = failure.retryAfterSeconds;
  }
}

/** An endpoint of the application answered, but not with what was asked for. `status` is its HTTP status. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
  readonly status: number;
  constructor(what: string, status: number) {
    super(`The ${what} endpoint did not give what was asked for (status ${status})`);
    this.status = status;
  }
}

/** What `pusher:subscription_error` and `pusher:signin_error` handlers receive. */
export interface AuthErrorEvent {
  /** `AuthError`: the endpoint or handler failed. `PusherError`: the server refused. */
  readonly type: 'AuthError' | 'PusherError';
  readonly error: string;
  /** HTTP status of the endpoint, or the server's error code; absent when nobody answered. */
  readonly status?: number;
}

/** The event for a failed authorisation. */
export const authErrorEvent = (error: unknown): AuthErrorEvent => ({
  type: 'AuthError',
  error: error instanceof Error ? error.message : String(error),
  ...(error instanceof HTTPAuthError && { status: error.status }),
});

/** Code and text of a `pusher:error` frame or of a close. */
export interface ProtocolErrorData {
  readonly code: number | null;
  readonly message: string;
}

/**
 * What handlers of the connection's `error` event receive. A closed socket puts code and text both into `data` and, as
 * pusher-js does, into `error.data`.
 */
export interface ConnectionError {
  /**
   * `PusherError`: an error frame. `WebSocketError`: the socket was closed or could not be opened. `HandshakeError`: the first
   * frame was none of the protocol's, or none came. `MessageParseError`: a frame could not be read. `AuthError`: no capability token could be had.
   */
  readonly type: 'PusherError' | 'WebSocketError' | 'HandshakeError' | 'MessageParseError' | 'AuthError';
  readonly data?: ProtocolErrorData;
  readonly error?: unknown;
}
