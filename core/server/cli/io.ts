// What a command may touch of the process it runs in, and how commands fail. Results go to standard output, everything meant
// for a person who watches goes to standard error.
import type { Environment } from '../config/index.ts';

export interface CliIo {
  readonly env: Environment;
  readonly cwd: string;
  /** Writes one line to standard output. */
  out(line: string): void;
  /** Writes one line to standard error. */
  err(line: string): void;
  /** Everything on standard input. */
  readInput(): Promise<string>;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure with a text for the user; anything else that is thrown is a defect. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  /** Added to the error when it is written as JSON. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    exitCode: ExitCode = EXIT.failure,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** One JSON value as one line of standard output. */
export function outJson(io: CliIo, value: unknown): void {
  io.out(JSON.stringify(value));
}
