import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { parseFilter } from './filter-parse.ts';

const text = (filter: unknown, limits = {}): string => {
  try {
    parseFilter({ filter }, limits);
  } catch (error) {
    if (ProtocolError.is(error) && error.wsCode === 4000) return error.message;
    throw error;
  }
  return 'accepted';
};
const leaf = { key: 'k', cmp: 'ex' };
const nested = (levels: number): unknown =>
  levels === 1 ? leaf : { op: 'not', nodes: [nested(levels - 1)] };

describe('parseFilter', () => {
  it('reads a compound, a bare node, and prefers filter over tags_filter', () => {
    const node = { key: 'k', cmp: 'eq', val: 5 };
    const tags = { key: 'k', cmp: 'eq', value: '5', values: new Set() };
    expect(parseFilter({ filter: { events: ['a', 'a'], tags: node, expression: 'x' } })).toEqual({
      events: new Set(['a']),
      tags,
      expression: 'x',
    });
    expect(parseFilter({ tagsFilter: node })).toEqual({ events: null, tags, expression: null });
    expect(parseFilter({ filter: node, tagsFilter: null })?.tags).toEqual(tags);
    expect(
      parseFilter({ filter: { events: [], expression: { language: 'jmespath', source: 'y' } } }),
    ).toEqual({
      events: null,
      tags: null,
      expression: 'y',
    });
    expect(parseFilter({})).toBeNull();
  });

  // The recorded texts, in the order of the recording.
  it.each([
    [{ cmp: 'like', key: 'k', val: '1' }, 'Invalid tags filter: unknown comparison operator: like'],
    [{ cmp: 'eq', key: 'k' }, 'Invalid tags filter: eq operation requires a non-empty val'],
    [{ op: 'xor', nodes: [leaf] }, 'Invalid tags filter: unknown logical operator: xor'],
    [{ op: 'and', nodes: [] }, 'Invalid tags filter: and operation requires at least one child node'],
    [{}, 'Invalid tags filter: Leaf node requires a non-empty key'],
    [{ events: 'one' }, 'filter.events must be an array of non-empty strings'],
    [{ events: [1] }, 'filter.events must contain only non-empty strings'],
    [{ events: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'filter.events exceeds maximum of 5 event names'],
    [
      { events: ['x'.repeat(41)] },
      `Event name '${'x'.repeat(40)}...' exceeds maximum length of 40 characters`,
    ],
    [{ expression: '' }, 'filter.expression must be a JMESPath string or object'],
    [{ expression: 5 }, 'filter.expression must be a JMESPath string or object'],
  ])('%j', (filter, expected) => {
    expect(text(filter, { maxEvents: 5, maxEventNameBytes: 40 })).toBe(`Invalid message format: ${expected}`);
  });

  it.each([
    [null, 'Invalid tags filter shape: a node must be an object'],
    [{ events: null }, 'filter.events must be an array of non-empty strings'],
    [{ tags: null }, 'Invalid tags filter shape: a node must be an object'],
    [{ expression: null }, 'filter.expression must be a JMESPath string or object'],
    [{ expression: {} }, 'filter.expression.source must be a non-empty string'],
    [{ expression: { language: 'sql', source: 'x' } }, "Unsupported filter expression language 'sql'"],
    [{ key: 'k' }, 'Invalid tags filter: Leaf node requires a comparison operator'],
    [
      { key: 'k', cmp: 'in', vals: [] },
      'Invalid tags filter: in operation requires at least one value in vals',
    ],
    [
      { op: 'not', nodes: [leaf, leaf] },
      'Invalid tags filter: not operation requires exactly one child node, got 2',
    ],
    [
      { op: 'or', nodes: [leaf, {}] },
      'Invalid tags filter: Child node 1: Leaf node requires a non-empty key',
    ],
    [
      { op: 'not', nodes: [{ op: 'and' }] },
      'Invalid tags filter: Child node 0: and operation requires at least one child node',
    ],
    [
      { op: 'and', nodes: [leaf], key: 'k' },
      'Invalid subscription filter: invalid tag filter: logical node contains comparison fields',
    ],
    [
      { ...leaf, nodes: [leaf] },
      'Invalid subscription filter: invalid tag filter: comparison node contains child nodes',
    ],
    [{ op: 5 }, 'Invalid tags filter shape: op must be a string'],
    [{ key: 'k', cmp: 'in', vals: 'x' }, 'Invalid tags filter shape: vals must be a list'],
  ])('%j', (filter, expected) => {
    expect(text(filter)).toBe(`Invalid message format: ${expected}`);
  });

  it('holds its limits exactly', () => {
    const prefix = 'Invalid message format: Invalid subscription filter: ';
    const values = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);
    const wide = (count: number) => ({ op: 'or', nodes: Array.from({ length: count - 1 }, () => leaf) });
    for (const [good, bad, expected] of [
      [wide(128), wide(129), 'tag filter exceeds the node limit of 128'],
      [nested(16), nested(17), 'tag filter exceeds the depth limit of 16'],
      [
        { ...leaf, key: 'k'.repeat(256) },
        { ...leaf, key: 'k'.repeat(257) },
        'tag filter key exceeds the byte limit of 256',
      ],
      [
        { key: 'k', cmp: 'eq', val: 'v'.repeat(1024) },
        { key: 'k', cmp: 'eq', val: 'v'.repeat(1025) },
        'tag filter value exceeds the byte limit of 1024',
      ],
      [
        { key: 'k', cmp: 'in', vals: values(128) },
        { key: 'k', cmp: 'in', vals: values(129) },
        'tag filter value list exceeds the limit of 128',
      ],
      [
        { expression: 'x'.repeat(4096) },
        { expression: 'x'.repeat(4097) },
        'JMESPath expression exceeds the byte limit of 4096',
      ],
    ] as const) {
      expect(text(good)).toBe('accepted');
      expect(text(bad)).toBe(prefix + expected);
    }
  });

  it('caps what the configuration may allow', () => {
    const names = Array.from({ length: 65 }, (_, i) => `e${i}`);
    expect(text({ events: names }, { maxEvents: 1000 })).toContain('exceeds maximum of 64 event names');
    expect(text({ events: ['x'.repeat(257)] }, { maxEventNameBytes: 1000 })).toContain(
      'maximum length of 256',
    );
  });

  it('throws nothing but 4000s, however deep the input', () => {
    fc.assert(fc.property(fc.jsonValue(), (filter) => void text(filter)));
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('events', 'tags', 'expression', 'op', 'key', 'vals', 'nodes'),
        (value, key) => {
          text({ [key]: value });
          text({ op: 'and', nodes: [{ key: 'k', cmp: 'eq', val: '1', [key]: value }] });
        },
      ),
    );
    expect(text(nested(5000))).toContain('depth limit');
  });
});
