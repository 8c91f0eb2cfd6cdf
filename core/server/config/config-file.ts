// Finds, reads, interpolates and parses the configuration file. Knows TOML and JSON, nothing of settings. Error texts
// name line and column but never quote the file, which may hold secrets.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import type { Environment } from './environment.ts';
import { interpolate } from './interpolate.ts';
import type { Problem } from './problem.ts';
import { isPlainObject } from './tree.ts';

export type ConfigFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'read'; readonly name: string; readonly data: Record<string, unknown> }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

const DEFAULT_FILES = ['config/config.toml', 'config/config.json'];

function failed(path: string, message: string): ConfigFile {
  return { kind: 'failed', problems: [{ path, message }] };
}

function readText(path: string): string | Error {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function syntaxProblem(error: unknown, text: string): string {
  if (error instanceof TomlError) {
    const reason = error.message.split('\n')[0] ?? '';
    return `is not valid TOML: ${reason} at line ${error.line}, column ${error.column}`;
  }
  const offset = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return offset === undefined
    ? 'is not valid JSON: it ends too early'
    : `is not valid JSON at ${place(text, Number(offset))}`;
}

function parse(name: string, text: string): ConfigFile {
  try {
    const data: unknown = name.endsWith('.toml') ? parseToml(text) : JSON.parse(text);
    return isPlainObject(data) ? { kind: 'read', name, data } : failed(name, 'must hold an object');
  } catch (error) {
    return failed(name, syntaxProblem(error, text));
  }
}

/**
 * Reads `file`, or else the first of `config/config.toml` and `config/config.json` that exists below `cwd`. A name that
 * ends in `.toml` is read as TOML, any other as JSON.
 */
export function readConfigFile(file: string | undefined, env: Environment, cwd: string): ConfigFile {
  const name = file ?? DEFAULT_FILES.find((candidate) => existsSync(join(cwd, candidate)));
  if (name === undefined) return { kind: 'none' };
  const raw = readText(resolve(cwd, name));
  if (raw instanceof Error) {
    const code = 'code' in raw ? String(raw.code) : raw.message;
    return failed(name, code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`);
  }
  const { text, missing } = interpolate(raw, env);
  if (missing.length > 0) {
    const names = missing.map((variable) => `\${${variable}}`).join(', ');
    return failed(name, `refers to variables that are not set and have no default: ${names}`);
  }
  return parse(name, text);
}
