/**
 * Subscription filters as they come over the wire: shape, limits, recorded error texts. The result is plain data.
 * Must not know: messages, JMESPath.
 * Sources: realtime sheet 6.6; recording filter-invalid. Every violation is 4000 `Invalid message format: …`.
 */
import { invalidMessage, type ProtocolError } from './errors.ts';
import { isJsonObject, type JsonObject, member } from './json.ts';
import * as limit from './limits.ts';
import { utf8Length } from './text.ts';

const COMPARISONS = [
  'eq',
  'neq',
  'in',
  'nin',
  'ex',
  'nex',
  'sw',
  'ew',
  'ct',
  'gt',
  'gte',
  'lt',
  'lte',
] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** One condition on a tag. `value` is used by all but in/nin (`values`) and ex/nex (neither). */
export interface TagLeaf {
  readonly key: string;
  readonly cmp: Comparison;
  readonly value: string;
  readonly values: ReadonlySet<string>;
}

/** Conditions joined; `not` has exactly one node. */
export interface TagBranch {
  readonly op: 'and' | 'or' | 'not';
  readonly nodes: readonly TagNode[];
}

export type TagNode = TagLeaf | TagBranch;

/** A parsed filter; null = that part accepts everything. All given parts must accept. */
export interface FilterSource {
  readonly events: ReadonlySet<string> | null;
  readonly tags: TagNode | null;
  /** JMESPath. */
  readonly expression: string | null;
}

/** Configurable limits of the event part. */
export interface FilterLimits {
  /** Default FILTER_EVENTS_MAX. */
  readonly maxEvents?: number;
  /** UTF-8 bytes; default FILTER_EVENT_NAME_MAX. */
  readonly maxEventNameBytes?: number;
}

/** The two members of a subscribe that hold a filter; `filter` wins. */
export interface FilterRequest {
  readonly filter?: unknown;
  readonly tagsFilter?: unknown;
}

/**
 * Reads the filter of a subscribe. A compound `{events?, tags?, expression?}`, or a bare tag node.
 * @returns null when no filter was given
 * @throws ProtocolError 4000 `Invalid message format: …`
 */
export function parseFilter(request: FilterRequest, limits: FilterLimits = {}): FilterSource | null {
  const given = request.filter === undefined ? request.tagsFilter : request.filter;
  if (given === undefined) return null;
  const compound =
    isJsonObject(given) && ['events', 'tags', 'expression'].some((key) => Object.hasOwn(given, key));
  if (!compound) return { events: null, tags: parseTags(given), expression: null };
  const events = parseEvents(member(given, 'events'));
  const expression = parseExpression(member(given, 'expression'));
  checkEvents(events, limits);
  const tags = member(given, 'tags');
  const source = {
    events: events === null ? null : new Set(events),
    tags: tags === undefined ? null : parseTags(tags),
    expression,
  };
  if (expression !== null && utf8Length(expression) > limit.FILTER_EXPRESSION_MAX_BYTES) {
    throw invalidFilter(`JMESPath expression exceeds the byte limit of ${limit.FILTER_EXPRESSION_MAX_BYTES}`);
  }
  return source;
}

/** Null for no list and for an empty one: both accept every event. */
function parseEvents(value: unknown): readonly string[] | null {
  if (value === undefined) return null;
  if (!Array.isArray(value)) throw invalidMessage('filter.events must be an array of non-empty strings');
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';
  if (!value.every(isName)) throw invalidMessage('filter.events must contain only non-empty strings');
  return value.length === 0 ? null : value;
}

function checkEvents(events: readonly string[] | null, limits: FilterLimits): void {
  const maxEvents = Math.min(limits.maxEvents ?? limit.FILTER_EVENTS_MAX, limit.FILTER_EVENTS_HARD_MAX);
  const maxName = Math.min(
    limits.maxEventNameBytes ?? limit.FILTER_EVENT_NAME_MAX,
    limit.FILTER_EVENT_NAME_HARD_MAX,
  );
  if (events === null) return;
  if (events.length > maxEvents)
    throw invalidMessage(`filter.events exceeds maximum of ${maxEvents} event names`);
  for (const name of events) {
    if (utf8Length(name) <= maxName) continue;
    throw invalidMessage(
      `Event name '${name.slice(0, 40)}...' exceeds maximum length of ${maxName} characters`,
    );
  }
}

function parseExpression(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '') return value;
  if (!isJsonObject(value)) throw invalidMessage('filter.expression must be a JMESPath string or object');
  const language = member(value, 'language');
  if (typeof language === 'string' && language !== 'jmespath') {
    throw invalidMessage(`Unsupported filter expression language '${language}'`);
  }
  const source = member(value, 'source');
  if (typeof source === 'string' && source !== '') return source;
  throw invalidMessage('filter.expression.source must be a non-empty string');
}

