// Apps that the environment defines: SOCKUDO_DEFAULT_APP_* (takes the place of the file's apps, as in Sockudo), and the
// credentials in PUSHER_APP_* or REVERB_APP_* (joins the file's apps). Half a set of credentials is an error (D83).
import { type Environment, sourceOfVariable, variable } from './environment.ts';
import { booleanOf, valueFromText } from './normalise.ts';
import type { Problem } from './problem.ts';
import { nearest } from './suggest.ts';
import { nodeAt } from './tree.ts';

const PREFIX = 'SOCKUDO_DEFAULT_APP_';
const APP = ['app_manager', 'array', 'apps', 0];

/** Suffix → place in the app, with Sockudo's default for an app defined by SOCKUDO_DEFAULT_APP_*. */
const LIMITS: readonly (readonly [suffix: string, path: string, standard: number | null])[] = [
  ['MAX_CONNECTIONS', 'policy.limits.max_connections', 100],
  ['MAX_CLIENT_EVENTS_PER_SECOND', 'policy.limits.max_client_events_per_second', 100],
  ['MAX_BACKEND_EVENTS_PER_SECOND', 'policy.limits.max_backend_events_per_second', 100],
  ['MAX_READ_REQUESTS_PER_SECOND', 'policy.limits.max_read_requests_per_second', 100],
  ['MAX_PRESENCE_MEMBERS_PER_CHANNEL', 'policy.limits.max_presence_members_per_channel', 100],
  ['MAX_PRESENCE_MEMBER_SIZE_IN_KB', 'policy.limits.max_presence_member_size_in_kb', 100],
  ['MAX_CHANNEL_NAME_LENGTH', 'policy.limits.max_channel_name_length', 100],
  ['MAX_EVENT_CHANNELS_AT_ONCE', 'policy.limits.max_event_channels_at_once', 100],
  ['MAX_EVENT_NAME_LENGTH', 'policy.limits.max_event_name_length', 100],
  ['MAX_EVENT_PAYLOAD_IN_KB', 'policy.limits.max_event_payload_in_kb', 100],
  ['MAX_EVENT_BATCH_SIZE', 'policy.limits.max_event_batch_size', 100],
  ['ENABLE_CLIENT_MESSAGES', 'policy.features.enable_client_messages', null],
  ['ENABLE_USER_AUTHENTICATION', 'policy.features.enable_user_authentication', null],
  ['ENABLE_WATCHLIST_EVENTS', 'policy.features.enable_watchlist_events', null],
  ['ALLOWED_ORIGINS', 'policy.channels.allowed_origins', null],
  ['ANNOTATIONS_ENABLED', 'policy.channels.annotations_enabled', null],
];

export interface EnvironmentApps {
  /** What becomes of the file's apps. */
  readonly inline: 'keep' | 'drop';
  /** The app in Sockudo's names, with the origin of each value by dotted path below the app. */
  readonly app: Record<string, unknown> | null;
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

interface Credentials {
  readonly prefix: string;
  readonly names: readonly string[];
}

const SETS: readonly Credentials[] = [PREFIX, 'PUSHER_APP_', 'REVERB_APP_'].map((prefix) => ({
  prefix,
  names: ['ID', 'KEY', 'SECRET'].map((part) => `${prefix}${part}`),
}));

function readFlag(env: Environment, name: string, absent: boolean, problems: Problem[]): boolean {
  const text = variable(env, name);
  if (text === undefined) return absent;
  const value = booleanOf(text);
  if (value === null)
    problems.push({ path: name, message: `must be true or false, not ${JSON.stringify(text)}`, value: text });
  return value ?? absent;
}

function misspelt(env: Environment): Problem[] {
  const known = [...LIMITS.map(([suffix]) => suffix), 'ID', 'KEY', 'SECRET', 'ENABLED'].map(
    (suffix) => PREFIX + suffix,
  );
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !known.includes(name));
  return unknown.map((path) => {
    const suggestion = nearest(path, known);
    if (suggestion === null) return { path, message: 'is not a variable that is read' };
    return { path, message: `is not a variable that is read; did you mean ${suggestion}?`, suggestion };
  });
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let section = target;
  for (const key of keys) {
    const next: Record<string, unknown> = {};
    section[key] ??= next;
    // CAST: every section on the way was made by this function.
    section = section[key] as Record<string, unknown>;
  }
  section[last] = value;
}

function buildApp(env: Environment, set: Credentials): Pick<EnvironmentApps, 'app' | 'origins'> {
  const app: Record<string, unknown> = { enabled: true };
  const origins = new Map<string, string>();
  for (const [index, key] of ['id', 'key', 'secret'].entries()) {
    const name = set.names[index] ?? '';
    app[key] = variable(env, name);
    origins.set(key, sourceOfVariable(name));
  }
  for (const [suffix, path, standard] of LIMITS) {
    const shared = suffix === 'ENABLE_CLIENT_MESSAGES' ? 'SOCKUDO_ENABLE_CLIENT_MESSAGES' : '';
    const name = [PREFIX + suffix, shared].find((candidate) => variable(env, candidate) !== undefined);
    const node = nodeAt([...APP, ...path.split('.')]);
    if (name !== undefined && node !== null) {
      put(app, path, valueFromText(variable(env, name) ?? '', node));
      origins.set(path, sourceOfVariable(name));
    } else if (standard !== null && set.prefix === PREFIX) put(app, path, standard);
  }
  return { app, origins };
}

/** Reads the variables that define apps. */
export function environmentApps(env: Environment): EnvironmentApps {
  const problems: Problem[] = misspelt(env);
  const skipInline =
    readFlag(env, 'SOCKUDO_SKIP_INLINE_APPS', false, problems) ||
    !readFlag(env, 'APP_MANAGER_REGISTER_INLINE_APPS', true, problems);
  const isEnabled = readFlag(env, `${PREFIX}ENABLED`, true, problems);
  const inline = skipInline || !isEnabled ? 'drop' : 'keep';
  const none = { app: null, origins: new Map<string, string>() };
  if (!isEnabled) return { ...none, inline, problems };
  const set = SETS.find(({ names }) => names.some((name) => variable(env, name) !== undefined));
  if (set === undefined) return { ...none, inline, problems };
  const missing = set.names.filter((name) => variable(env, name) === undefined);
  const replaces = set.prefix === PREFIX;
  if (missing.length > 0) {
    const given = set.names.filter((name) => !missing.includes(name)).join(', ');
    problems.push(
      ...missing.map((path) => ({ path, message: `is not set, though ${given} is: an app needs all three` })),
    );
    return { ...none, inline: replaces ? 'drop' : inline, problems };
  }
  return { ...buildApp(env, set), inline: replaces ? 'drop' : inline, problems };
}
