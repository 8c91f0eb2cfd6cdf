// Loads the settings: defaults < file < environment < flags, all checked together. The only way to a `Settings`.
// No configuration at all gives the development app (development.ts).
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Settings } from '../settings.ts';
import { readConfigFile } from './config-file.ts';
import { type DevelopmentApp, developmentApp, developmentConfig } from './development.ts';
import { type Assignment, type Environment, environmentLayer } from './environment.ts';
import { type EnvironmentApps, environmentApps } from './environment-app.ts';
import { deepFreeze } from './freeze.ts';
import { normalise, valueFromText } from './normalise.ts';
import type { Problem } from './problem.ts';
import type { ServerConfig } from './schema.ts';
import { settingsOf } from './to-settings.ts';
import { isPlainObject, nodeAt, pathText } from './tree.ts';
import { validate } from './validate.ts';
import { warnings as warningsOf } from './warnings.ts';

export interface LoadInput {
  /** Configuration file; absent: `config/config.toml`, else `config/config.json`, else none. */
  readonly file?: string;
  /** A configuration in Sockudo's names in place of a file. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env: Environment;
  /** Dotted setting → text, as given on the command line: `{ port: '7001' }`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Working directory: base of relative paths and of the development files. */
  readonly cwd: string;
  /** `preview` writes nothing: where no development app is kept yet, a throw-away one is shown. Absent: `keep`. */
  readonly development?: 'keep' | 'preview';
}

export interface Loaded {
  readonly ok: true;
  /** Deeply frozen. */
  readonly settings: Settings;
  /** The same in Sockudo's names, with secrets: print it through `redact`. */
  readonly config: ServerConfig;
  readonly warnings: readonly Problem[];
  /** Name of the file that was read. */
  readonly file: string | null;
  /** Set where the server runs with the development app. */
  readonly development: DevelopmentApp | null;
}

export type LoadResult = Loaded | { readonly ok: false; readonly problems: readonly Problem[] };

interface Base {
  readonly raw: Record<string, unknown>;
  readonly source: string | null;
  readonly development: DevelopmentApp | null;
  readonly problems: readonly Problem[];
}

/** The lowest layer: the file, the object in its place, or the development configuration. */
function baseOf(input: LoadInput, apps: EnvironmentApps): Base {
  const failed = (problems: readonly Problem[]): Base => ({
    raw: {},
    source: null,
    development: null,
    problems,
  });
  const given = (data: Record<string, unknown>, source: string): Base => {
    const { value, problems } = normalise(data, source);
    return { raw: isPlainObject(value) ? value : {}, source, development: null, problems };
  };
  if (input.config !== undefined) return given({ ...input.config }, 'configuration object');
  const file = readConfigFile(input.file, input.env, input.cwd);
  if (file.kind === 'failed') return failed(file.problems);
  if (file.kind === 'read') return given(file.data, file.name);
  if (apps.app !== null || apps.inline === 'drop' || apps.problems.length > 0) return failed([]);
  const outcome = developmentApp(input.cwd, input.development ?? 'keep');
  if (!outcome.ok) return failed([outcome.problem]);
  return { raw: developmentConfig(outcome.app), source: null, development: outcome.app, problems: [] };
}

/** Puts one value into a copy of the tree. A member that is no section stays: the schema will refuse it. */
function assign(
  raw: Record<string, unknown>,
  path: Assignment['path'],
  value: unknown,
): Record<string, unknown> {
  const [key, ...rest] = path;
  if (key === undefined) return raw;
  if (rest.length === 0) return { ...raw, [key]: value };
  const section = raw[key] ?? {};
  return isPlainObject(section) ? { ...raw, [key]: assign(section, rest, value) } : raw;
}

function flagAssignments(flags: Readonly<Record<string, string>>): Assignment[] {
  return Object.entries(flags).map(([setting, text]) => {
    const path = setting.split('.');
    const node = nodeAt(path);
    if (node === null) throw new Error(`no setting is named ${setting}`);
    return { path, value: valueFromText(text, node), source: `flag --${path.at(-1)}` };
  });
}

