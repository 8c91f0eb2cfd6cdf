// Programs of the machine that tests and scripts need: looked for, and installed by the machine's own package manager where they are
// missing. Nothing is downloaded past it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Packages {
  readonly apt: readonly string[];
  /** What follows `brew install`. */
  readonly brew: readonly string[];
}

/**
 * What `find` finds, after an installation if need be. `purpose` completes "installing it for …".
 * @throws with `advice`, what to do by hand, where it is neither there nor can be installed
 */
export function ensureInstalled<Found>(
  name: string,
  purpose: string,
  find: () => Found | null,
  packages: Packages,
  advice: string,
): Found {
  const found = find();
  if (found !== null) return found;
  console.log(`No ${name} found; installing it for ${purpose}.`);
  for (const [command, ...args] of installation(packages)) {
    if (command === undefined) continue;
    const { status } = spawnSync(command, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) console.error(`${[command, ...args].join(' ')} did not succeed`);
  }
  const installed = find();
  if (installed !== null) return installed;
  throw new Error(`${name} is needed for ${purpose}, and it could not be installed here. ${advice}`);
}

function installation({ apt, brew }: Packages): readonly (readonly string[])[] {
  if (process.platform === 'darwin') return [['brew', 'install', ...brew]];
  if (process.platform !== 'linux') return [];
  const command = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  return [
    [...command, 'update', '-qq'],
    [...command, 'install', '-y', '-qq', '--no-install-recommends', ...apt],
  ];
}

/** Path of the first of these programs that is in PATH or in one of the folders, which come before it; null: none is. */
export function findProgram(names: readonly string[], folders: readonly string[] = []): string | null {
  const places = [...folders, ...(process.env.PATH ?? '').split(delimiter)];
  return places.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
