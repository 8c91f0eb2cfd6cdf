// Loads the configuration for a command, or fails with the list of what is wrong with it.
import {
  formatProblem,
  formatProblems,
  type Loaded,
  type LoadResult,
  loadSettings,
} from '../config/index.ts';
import { CliFailure, type CliIo, EXIT } from './io.ts';

export interface ConfigOptions {
  readonly config?: string;
}

/** The answer of the loader, whatever it is; nothing is written unless `development` says `keep`. */
export function loadFor(
  io: CliIo,
  options: ConfigOptions,
  flags: Readonly<Record<string, string>> = {},
  development: 'keep' | 'preview' = 'preview',
): LoadResult {
  const file = options.config;
  return loadSettings({
    env: io.env,
    cwd: io.cwd,
    flags,
    development,
    ...(file === undefined ? {} : { file }),
  });
}

/** @throws CliFailure listing every problem */
export function loadedOrFail(result: LoadResult): Loaded {
  if (result.ok) return result;
  throw new CliFailure(formatProblems(result.problems), EXIT.failure, { problems: result.problems });
}

/** Writes warnings to standard error, one a line. */
export function warn(io: CliIo, loaded: Loaded): void {
  for (const warning of loaded.warnings) io.err(`warning: ${formatProblem(warning)}`);
}