function appsOf(raw: unknown): readonly unknown[] {
  const manager = isPlainObject(raw) ? raw.app_manager : undefined;
  const array = isPlainObject(manager) ? manager.array : undefined;
  const apps = isPlainObject(array) ? array.apps : undefined;
  return Array.isArray(apps) ? apps : [];
}

/** The environment's app takes the place of the one with its id, or stands last. */
function withApp(
  raw: Record<string, unknown>,
  env: EnvironmentApps,
  origins: Map<string, string>,
): Record<string, unknown> {
  if (env.app === null && env.inline === 'keep') return raw;
  const inline = env.inline === 'drop' ? [] : appsOf(raw);
  const id = env.app?.id;
  const place = inline.findIndex((app) => isPlainObject(app) && app.id === id);
  const index = place === -1 ? inline.length : place;
  const apps = env.app === null ? inline : inline.toSpliced(index, 1, env.app);
  for (const [path, source] of env.origins) origins.set(`app_manager.array.apps[${index}].${path}`, source);
  return assign(raw, ['app_manager', 'array', 'apps'], apps);
}

interface Merged {
  readonly raw: Record<string, unknown>;
  readonly origins: ReadonlyMap<string, string>;
}

function merge(base: Base, assignments: readonly Assignment[], apps: EnvironmentApps): Merged {
  const origins = new Map<string, string>();
  let raw = base.raw;
  for (const { path, value, source } of assignments) {
    raw = assign(raw, path, value);
    origins.set(pathText(path), source);
  }
  return { raw: withApp(raw, apps, origins), origins };
}

/** Fills in the defaults that depend on other settings, so that a printed configuration shows what counts. */
function complete(config: ServerConfig, base: Base): ServerConfig {
  const open = config.mode === 'development' ? '127.0.0.1' : '0.0.0.0';
  return {
    ...config,
    host: config.host ?? open,
    metrics: { ...config.metrics, host: config.metrics.host ?? open },
    instance: { ...config.instance, process_id: config.instance.process_id ?? randomUUID() },
    // A present section without the key means true, an absent section false (http.md section 13).
    tag_filtering: {
      ...config.tag_filtering,
      enable_tags: config.tag_filtering.enable_tags ?? base.raw.tag_filtering !== undefined,
    },
  };
}

function toSettings(config: ServerConfig, cwd: string): Settings {
  return settingsOf(config, {
    host: config.host ?? '',
    metricsHost: config.metrics.host ?? '',
    processId: config.instance.process_id ?? '',
    tagsInFrames: config.tag_filtering.enable_tags ?? false,
    databasePath: resolve(cwd, config.database.sqlite.path),
  });
}

/**
 * Loads and checks the configuration. Reads the file and, where there is no configuration at all, makes and keeps the
 * secret of the development app. Never throws for what a user wrote: every problem is in the answer, all at once.
 */
export function loadSettings(input: LoadInput): LoadResult {
  const apps = environmentApps(input.env);
  const layer = environmentLayer(input.env);
  const base = baseOf(input, apps);
  const { raw, origins } = merge(base, [...layer.assignments, ...flagAssignments(input.flags ?? {})], apps);
  const source = base.source ?? undefined;
  const validated = validate(raw, (path) => origins.get(path) ?? source);
  const problems = [
    ...base.problems,
    ...layer.problems,
    ...apps.problems,
    ...(validated.ok ? [] : validated.problems),
  ];
  if (problems.length > 0 || !validated.ok) return { ok: false, problems };
  const config = complete(validated.config, base);
  return {
    ok: true,
    settings: deepFreeze(toSettings(config, input.cwd)),
    config: deepFreeze(config),
    warnings: [...layer.warnings, ...warningsOf(config, raw)],
    file: input.config === undefined ? base.source : null,
    development: base.development,
  };
}
