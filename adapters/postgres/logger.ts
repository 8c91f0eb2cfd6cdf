// The part of a pino logger that the stores use.

export interface Logger {
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export const silentLogger: Logger = { warn() {}, error() {} };
