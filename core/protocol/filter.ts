/**
 * Parsed filters made into predicates. Expressions are compiled by an injected function, so that no expression language is a
 * dependency of this package.
 * Must not know: subscriptions, how messages are delivered.
 * Sources: realtime sheet 6.6, divergences D26, D39.
 */
import { invalidMessage, ProtocolError } from './errors.ts';
import type { FilterMessage } from './filter-message.ts';
import type { FilterSource, TagLeaf, TagNode } from './filter-parse.ts';
import { FILTER_EXPRESSION_DEPTH_MAX, FILTER_EXPRESSION_NODES_MAX } from './limits.ts';
import { stripPrefix } from './prefix.ts';

/** Decides whether a subscription receives a message. */
export interface Filter {
  /** Never throws: an expression that fails, or a document that is too large, does not match. */
  matches(message: FilterMessage): boolean;
  readonly source: FilterSource;
}

/** Bounds of an expression's syntax tree that the compiler must hold. */
export interface ExpressionLimits {
  readonly maxNodes: number;
  readonly maxDepth: number;
}

/** A compiled expression: its value for a document. May throw. */
export type CompiledExpression = (document: unknown) => unknown;

/** Compiles JMESPath. Throws an Error whose message may be shown to the client. */
export type CompileExpression = (source: string, limits: ExpressionLimits) => CompiledExpression;

export interface CompileOptions {
  readonly compileExpression: CompileExpression;
  /** Whether the event part counts; default true. */
  readonly events?: boolean;
  /** Whether the tag and expression parts count (`tag_filtering.enabled`); default true (divergence D39). */
  readonly content?: boolean;
}

/**
 * Compiles a parsed filter. Switched-off parts accept everything, but a broken expression is refused all the same.
 * @throws ProtocolError 4000 `Invalid message format: Invalid subscription filter: …`
 */
export function compileFilter(source: FilterSource, options: CompileOptions): Filter {
  const compiled = source.expression === null ? null : compile(source.expression, options.compileExpression);
  const events = options.events === false ? null : source.events;
  const tags = options.content === false ? null : source.tags;
  const expression = options.content === false ? null : compiled;
  return {
    source,
    matches(message) {
      if (events !== null && !isListed(events, message)) return false;
      if (tags !== null && !matchesNode(tags, message)) return false;
      return expression === null || accepts(expression, message);
    },
  };
}

const isListed = (events: ReadonlySet<string>, { event, frameEvent }: FilterMessage): boolean =>
  events.has(event) || (frameEvent !== undefined && events.has(frameEvent));

function compile(source: string, compileExpression: CompileExpression): CompiledExpression {
  try {
    return compileExpression(source, {
      maxNodes: FILTER_EXPRESSION_NODES_MAX,
      maxDepth: FILTER_EXPRESSION_DEPTH_MAX,
    });
  } catch (error) {
    if (ProtocolError.is(error)) throw error;
    const why = error instanceof Error ? error.message : 'syntax error';
    throw invalidMessage(`Invalid subscription filter: invalid JMESPath expression: ${why}`);
  }
}

function accepts(expression: CompiledExpression, message: FilterMessage): boolean {
  const document = message.document();
  if (document === null) return false;
  try {
    return isTruthy(expression(document));
  } catch {
    // A type error inside an expression is about this one message: it is not delivered, nothing else happens.
    return false;
  }
}

/** JMESPath's idea of truth: false, null, empty strings, lists and objects are not; 0 is. */
function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value !== 'object') return true;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

function matchesNode(node: TagNode, message: FilterMessage): boolean {
  if (!('op' in node)) return matchesLeaf(node, message.tag(node.key));
  if (node.op === 'and') return node.nodes.every((child) => matchesNode(child, message));
  const some = node.nodes.some((child) => matchesNode(child, message));
  return node.op === 'or' ? some : !some;
}

function matchesLeaf(leaf: TagLeaf, actual: string | undefined): boolean {
  switch (leaf.cmp) {
    case 'eq':
      return actual === leaf.value;
    case 'neq':
      return actual !== leaf.value;
    case 'in':
      return actual !== undefined && leaf.values.has(actual);
    case 'nin':
      return actual === undefined || !leaf.values.has(actual);
    case 'ex':
      return actual !== undefined;
    case 'nex':
      return actual === undefined;
    case 'sw':
      return actual?.startsWith(leaf.value) === true;
    case 'ew':
      return actual?.endsWith(leaf.value) === true;
    case 'ct':
      return actual?.includes(leaf.value) === true;
    default:
      return actual !== undefined && compareNumbers(leaf.cmp, parseNumber(actual), parseNumber(leaf.value));
  }
}

/** NaN, from text that is no number, compares false whatever the operator. */
function compareNumbers(cmp: 'gt' | 'gte' | 'lt' | 'lte', a: number, b: number): boolean {
  if (cmp === 'gt') return a > b;
  if (cmp === 'gte') return a >= b;
  return cmp === 'lt' ? a < b : a <= b;
}

/** Decimal text only: JavaScript's blanks, hexadecimal and empty strings are no numbers here. */
function parseNumber(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite === null) return Number.NaN;
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Presence frames pass every filter: member lists must not rot (divergence D26). */
export function isFilterExempt(event: string): boolean {
  const platform = stripPrefix(event);
  if (platform === null || !platform.internal) return false;
  return (
    platform.name === 'member_added' ||
    platform.name === 'member_removed' ||
    platform.name === 'presence_update'
  );
}
