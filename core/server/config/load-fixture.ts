// For the tests of this folder: loads a configuration given as an object, and says what came of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Loaded, type LoadInput, loadSettings } from './load.ts';
import { formatProblem } from './problem.ts';

type Part = Partial<LoadInput>;

/** One app that may be used, so that no warning about apps gets in the way. */
export const APP = { id: 'a', key: 'k', secret: 's', enabled: true };

export function withApps(...apps: Record<string, unknown>[]): Record<string, unknown> {
  return { app_manager: { array: { apps } } };
}

/** Loads `config` (with one app unless it has its own), or throws what is wrong with it. */
export function load(config: Record<string, unknown>, part: Part = {}): Loaded {
  const result = loadSettings({ config: { ...withApps(APP), ...config }, env: {}, cwd: '/nowhere', ...part });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result;
}

/** The texts of everything wrong with `config`. */
export function problems(config: Record<string, unknown>, part: Part = {}): string[] {
  const result = loadSettings({ config: { ...withApps(APP), ...config }, env: {}, cwd: '/nowhere', ...part });
  return result.ok ? [] : result.problems.map((problem) => `${problem.path}: ${problem.message}`);
}

/** The texts of all warnings about `config`. */
export function warnings(config: Record<string, unknown>, part: Part = {}): string[] {
  return load(config, part).warnings.map((warning) => `${warning.path}: ${warning.message}`);
}

/** Runs `use` in an empty directory that is removed afterwards. */
export function inDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'sockudo-config-'));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
