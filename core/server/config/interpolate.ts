// `${NAME}` and `${NAME:-default}` in the text of a configuration file, replaced before it is parsed. One pass, comments
// included; an empty variable counts as unset (operations.md section 1.1). What is missing is listed whole (D83).
import type { Environment } from './environment.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Interpolated {
  readonly text: string;
  /** Names without value and without default, each once, in order of appearance. */
  readonly missing: readonly string[];
}

export function interpolate(text: string, env: Environment): Interpolated {
  const missing = new Set<string>();
  const replaced = text.replace(REFERENCE, (_whole, name: string, fallback: string | undefined) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && value !== '') return value;
    if (fallback === undefined) missing.add(name);
    return fallback ?? '';
  });
  return { text: replaced, missing: [...missing] };
}
