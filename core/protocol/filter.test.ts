import { compile as compileJmespath, TreeInterpreter } from '@jmespath-community/jmespath';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invalidMessage, ProtocolError } from './errors.ts';
import { type CompileOptions, compileFilter, isFilterExempt } from './filter.ts';
import { createFilterMessage, type FilterFields } from './filter-message.ts';
import { parseFilter } from './filter-parse.ts';

const compileExpression: CompileOptions['compileExpression'] = (source) => {
  const ast = compileJmespath(source);
  // CAST: the library types documents as JSON values; ours come from JSON.parse.
  return (document) => TreeInterpreter.search(ast, document as never);
};

function matches(
  filter: unknown,
  fields: Partial<FilterFields>,
  options: Partial<CompileOptions> = {},
): boolean {
  const source = parseFilter({ filter });
  if (source === null) throw new Error('no filter');
  const message = createFilterMessage({ event: 'ev', channel: 'c', ...fields });
  return compileFilter(source, { compileExpression, ...options }).matches(message);
}

describe('events', () => {
  it('only the named ones', () => {
    expect(matches({ events: ['ev', 'other'] }, {})).toBe(true);
    expect(matches({ events: ['other'] }, {})).toBe(false);
    expect(matches({ events: ['other'] }, {}, { events: false })).toBe(true);
  });

  it('presence frames are exempt (D26), other platform frames are not', () => {
    for (const event of [
      'pusher_internal:member_added',
      'sockudo_internal:member_removed',
      'sockudo_internal:presence_update',
    ]) {
      expect(isFilterExempt(event)).toBe(true);
    }
    for (const event of [
      'member_added',
      'sockudo:message.update',
      'pusher:member_added',
      'sockudo_internal:annotation',
    ]) {
      expect(isFilterExempt(event)).toBe(false);
    }
  });
});

describe('tags', () => {
  // value of tag k: '5', '100', '4', none
  it.each([
    [{ cmp: 'eq', val: '5' }, [true, false, false, false]],
    [{ cmp: 'neq', val: '5' }, [false, true, true, true]],
    [{ cmp: 'in', vals: ['4', '5'] }, [true, false, true, false]],
    [{ cmp: 'nin', vals: ['4', '5'] }, [false, true, false, true]],
    [{ cmp: 'ex' }, [true, true, true, false]],
    [{ cmp: 'nex' }, [false, false, false, true]],
    [{ cmp: 'sw', val: '1' }, [false, true, false, false]],
    [{ cmp: 'ew', val: '0' }, [false, true, false, false]],
    [{ cmp: 'ct', val: '0' }, [false, true, false, false]],
    [{ cmp: 'gt', val: '5' }, [false, true, false, false]],
    [{ cmp: 'gte', val: 5 }, [true, true, false, false]],
    [{ cmp: 'lt', val: '5' }, [false, false, true, false]],
    [{ cmp: 'lte', val: '5' }, [true, false, true, false]],
  ])('%j', (condition, expected) => {
    const all = ['5', '100', '4', undefined].map((k) =>
      matches({ key: 'k', ...condition }, k === undefined ? {} : { tags: { k } }),
    );
    expect(all).toEqual(expected);
  });

  it.each(['', ' 5', '0x10', 'NaN', 'five', '5 '])('%j is no number', (k) => {
    for (const cmp of ['gt', 'gte', 'lt', 'lte']) {
      expect(matches({ key: 'k', cmp, val: '1' }, { tags: { k } })).toBe(false);
    }
  });

  it('reads numbers as decimal text', () => {
    for (const [a, b] of [
      ['.5', '0.4'],
      ['1e3', '999'],
      ['+2', '1.'],
      ['-1', '-inf'],
      ['Infinity', '1e308'],
    ] as const) {
      expect(matches({ key: 'k', cmp: 'gt', val: b }, { tags: { k: a } })).toBe(true);
    }
  });

  it('and, or, not', () => {
    const is = (val: string) => ({ key: 'k', cmp: 'eq', val });
    const tags = { k: '1' };
    expect(matches({ op: 'and', nodes: [is('1'), is('2')] }, { tags })).toBe(false);
    expect(matches({ op: 'or', nodes: [is('1'), is('2')] }, { tags })).toBe(true);
    expect(matches({ op: 'not', nodes: [is('1')] }, { tags })).toBe(false);
    expect(matches({ op: 'and', nodes: [is('2')] }, { tags }, { content: false })).toBe(true);
  });

  it('knows no inherited tags', () => {
    expect(matches({ key: 'constructor', cmp: 'ex' }, { tags: {} })).toBe(false);
    expect(matches({ key: '__proto__', cmp: 'ex' }, { tags: {} })).toBe(false);
  });

  it('not is the opposite, whatever the condition', () => {
    const condition = fc.record({
      key: fc.constantFrom('a', 'b'),
      cmp: fc.constantFrom('eq', 'neq', 'in', 'nin', 'ex', 'nex', 'sw', 'ew', 'ct', 'gt', 'gte', 'lt', 'lte'),
      val: fc.string({ minLength: 1, maxLength: 3 }),
      vals: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        condition,
        fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ maxLength: 3 })),
        (leaf, tags) => {
          expect(matches({ op: 'not', nodes: [leaf] }, { tags })).toBe(!matches(leaf, { tags }));
        },
      ),
    );
  });
});

