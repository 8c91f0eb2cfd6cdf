/** What the agent's side rejects and aborts with, by code. Must not know: what is retried. */
import { SockudoRequestError } from 'sockudo';

export type AgentErrorCode =
  /** Somebody asked the run to stop. Only as the reason of `run.signal`. */
  | 'cancelled'
  /** Another worker has the run, or may have it: nothing is published for it any more. */
  | 'fenced'
  /** The worker gave the run back: it stops, or failed. */
  | 'stopped'
  /** The run was ended or suspended here, or has not been started. */
  | 'not_running'
  /** The server could not be reached, or refused; `cause` says why. */
  | 'publish_failed'
  /** What was piped broke off; `cause` is its error and `text` what had come. */
  | 'source_failed'
  /** The channel holds more events than are read for one conversation. */
  | 'history_too_long'
  /** A message may not grow further (by default 1 MiB); `text` is what had come. */
  | 'message_too_large';

export interface AgentErrorDetails {
  readonly cause?: unknown;
  readonly text?: string | undefined;
}

export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  /** Of a pipe that failed: the text that had come until then. It stands in its message. */
  readonly text: string | undefined;

  constructor(code: AgentErrorCode, message: string, { cause, text }: AgentErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.text = text;
  }
}

/** Thrown by a handler: the run is not tried again and ends with this error. `message` is shown to everybody in the session. */
export class FatalRunError extends Error {
  override readonly name = 'FatalRunError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The server says that the claim is not held any more. */
export const isFenced = (error: unknown): boolean => refusalCode(error) === 'fenced';

/** `code` of a refusal, as the server names it; undefined where there is none. */
export function refusalCode(error: unknown): string | undefined {
  if (!(error instanceof SockudoRequestError) || error.body === undefined) return undefined;
  try {
    const body: unknown = JSON.parse(error.body);
    const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof SockudoRequestError ? error.status : undefined;
