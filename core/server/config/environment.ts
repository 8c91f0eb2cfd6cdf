// The environment as a layer of settings: known variables become values with their origin. Empty variables count as unset.
// Values that cannot be read stay texts, so that the schema refuses them (divergence D83: never skipped).
import { VARIABLES } from './environment-names.ts';
import { rightNameOfVariable } from './misnamed.ts';
import { booleanOf, valueFromText } from './normalise.ts';
import type { Problem } from './problem.ts';
import { nodeAt } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One value put at one setting, with the words that name its origin. */
export interface Assignment {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly source: string;
}

export interface Layer {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export function sourceOfVariable(name: string): string {
  return `environment variable ${name}`;
}

/** The value of a variable; unset and empty are the same. */
export function variable(env: Environment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return value === '' ? undefined : value;
}

/** `none` and 0 lift the two bounds of a connection's queue. */
function queueBound(name: string, text: string): string {
  const isBound = name === 'WEBSOCKET_MAX_MESSAGES' || name === 'WEBSOCKET_MAX_BYTES';
  return isBound && text.trim().toLowerCase() === 'none' ? '0' : text;
}

function mapped(env: Environment): Assignment[] {
  const taken = new Set<string>();
  const out: Assignment[] = [];
  for (const [name, setting] of VARIABLES) {
    const text = variable(env, name);
    if (text === undefined || taken.has(setting)) continue;
    taken.add(setting);
    const path = setting.split('.');
    const node = nodeAt(path);
    if (node === null) throw new Error(`${name} names ${setting}, which the schema lacks`);
    out.push({ path, value: valueFromText(queueBound(name, text), node), source: sourceOfVariable(name) });
  }
  return out;
}

const LEVELS: ReadonlyMap<string, string> = new Map([
  ['trace', 'trace'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['off', 'silent'],
]);

/** The level a filter such as `info,sockudo=debug` asks of us: the one for `sockudo`, else the bare one. */
function levelOfFilter(filter: string): string | null {
  let bare: string | null = null;
  for (const directive of filter.split(',')) {
    const [target = '', level] = directive.trim().toLowerCase().split('=');
    if (level === undefined) bare = LEVELS.get(target) ?? bare;
    else if (target === 'sockudo' && LEVELS.has(level)) return LEVELS.get(level) ?? null;
  }
  return bare;
}

function logging(env: Environment, debug: boolean): { assignments: Assignment[]; warnings: Problem[] } {
  const assignments: Assignment[] = [];
  const warnings: Problem[] = [];
  const name = ['RUST_LOG', debug ? 'SOCKUDO_LOG_DEBUG' : 'SOCKUDO_LOG_PROD'].find(
    (key) => variable(env, key) !== undefined,
  );
  if (name !== undefined) {
    const level = levelOfFilter(variable(env, name) ?? '');
    if (level === null) warnings.push({ path: name, message: 'names no log level for us and is ignored' });
    else assignments.push({ path: ['logging', 'level'], value: level, source: sourceOfVariable(name) });
  }
  const format = variable(env, 'LOG_OUTPUT_FORMAT');
  if (format !== undefined) {
    const value = format.toLowerCase() === 'json' ? 'json' : 'text';
    assignments.push({ path: ['logging', 'format'], value, source: sourceOfVariable('LOG_OUTPUT_FORMAT') });
  }
  return { assignments, warnings };
}

/** DEBUG is shared with other programs, which put patterns there: only boolean words are ours. */
function debugFlag(env: Environment): { assignments: Assignment[]; problems: Problem[]; isOn: boolean } {
  const mode = variable(env, 'DEBUG_MODE');
  const shared = booleanOf(variable(env, 'DEBUG') ?? '') === true;
  const read = mode === undefined ? null : booleanOf(mode);
  const problems: Problem[] = [];
  if (mode !== undefined && read === null) {
    problems.push({
      path: 'DEBUG_MODE',
      message: `must be true or false, not ${JSON.stringify(mode)}`,
      value: mode,
    });
  }
  const isOn = shared || read === true;
  const name = shared ? 'DEBUG' : 'DEBUG_MODE';
  const assignments =
    isOn || read === false ? [{ path: ['debug'], value: isOn, source: sourceOfVariable(name) }] : [];
  return { assignments, problems, isOn };
}

/** Sockudo has no variable for the prefixes of AI channels; a container has nothing else to say them with. */
const AI_PREFIXES = 'AI_TRANSPORT_CHANNEL_PREFIXES';

/** Separated by commas. */
function aiChannels(env: Environment): Assignment[] {
  const text = variable(env, AI_PREFIXES);
  if (text === undefined) return [];
  const value = text.split(',').map((prefix) => ({ prefix: prefix.trim() }));
  return [{ path: ['ai_transport', 'channels'], value, source: sourceOfVariable(AI_PREFIXES) }];
}

/** Everything the environment says, except about apps (environment-app.ts). */
export function environmentLayer(env: Environment): Layer {
  const problems: Problem[] = [];
  for (const name of Object.keys(env)) {
    const right = variable(env, name) === undefined ? null : rightNameOfVariable(name);
    if (right !== null) {
      problems.push({
        path: name,
        message: `is not read, though documented: use ${right}`,
        suggestion: right,
      });
    }
  }
  const debug = debugFlag(env);
  const logs = logging(env, debug.isOn);
  return {
    assignments: [...mapped(env), ...aiChannels(env), ...debug.assignments, ...logs.assignments],
    problems: [...problems, ...debug.problems],
    warnings: logs.warnings,
  };
}