describe('expressions', () => {
  it('see the documented document', () => {
    const fields: FilterFields = {
      event: 'go',
      channel: 'c',
      data: '"{\\"px\\":1}"',
      userId: 'u',
      tags: { minute: '61' },
      headers: { priority: 'high', sockudo_action: 'message.create' },
      messageId: 'm',
      streamId: 's',
      serial: 4,
      action: 'message.create',
    };
    expect(createFilterMessage(fields).document()).toEqual({
      ...fields,
      data: '{"px":1}',
      headers: { priority: 'high' },
    });
    expect(matches({ expression: 'event == `"go"` && headers.priority == `"high"`' }, fields)).toBe(true);
    expect(
      matches({ expression: "action == 'message.create' && to_number(tags.minute) > `60`" }, fields),
    ).toBe(true);
    expect(matches({ expression: 'data.px' }, fields)).toBe(false);
  });

  it.each([
    ['`0`', true],
    ['`""`', false],
    ['`[]`', false],
    ['`{}`', false],
    ['`false`', false],
    ['`null`', false],
    ['nothing', false],
    ['`[0]`', true],
  ])('truth of %s', (expression, expected) => {
    expect(matches({ expression }, {})).toBe(expected);
  });

  it('a failing expression does not deliver, and a too large document neither', () => {
    expect(matches({ expression: 'abs(event)' }, {})).toBe(false);
    const large = JSON.stringify('x'.repeat(65_536));
    expect(matches({ expression: 'event' }, { data: large })).toBe(false);
    expect(matches({ events: ['ev'] }, { data: large })).toBe(true);
  });

  it('is built once a message, and only when asked for', () => {
    let reads = 0;
    const fields: FilterFields = {
      event: 'ev',
      channel: 'c',
      get data() {
        reads += 1;
        return '"x"';
      },
    };
    const message = createFilterMessage(fields);
    const source = parseFilter({ filter: { events: ['ev'] } });
    if (source !== null) compileFilter(source, { compileExpression }).matches(message);
    expect(reads).toBe(0);
    expect(message.document()).toBe(message.document());
  });

  it('refuses what does not compile, with the limits handed to the compiler', () => {
    const source = { events: null, tags: null, expression: 'a ||' };
    expect(() => compileFilter(source, { compileExpression, content: false })).toThrow(
      /^Invalid message format: Invalid subscription filter: invalid JMESPath expression: /,
    );
    const tooDeep: CompileOptions['compileExpression'] = (_source, { maxNodes, maxDepth }) => {
      throw invalidMessage(`${maxNodes} ${maxDepth}`);
    };
    try {
      compileFilter(source, { compileExpression: tooDeep });
      expect.unreachable();
    } catch (error) {
      expect(ProtocolError.is(error) && error.message).toBe('Invalid message format: 256 32');
    }
  });
});
