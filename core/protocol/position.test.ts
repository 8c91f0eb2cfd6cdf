import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import type { HistoryCursor } from './position.ts';
import * as position from './position.ts';

describe('parseSerial', () => {
  it.each([
    [0, 0],
    [41, 41],
    ['41', 41],
    ['00', 0],
    ['18446744073709551615', Number.MAX_SAFE_INTEGER],
    [2 ** 60, Number.MAX_SAFE_INTEGER],
  ])('%j -> %i (D34)', (value, serial) => expect(position.parseSerial(value)).toBe(serial));

  it.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '-1',
    '1.5',
    'x',
    '0x10',
    ' 1',
    '1'.repeat(21),
    null,
    undefined,
    true,
    {},
    [],
  ])('not %j', (value) => expect(position.parseSerial(value)).toBeNull());
});

const bound = fc.option(fc.maxSafeNat(), { nil: null });
const cursors: fc.Arbitrary<HistoryCursor> = fc.record({
  version: fc.constant(1 as const),
  app_id: fc.string({ unit: 'grapheme' }),
  channel: fc.string({ unit: 'grapheme' }),
  stream_id: fc.string(),
  serial: fc.maxSafeNat(),
  direction: fc.constantFrom('newest_first' as const, 'oldest_first' as const),
  bounds: fc.record({ start_serial: bound, end_serial: bound, start_time_ms: bound, end_time_ms: bound }),
});

describe('cursors', () => {
  it('round-trip, and may stand in a query as they are', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = position.encodeCursor(cursor);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(position.decodeCursor(text)).toEqual(cursor);
      }),
    );
  });

  it.each([
    'not a cursor',
    '',
    'bm9wZQ',
    position.base64UrlEncode(new TextEncoder().encode('{"version":2}')),
    position.base64UrlEncode(new TextEncoder().encode('null')),
    position.base64UrlEncode(new Uint8Array([0xff, 0xfe])),
    'A'.repeat(16_385),
  ])('refuses %s', (text) => {
    expect(() => position.decodeCursor(text)).toThrow(/^Invalid history cursor: /);
  });

  it('names the kind of cursor it was asked for', () => {
    expect(() => position.decodeCursor('?', 'Invalid presence history cursor')).toThrow(
      /^Invalid presence history cursor: /,
    );
  });

  it('throws nothing but 400 invalid_input', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((text) => position.base64UrlEncode(new TextEncoder().encode(text))),
        ),
        (text) => {
          try {
            position.decodeCursor(text);
          } catch (error) {
            expect(ProtocolError.is(error) && [error.httpStatus, error.code]).toEqual([400, 'invalid_input']);
          }
        },
      ),
    );
  });
});

describe('base64url', () => {
  it('is that of the standard library', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const text = position.base64UrlEncode(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(position.base64UrlDecode(text)).toEqual(bytes);
      }),
    );
  });

  it.each(['A', 'a+b/', 'ab==', 'ä', 'a b'])('refuses %s', (text) =>
    expect(position.base64UrlDecode(text)).toBeNull(),
  );
});

describe('version serials', () => {
  it('name the create they belong to', () => {
    const serials = position.createVersionSerials('n1', () => 1_770_000_000_000);
    const serial = serials.next(41);
    expect(serial).toBe('00000001770000000000:n1.41:00000000000000000001');
    expect(position.parseVersionSerial(serial)).toEqual({
      timestampMs: 1_770_000_000_000,
      nodeId: 'n1',
      historySerial: 41,
      counter: 1,
    });
    expect(position.historySerialOf(serial)).toBe(41);
    for (const foreign of ['', 'x', 'nope', '00000001770000000000:n1:00000000000000000004', '1:n1.1:2']) {
      expect(position.historySerialOf(foreign)).toBeNull();
    }
  });

  it('of one message grow as text whatever the clock does (D43)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000_000_000_000), { minLength: 2 }), (clock) => {
        let tick = 0;
        const serials = position.createVersionSerials('node-a', () => clock[tick++ % clock.length] ?? 0);
        const made = clock.map(() => serials.next(7));
        expect([...made].sort(position.compareVersionSerials)).toEqual(made);
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  it('sort above the current one, whichever node made it', () => {
    const parts = fc.record({
      timestampMs: fc.nat(2_000_000_000_000),
      nodeId: fc.stringMatching(/^[a-z0-9-]{1,8}$/),
      historySerial: fc.nat(),
      counter: fc.nat(),
    });
    fc.assert(
      fc.property(parts, fc.nat(2_000_000_000_000), (seen, now) => {
        const serials = position.createVersionSerials('n1', () => now);
        const above = position.formatVersionSerial(seen);
        const next = serials.next(seen.historySerial, above);
        expect(position.compareVersionSerials(next, above)).toBe(1);
        expect(position.historySerialOf(next)).toBe(seen.historySerial);
        expect(position.isSerialText(next)).toBe(true);
      }),
    );
  });

  it('refuse a node id that would break the format', () => {
    for (const id of ['', 'a:b', 'a b', 'x'.repeat(61)]) {
      expect(() => position.createVersionSerials(id, () => 0)).toThrow(RangeError);
    }
  });

  it('isSerialText: 1-128 bytes without white space', () => {
    expect(position.isSerialText('x'.repeat(128))).toBe(true);
    for (const text of ['', 'a b', 'a\n', 'x'.repeat(129), 'é'.repeat(65)])
      expect(position.isSerialText(text)).toBe(false);
  });
});
