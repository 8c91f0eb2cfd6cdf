import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invalidMessage, ProtocolError } from './errors.ts';
import { encodeExtras, parseExtras } from './extras.ts';

describe('parseExtras', () => {
  it('reads every member, and keeps those it does not know', () => {
    const extras = parseExtras({
      headers: { prio: 1, kind: 'alert', ack: true },
      ephemeral: true,
      idempotencyKey: 'k',
      push: { notification: {} },
      echo: false,
      ai: { transport: { 'run-id': 'r' }, codec: { v: '1' }, other: 5 },
      ref: 'x',
    });
    expect(extras).toEqual({
      headers: { prio: 1, kind: 'alert', ack: true },
      ephemeral: true,
      idempotencyKey: 'k',
      push: { notification: {} },
      echo: false,
      ai: { transport: { 'run-id': 'r' }, codec: { v: '1' } },
      opaque: { ref: 'x' },
    });
  });

  it('takes both spellings of the idempotency key, camelCase first (D56)', () => {
    expect(parseExtras({ idempotency_key: 'a' })?.idempotencyKey).toBe('a');
    expect(parseExtras({ idempotency_key: 'a', idempotencyKey: 'b' })?.idempotencyKey).toBe('b');
  });

  it.each([undefined, null])('%s is none', (value) => expect(parseExtras(value)).toBeUndefined());
  it('null members are absent', () => {
    expect(parseExtras({ headers: null, ephemeral: null, echo: null, ai: null, push: null })).toEqual({});
  });

  it.each([
    [5],
    [[]],
    ['x'],
    [{ headers: { nested: {} } }],
    [{ headers: { list: [] } }],
    [{ headers: { nothing: null } }],
    [{ headers: [] }],
    [{ ephemeral: 'true' }],
    [{ echo: 1 }],
    [{ idempotencyKey: 5 }],
    [{ ai: 'x' }],
    [{ ai: { transport: { a: 1 } } }],
    [{ ai: { codec: [] } }],
  ])('refuses %j', (value) => {
    expect(() => parseExtras(value)).toThrow(ProtocolError);
    try {
      parseExtras(value);
    } catch (error) {
      expect(ProtocolError.is(error) && error.httpStatus).toBe(422);
    }
    expect(() => parseExtras(value, invalidMessage)).toThrow(/^Invalid message format: /);
  });
});

describe('encodeExtras', () => {
  it('writes whole numbers without a fraction (D8) and members in a fixed order', () => {
    const extras = parseExtras(JSON.parse('{"ref":"x","echo":true,"headers":{"n":4.0,"f":1.5}}'));
    expect(extras && encodeExtras(extras)).toBe('{"headers":{"n":4,"f":1.5},"echo":true,"ref":"x"}');
  });

  it('what was parsed is what is sent', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        let extras: ReturnType<typeof parseExtras>;
        try {
          extras = parseExtras(value);
        } catch (error) {
          expect(ProtocolError.is(error)).toBe(true);
          return;
        }
        if (extras !== undefined) expect(parseExtras(JSON.parse(encodeExtras(extras)))).toEqual(extras);
      }),
    );
  });

  it('keeps a prototype key as an ordinary key', () => {
    const extras = parseExtras(JSON.parse('{"__proto__":{"a":1}}'));
    expect(extras && encodeExtras(extras)).toBe('{"__proto__":{"a":1}}');
  });
});
