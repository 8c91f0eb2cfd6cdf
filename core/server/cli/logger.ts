// The logger of `sockudo serve`: pino to standard error, as JSON lines or as plain text lines. Fields that may hold secrets
// are cut out before they are written.
import pino, { type Logger } from 'pino';
import type { Settings } from '../settings.ts';

const SECRET_FIELDS = ['secret', 'auth', 'signature', 'token', 'authorization', 'password'];

interface LineTarget {
  write(text: string): unknown;
}

const LEVEL_NAMES: ReadonlyMap<unknown, string> = new Map(
  Object.entries(pino.levels.values).map(([name, value]) => [value, name.toUpperCase().padEnd(5)]),
);

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@#-]+$/.test(value) ? value : JSON.stringify(value);
}

/** What pino writes on a line; everything else in it was given by the caller. */
interface LogLine {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly stack?: string; readonly message?: string };
  readonly [field: string]: unknown;
}

/** `2026-01-31T12:00:00.000Z INFO  text key=value`, with the stack of an error below. */
function plainLine(json: string): string {
  // CAST: the line was written by pino a moment ago, in the form LogLine says.
  const {
    level,
    time,
    msg = '',
    pid: _pid,
    hostname: _hostname,
    err,
    ...fields
  } = JSON.parse(json) as LogLine;
  const at = new Date(time).toISOString();
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  const stack = err === undefined ? '' : `\n  ${String(err.stack ?? err.message).replaceAll('\n', '\n  ')}`;
  return `${at} ${LEVEL_NAMES.get(level) ?? level} ${msg}${pairs.join('')}${stack}\n`;
}

export function createLogger(settings: Settings['log'], target: LineTarget = process.stderr): Logger {
  const stream = settings.pretty ? { write: (line: string) => target.write(plainLine(line)) } : target;
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]);
  return pino(
    { level: settings.level, redact: { paths, censor: '[redacted]' } },
    { write: (line) => void stream.write(line) },
  );
}
