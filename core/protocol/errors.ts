/**
 * The error value of the protocol and the functions that make it. Frames and HTTP bodies are derived from a ProtocolError, never
 * written by hand. Must not know: sockets, fastify, logging.
 * Sources: error-table.ts; divergences D9, D48, D51.
 */
import { ERRORS, type ErrorName, type HttpErrorCode } from './error-table.ts';

/** What a single occurrence may say differently from its row. */
export interface ErrorOverrides {
  readonly httpStatus?: number;
  readonly aiCode?: number;
  /** Whole seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Kept for the log, never sent to a peer. */
  readonly cause?: unknown;
}

const MARKER = Symbol.for('sockudo.protocol-error');

/**
 * A refusal with everything a peer may see of it. `message` is the text of a socket's error frame (with the family's prefix),
 * `detail` the same without the prefix: the `error` member of an HTTP body.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly kind: ErrorName;
  readonly wsCode: number;
  readonly httpStatus: number;
  /** Text code of the HTTP body. */
  readonly code: string;
  readonly detail: string;
  readonly aiCode?: number;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number;
  readonly [MARKER] = true;

  constructor(kind: ErrorName, detail?: string, overrides: ErrorOverrides = {}) {
    const row = ERRORS[kind];
    const text = detail ?? row.message ?? row.code;
    super((row.prefix ?? '') + text, overrides.cause === undefined ? undefined : { cause: overrides.cause });
    this.kind = kind;
    this.detail = text;
    this.code = row.code;
    this.wsCode = row.wsCode ?? 4000;
    this.httpStatus = overrides.httpStatus ?? row.httpStatus ?? 500;
    this.retryable = row.retryable;
    const aiCode = overrides.aiCode ?? row.aiCode;
    if (aiCode !== undefined) this.aiCode = aiCode;
    if (overrides.retryAfterSeconds !== undefined) this.retryAfterSeconds = overrides.retryAfterSeconds;
  }

  /** True for a ProtocolError of any installed copy of this package. */
  static is(x: unknown): x is ProtocolError {
    return typeof x === 'object' && x !== null && MARKER in x;
  }
}

/** 4009 / 401, `Authentication error: …`. */
export const authenticationError = (text: string): ProtocolError => new ProtocolError('authentication', text);
/** 4300 / 400 invalid_input, `Channel error: …`. */
export const channelError = (text: string): ProtocolError => new ProtocolError('channel', text);
/** 4300 / 400 invalid_input, `Channel name invalid: …`: the name of a client event's channel. */
export const channelNameInvalid = (text: string): ProtocolError => new ProtocolError('channel_name', text);
/** 4000 / 400, `Invalid message format: …`. */
export const invalidMessage = (text: string): ProtocolError => new ProtocolError('invalid_message', text);
/** 4000 / 400, `Invalid event name: …`. */
export const invalidEventName = (text: string): ProtocolError =>
  new ProtocolError('invalid_event_name', text);
/** 4301, `Client event error: …`. */
export const clientEventError = (text: string): ProtocolError => new ProtocolError('client_event', text);
/** 4000, `Protocol error: …`. */
export const protocolError = (text: string): ProtocolError => new ProtocolError('protocol', text);
/** 4000, `Connection error: …`. */
export const connectionError = (text: string): ProtocolError => new ProtocolError('connection', text);
/** 4000 / 500, `Internal server error: …`. The text goes to the peer: keep causes in `cause`. */
export const internalError = (text: string, cause?: unknown): ProtocolError =>
  new ProtocolError('internal', text, { cause });
/** 4100 `Over capacity`: node full, or presence room full. */
export const overCapacity = (): ProtocolError => new ProtocolError('over_capacity');
/** 4001 `Application does not exist` (divergence D1). */
export const unknownApp = (): ProtocolError => new ProtocolError('unknown_app');
/** 4003 `Application disabled` (divergence D2). */
export const appDisabled = (): ProtocolError => new ProtocolError('app_disabled');
/** 4004 `Application is over connection quota` (divergence D3). */
export const connectionQuota = (): ProtocolError => new ProtocolError('connection_quota');
/** 4301 `Client event rejected due to rate limit`. */
export const clientEventRate = (): ProtocolError => new ProtocolError('client_event_rate');
/** 4000 with the bare text and, where the family has one, `ai_code` (divergence D9). */
export const aiError = (text: string, aiCode?: number): ProtocolError =>
  new ProtocolError('ai', text, aiCode === undefined ? {} : { aiCode });
/** Any text code of the HTTP envelope; the status comes from the table unless overridden. */
export const httpError = (code: HttpErrorCode, text?: string, overrides?: ErrorOverrides): ProtocolError =>
  new ProtocolError(code, text, overrides);
/** 422 `invalid_input`: well-formed JSON of the wrong shape (divergence D48 gives it the usual envelope). */
export const invalidShape = (text: string): ProtocolError =>
  httpError('invalid_input', text, { httpStatus: 422 });

/** The JSON body of an HTTP refusal, members in the recorded order. */
export interface HttpErrorBody {
  readonly error: string;
  readonly code: string;
  readonly ai_code?: number;
  readonly status: number;
}

/** HTTP body for an error: `{error, code, ai_code?, status}`. */
export function httpErrorBody(error: ProtocolError): HttpErrorBody {
  const { detail, code, httpStatus: status, aiCode } = error;
  return aiCode === undefined
    ? { error: detail, code, status }
    : { error: detail, code, ai_code: aiCode, status };
}
