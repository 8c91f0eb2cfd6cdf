/**
 * The client's own log: silent unless asked for. Lines name events, channels, codes and states, never auth strings, tokens,
 * keys or message contents.
 */
import type { Runtime } from './runtime.ts';

export interface Logger {
  debug(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Where lines go. A function wins over the console; neither: nowhere. */
export interface LogTarget {
  readonly log?: ((line: string) => void) | undefined;
  readonly logToConsole?: boolean | undefined;
}

/** @param target asked at every line, so that switches set later count */
export function createLogger(target: () => LogTarget, runtime: Runtime): Logger {
  const write = (level: 'log' | 'warn' | 'error', line: string) => {
    const { log, logToConsole } = target();
    if (log !== undefined) log(`Sockudo: ${line}`);
    else if (logToConsole === true) runtime.print(level, `Sockudo: ${line}`);
  };
  return {
    debug: (line) => write('log', line),
    warn: (line) => write('warn', line),
    error: (line) => write('error', line),
  };
}
