// Brings raw input (a parsed file, texts of the environment) into the form the schema expects: drops nulls, reads numbers
// and booleans written as text, and finds unknown keys with a suggestion. It never judges values: that is the schema's.
import { rightNameOfSetting } from './misnamed.ts';
import type { Problem } from './problem.ts';
import { nearest } from './suggest.ts';
import {
  alternatives,
  childOf,
  isPlainObject,
  type Path,
  pathText,
  type SettingNode,
  settingsTree,
} from './tree.ts';

const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);

/** Reads a boolean as the environment spells it, or null. */
export function booleanOf(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : null;
}

/** Reads a plain decimal number, or null. */
export function numberOf(text: string): number | null {
  const trimmed = text.trim();
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

function hasType(node: SettingNode, ...types: string[]): boolean {
  return alternatives(node).some((option) => types.includes(option.type ?? ''));
}

/** Text from the environment or a flag, read as the type the schema wants; unreadable text stays as it is. */
export function valueFromText(text: string, node: SettingNode): unknown {
  if (hasType(node, 'array')) {
    const parts = text.split(',').map((part) => part.trim());
    return parts.filter((part) => part !== '');
  }
  if (hasType(node, 'boolean')) return booleanOf(text) ?? text;
  if (hasType(node, 'integer', 'number')) return numberOf(text) ?? text;
  return text;
}

/** In files numbers may be texts (http.md section 12), and `true` and `false` too, so that `"${NAME}"` works anywhere. */
function valueFromFile(value: unknown, node: SettingNode): unknown {
  if (typeof value !== 'string' || hasType(node, 'string')) return value;
  if (hasType(node, 'integer', 'number')) return numberOf(value) ?? value;
  if (hasType(node, 'boolean') && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/** Every path of the schema that ends in `key`; lists are not entered. */
function pathsEndingIn(key: string, node: SettingNode, path: Path = []): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    ...(name === key ? [pathText([...path, name])] : []),
    ...pathsEndingIn(key, child, [...path, name]),
  ]);
}

function unknownKey(path: Path, known: readonly string[], source: string): Problem {
  const at = { path: pathText(path), source };
  const right = rightNameOfSetting(path);
  if (right !== null)
    return { ...at, message: `is not a setting, though documented: use ${right}`, suggestion: right };
  const key = String(path.at(-1));
  const sibling = nearest(key, known);
  if (sibling !== null) {
    const suggestion = pathText([...path.slice(0, -1), sibling]);
    return { ...at, message: `is not a setting; did you mean \`${suggestion}\`?`, suggestion };
  }
  const elsewhere = placeElsewhere(path, key);
  if (elsewhere === null) return { ...at, message: 'is not a setting' };
  return {
    ...at,
    message: `is not a setting here; did you mean \`${elsewhere}\`?`,
    suggestion: elsewhere,
  };
}

/** Where else a key exists: below the same section, or else in the one place of the whole tree that has it. */
function placeElsewhere(path: Path, key: string): string | null {
  const places = pathsEndingIn(key, settingsTree());
  const [root] = path;
  const near = path.length > 1 ? places.find((place) => place.startsWith(`${root}.`)) : undefined;
  return near ?? (places.length === 1 ? (places[0] ?? null) : null);
}

export interface Normalised {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** Normalises a parsed file (or part of one) against the schema. Unknown keys are reported and left out. */
export function normalise(value: unknown, source: string): Normalised {
  const problems: Problem[] = [];
  const walk = (current: unknown, node: SettingNode | null, path: Path): unknown => {
    if (node === null) return current;
    if (Array.isArray(current))
      return current.map((item, index) => walk(item, childOf(node, index), [...path, index]));
    if (!isPlainObject(current)) return valueFromFile(current, node);
    const known = alternatives(node).flatMap((option) => Object.keys(option.properties ?? {}));
    const isOpen = alternatives(node).every((option) => option.additionalProperties !== false);
    const members: [string, unknown][] = [];
    for (const [key, member] of Object.entries(current)) {
      const child = childOf(node, key);
      if (child === null && !isOpen) problems.push(unknownKey([...path, key], known, source));
      else if (member !== null) members.push([key, walk(member, child, [...path, key])]);
    }
    return Object.fromEntries(members);
  };
  return { value: walk(value, settingsTree(), []), problems };
}