const invalidTags = (text: string): ProtocolError => invalidMessage(`Invalid tags filter: ${text}`);
const invalidFilter = (text: string): ProtocolError => invalidMessage(`Invalid subscription filter: ${text}`);
const invalidShape = (text: string): ProtocolError => invalidMessage(`Invalid tags filter shape: ${text}`);

/** Counts the nodes of one tree, so that its size is bounded as well as its depth. */
interface NodeCount {
  nodes: number;
}

const parseTags = (value: unknown): TagNode => parseNode(value, '', 1, { nodes: 0 });

/** @param path where the node lies, for the error text: `Child node 0: Child node 2: ` */
function parseNode(value: unknown, path: string, depth: number, count: NodeCount): TagNode {
  if (!isJsonObject(value)) throw invalidShape('a node must be an object');
  count.nodes += 1;
  if (count.nodes > limit.FILTER_NODES_MAX) {
    throw invalidFilter(`tag filter exceeds the node limit of ${limit.FILTER_NODES_MAX}`);
  }
  if (depth > limit.FILTER_DEPTH_MAX) {
    throw invalidFilter(`tag filter exceeds the depth limit of ${limit.FILTER_DEPTH_MAX}`);
  }
  const op = textOrNull(value, 'op');
  return op === null ? parseLeaf(value, path) : parseBranch(value, op, path, depth, count);
}

function parseBranch(
  value: JsonObject,
  op: string,
  path: string,
  depth: number,
  count: NodeCount,
): TagBranch {
  if (op !== 'and' && op !== 'or' && op !== 'not')
    throw invalidTags(`${path}unknown logical operator: ${op}`);
  const children = listOf(value, 'nodes');
  if (op === 'not' && children.length !== 1) {
    throw invalidTags(`${path}not operation requires exactly one child node, got ${children.length}`);
  }
  if (children.length === 0) throw invalidTags(`${path}${op} operation requires at least one child node`);
  const foreign = ['key', 'cmp', 'val'].some((key) => (member(value, key) ?? null) !== null);
  if (foreign || listOf(value, 'vals').length > 0) {
    throw invalidFilter('invalid tag filter: logical node contains comparison fields');
  }
  const nodes = children.map((child, i) => parseNode(child, `${path}Child node ${i}: `, depth + 1, count));
  return { op, nodes };
}

const BY_NAME: ReadonlyMap<string, Comparison> = new Map(COMPARISONS.map((name) => [name, name]));

function parseLeaf(value: JsonObject, path: string): TagLeaf {
  const key = textOrNull(value, 'key');
  const name = textOrNull(value, 'cmp');
  const single = member(value, 'val') ?? null;
  const text = single === null ? '' : valueText(single);
  const values = listOf(value, 'vals').map(valueText);
  if (key === null || key === '') throw invalidTags(`${path}Leaf node requires a non-empty key`);
  if (name === null) throw invalidTags(`${path}Leaf node requires a comparison operator`);
  const cmp = BY_NAME.get(name);
  if (cmp === undefined) throw invalidTags(`${path}unknown comparison operator: ${name}`);
  if (cmp === 'in' || cmp === 'nin') {
    if (values.length === 0) throw invalidTags(`${path}${cmp} operation requires at least one value in vals`);
  } else if (cmp !== 'ex' && cmp !== 'nex' && text === '') {
    throw invalidTags(`${path}${cmp} operation requires a non-empty val`);
  }
  checkLeafSizes(key, [text, ...values]);
  if (listOf(value, 'nodes').length > 0) {
    throw invalidFilter('invalid tag filter: comparison node contains child nodes');
  }
  return { key, cmp, value: text, values: new Set(values) };
}

function checkLeafSizes(key: string, values: readonly string[]): void {
  if (utf8Length(key) > limit.FILTER_KEY_MAX_BYTES) {
    throw invalidFilter(`tag filter key exceeds the byte limit of ${limit.FILTER_KEY_MAX_BYTES}`);
  }
  if (values.some((text) => utf8Length(text) > limit.FILTER_VALUE_MAX_BYTES)) {
    throw invalidFilter(`tag filter value exceeds the byte limit of ${limit.FILTER_VALUE_MAX_BYTES}`);
  }
  if (values.length - 1 > limit.FILTER_VALUES_MAX) {
    throw invalidFilter(`tag filter value list exceeds the limit of ${limit.FILTER_VALUES_MAX}`);
  }
}

/** Numbers, booleans and the rest are compared as their JSON text. */
const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function textOrNull(value: JsonObject, key: string): string | null {
  const given = member(value, key) ?? null;
  if (given !== null && typeof given !== 'string') throw invalidShape(`${key} must be a string`);
  return given;
}

function listOf(value: JsonObject, key: string): readonly unknown[] {
  const given = member(value, key);
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalidShape(`${key} must be a list`);
  return given;
}
