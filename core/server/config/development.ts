// What a server without any configuration runs with: one app for developers, on the loopback address. Its secret is made
// once and kept in a file that only its owner can read, so that a restart does not lock out running programs.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Problem } from './problem.ts';

/** Below the working directory. */
export const DEVELOPMENT_FILE = '.sockudo/development.json';

const fileSchema = z.object({
  app_id: z.string().min(1),
  key: z.string().min(1),
  secret: z.string().min(16),
});

export interface DevelopmentApp {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
  /** Path of the file, relative to the working directory. */
  readonly file: string;
  /** False for a throw-away app that no file holds. */
  readonly isKept: boolean;
}

type Outcome =
  | { readonly ok: true; readonly app: DevelopmentApp }
  | { readonly ok: false; readonly problem: Problem };

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function problem(message: string): Outcome {
  return { ok: false, problem: { path: DEVELOPMENT_FILE, message } };
}

function keptApp(text: string): Outcome {
  try {
    const parsed = fileSchema.parse(JSON.parse(text));
    return {
      ok: true,
      app: {
        id: parsed.app_id,
        key: parsed.key,
        secret: parsed.secret,
        file: DEVELOPMENT_FILE,
        isKept: true,
      },
    };
  } catch {
    return problem(
      'does not hold the credentials of a development app: remove it, and the next start makes a new one',
    );
  }
}

/** The credentials kept below `cwd`, or null where there are none. */
function readDevelopmentApp(cwd: string): Outcome | null {
  try {
    return keptApp(readFileSync(join(cwd, DEVELOPMENT_FILE), 'utf8'));
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? null : problem(`cannot be read: ${errorCode(error)}`);
  }
}

/** Reads the credentials kept below `cwd`. Where there are none it makes them, and keeps them unless it is a preview. */
export function developmentApp(cwd: string, purpose: 'keep' | 'preview'): Outcome {
  const existing = readDevelopmentApp(cwd);
  if (existing !== null) return existing;
  const made = { app_id: 'app-id', key: 'app-key', secret: randomBytes(24).toString('hex') };
  const isKept = purpose === 'keep';
  if (isKept) {
    try {
      const path = join(cwd, DEVELOPMENT_FILE);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Of two processes that start at once, `wx` lets one win; the other reads what the first wrote.
      writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') return problem(`cannot be written: ${errorCode(error)}`);
      return readDevelopmentApp(cwd) ?? problem('disappeared while it was read');
    }
  }
  return {
    ok: true,
    app: { id: made.app_id, key: made.key, secret: made.secret, file: DEVELOPMENT_FILE, isKept },
  };
}

/** The configuration of a server that was given none, in Sockudo's names. */
export function developmentConfig(app: DevelopmentApp): Record<string, unknown> {
  return {
    mode: 'development',
    rate_limiter: { enabled: false },
    // The package is an optional one.
    ai_transport: {
      enabled: isInstalled('@sockudo/ai-transport-server'),
      channels: [{ prefix: 'private-ai-' }],
    },
    app_manager: {
      array: {
        apps: [
          {
            id: app.id,
            key: app.key,
            secret: app.secret,
            enabled: true,
            policy: {
              features: {
                enable_client_messages: true,
                enable_user_authentication: true,
                enable_watchlist_events: true,
              },
            },
          },
        ],
      },
    },
  };
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
