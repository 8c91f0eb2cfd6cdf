// The part of a pino logger that the stores use.

export interface Logger {
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export const silentLogger: Logger = { warn() {}, error() {} };

/** The pool hangs the connection on what it reports of it, with all that it holds: that is nothing for a log. */
export function withoutClient(error: unknown): unknown {
  if (error instanceof Error && 'client' in error) delete error.client;
  return error;
}
