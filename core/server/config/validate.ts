// From merged raw input to a checked configuration: runs the schema, puts its findings into words with expectation, value and
// origin, and then the rules between settings. Values that failed are left out for those rules, so that one run tells all.
import type { z } from 'zod';
import type { Problem } from './problem.ts';
import { shown } from './problem.ts';
import { REDACTED } from './redact.ts';
import { refusals } from './refusals.ts';
import { type ServerConfig, serverConfig } from './schema.ts';
import { nearest } from './suggest.ts';
import { alternatives, expectation, isPlainObject, nodeAt, type Path, pathText } from './tree.ts';

export type Validated =
  | { readonly ok: true; readonly config: ServerConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Where the value at a path came from, in words. */
export type SourceOf = (path: string) => string | undefined;

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current) && typeof key === 'number') current = current[key];
    else if (isPlainObject(current) && Object.hasOwn(current, key)) current = current[String(key)];
    else return undefined;
  }
  return current;
}

function isSecret(path: Path): boolean {
  return path.some((_key, index) => nodeAt(path.slice(0, index + 1))?.secret === true);
}

function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

function describe(issue: z.core.$ZodIssue, raw: unknown, sourceOf: SourceOf): Problem {
  const path = pathOf(issue);
  const node = nodeAt(path);
  const value = valueAt(raw, path);
  const text = pathText(path);
  const source = sourceOf(text);
  const base = { path: text, ...(source === undefined ? {} : { source }) };
  const expected = node === null ? issue.message : expectation(node);
  if (value === undefined) return { ...base, expected, message: `is missing: it must be ${expected}` };
  if (value === '' && node?.type === 'string' && node.enum === undefined)
    return { ...base, expected, message: 'must not be empty' };
  const display = isSecret(path) ? REDACTED : shown(value);
  const words =
    node === null
      ? []
      : alternatives(node)
          .flatMap((option) => option.enum ?? [])
          .map(String);
  const suggestion = typeof value === 'string' ? nearest(value, words) : null;
  const hint = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`;
  return {
    ...base,
    value: display,
    expected,
    ...(suggestion === null ? {} : { suggestion }),
    message: `must be ${expected}, not ${display}${hint}`,
  };
}

/** A copy without the values at `paths`. */
function without(value: unknown, paths: readonly Path[], at: Path = []): unknown {
  const isDropped = (key: string | number) =>
    paths.some((path) => path.length === at.length + 1 && path.at(-1) === key);
  const below = (key: string | number) =>
    paths.filter((path) => path.length > at.length + 1 && path[at.length] === key);
  if (Array.isArray(value)) return value.map((item, index) => without(item, below(index), [...at, index]));
  if (!isPlainObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !isDropped(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, without(member, below(key), [...at, key])]));
}

function withSource(problem: Problem, sourceOf: SourceOf): Problem {
  const source = problem.source ?? sourceOf(problem.path);
  return source === undefined ? problem : { ...problem, source };
}

/** Checks everything and lists every problem at once. */
export function validate(raw: unknown, sourceOf: SourceOf): Validated {
  const parsed = serverConfig.safeParse(raw);
  if (parsed.success) {
    const problems = refusals(parsed.data).map((problem) => withSource(problem, sourceOf));
    return problems.length === 0 ? { ok: true, config: parsed.data } : { ok: false, problems };
  }
  const { issues } = parsed.error;
  const problems = issues.map((issue) => describe(issue, raw, sourceOf));
  const rest = serverConfig.safeParse(without(raw, issues.map(pathOf)));
  const further = rest.success ? refusals(rest.data).map((problem) => withSource(problem, sourceOf)) : [];
  return { ok: false, problems: [...problems, ...further] };
}
