// Finds the programs of Redis and PostgreSQL for nodes that share them, and installs them where they are missing. Whoever uses them starts
// processes of its own with data of its own: a system service is neither needed nor touched.
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureInstalled, findProgram } from './installing.ts';

/** Path of `redis-server`; null where there is none. */
export function findRedis(): string | null {
  return findProgram(['redis-server']);
}

/** Folder with `initdb` and `postgres`, which Debian and Homebrew keep out of the PATH: of the newest version; null where there is none. */
export function findPostgres(): string | null {
  const kept = globSync(['/usr/lib/postgresql/*/bin', '/{opt/homebrew,usr/local}/opt/postgresql@*/bin']);
  const version = (folder: string): number => Number(/\d+/.exec(folder)?.[0] ?? 0);
  const newestFirst = kept.sort((a, b) => version(b) - version(a));
  const initdb = findProgram(['initdb'], newestFirst);
  return initdb === null ? null : dirname(initdb);
}

/**
 * Both, with an installation by apt or Homebrew if need be.
 * @param purpose what they are needed for, for people
 * @throws with what to do by hand where that does not work
 */
export function ensureDatabases(purpose: string): void {
  ensureInstalled(
    'Redis',
    purpose,
    findRedis,
    { apt: ['redis-server'], brew: ['redis'] },
    'Install Redis 6.2 or newer, so that redis-server is in the PATH.',
  );
  ensureInstalled(
    'PostgreSQL',
    purpose,
    findPostgres,
    { apt: ['postgresql'], brew: ['postgresql@17'] },
    'Install the server of PostgreSQL 14 or newer.',
  );
}
