// The configuration schema as a tree that can be walked: which keys exist where, of which type, with which default. It is
// made from the schema's own JSON Schema, so it can never disagree with it.
import { z } from 'zod';
import { serverConfig } from './schema.ts';

/** The parts of JSON Schema that zod writes for our schema and that we read. */
export interface SettingNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SettingNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SettingNode;
  readonly items?: SettingNode;
  readonly anyOf?: readonly SettingNode[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** Ours: never printed. */
  readonly secret?: boolean;
}

export type Path = readonly (string | number)[];

/** JSON Schema (draft 2020-12) of a configuration file. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(serverConfig, { io: 'input' }), title: 'Sockudo configuration' };
}

let cached: SettingNode | null = null;

export function settingsTree(): SettingNode {
  // CAST: zod types its output loosely; SettingNode names only members that zod documents, all of them optional.
  cached ??= z.toJSONSchema(serverConfig, { io: 'input' }) as SettingNode;
  return cached;
}

/** An object as parsers and literals make it: no list, no date. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The alternatives of a node: itself, or the members of its union. */
export function alternatives(node: SettingNode): readonly SettingNode[] {
  return node.anyOf ?? [node];
}

/** The node of one key or index below `node`, or null where the schema knows none. */
export function childOf(node: SettingNode, key: string | number): SettingNode | null {
  for (const option of alternatives(node)) {
    if (typeof key === 'number') {
      if (option.items !== undefined) return option.items;
      continue;
    }
    const named = option.properties;
    if (named !== undefined && Object.hasOwn(named, key)) return named[key] ?? null;
    if (typeof option.additionalProperties === 'object') return option.additionalProperties;
  }
  return null;
}

export function nodeAt(path: Path): SettingNode | null {
  let node: SettingNode | null = settingsTree();
  for (const key of path) {
    if (node === null) return null;
    node = childOf(node, key);
  }
  return node;
}

/** `a.b[0].c`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  let out = '';
  for (const key of path) {
    if (typeof key === 'number') out += `[${key}]`;
    else if (/^[\w$-]+$/.test(key)) out += out === '' ? key : `.${key}`;
    else out += `${out === '' ? '' : '.'}${JSON.stringify(key)}`;
  }
  return out;
}

/** What a value must be, in words: "an integer from 0 to 65535". */
export function expectation(node: SettingNode): string {
  if (node.anyOf !== undefined) return node.anyOf.map(expectation).join(' or ');
  if (node.enum !== undefined) {
    const words = node.enum.map((word) => `\`${String(word)}\``);
    return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`;
  }
  const noun = { integer: 'an integer', number: 'a number' }[node.type ?? ''];
  if (noun !== undefined) {
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = node;
    if (maximum < Number.MAX_SAFE_INTEGER) return `${noun} from ${minimum} to ${maximum}`;
    return minimum > Number.MIN_SAFE_INTEGER ? `${noun} of at least ${minimum}` : noun;
  }
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'a section';
  return node.pattern === undefined ? 'a text' : `a text of the form ${node.pattern}`;
}
