/** Errors of sessions. They have words as codes; numbers are the server's own. */

/**
 * `closed`: the session is. `refused`: the server said no, see `cause`. `unknown_message`, `unknown_run`: nothing of that id is known here.
 * `outbox_full`: 64 sends wait already. `unconfirmed`: it is not known whether the server has it.
 * `history_failed`: older messages could not be read. `invalid_snapshot`: made by something else, or for another channel.
 * `invalid_options`: see the text. `unsupported`: this server, or protocol 7, has no such thing.
 */
export type SessionErrorCode =
  | 'closed'
  | 'refused'
  | 'unknown_message'
  | 'unknown_run'
  | 'outbox_full'
  | 'unconfirmed'
  | 'history_failed'
  | 'invalid_snapshot'
  | 'invalid_options'
  | 'unsupported';

export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  constructor(code: SessionErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
