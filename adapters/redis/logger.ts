// The part of a pino logger that this package uses.

export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} };
