import { decode as libraryDecode, encode as libraryEncode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BinaryEnvelope } from './binary-envelope.ts';
import { decodeMsgpack, encodeMsgpack } from './codec-msgpack.ts';
import { decodeProtobuf, encodeProtobuf } from './codec-protobuf.ts';
import { encodeV2 } from './encode.ts';
import { ProtocolError } from './errors.ts';
import {
  type BinaryFormat,
  decodeBinaryFrame,
  encodeBinaryFrame,
  parseBinaryClientFrame,
} from './wire-format.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const FORMATS: readonly BinaryFormat[] = ['msgpack', 'protobuf'];
const CODECS = {
  msgpack: [encodeMsgpack, decodeMsgpack],
  protobuf: [encodeProtobuf, decodeProtobuf],
} as const;

describe('vectors of the fact sheet', () => {
  const ping = '{"event":"sockudo:ping"}';
  const subscribe = '{"event":"sockudo:subscribe","data":{"channel":"room-1"}}';
  const json = 'a46a736f6eb47b226368616e6e656c223a22726f6f6d2d31227d';

  it.each([
    ['msgpack', ping, `9fac736f636b75646f3a70696e67${'c0'.repeat(14)}`],
    ['msgpack', subscribe, `9fb1736f636b75646f3a737562736372696265c092${json}${'c0'.repeat(12)}`],
    ['protobuf', ping, '0a0c736f636b75646f3a70696e67'],
    [
      'protobuf',
      subscribe,
      '0a11736f636b75646f3a7375627363726962651a161a147b226368616e6e656c223a22726f6f6d2d31227d',
    ],
  ] as const)('%s %s', (format, text, bytes) => {
    expect(hex(encodeBinaryFrame(format, text))).toBe(bytes);
    expect(decodeBinaryFrame(format, bytesOf(bytes))).toEqual(JSON.parse(text));
  });
});

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '10', '9'));
const stringMap = fc.dictionary(key, text, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
const header = fc.oneof(
  text,
  fc.double({ noNaN: true }).map((n) => (n === 0 ? 0 : n)),
  fc.boolean(),
);
/** Records whose absent members are really absent. */
const sparse = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [], noNullPrototype: true });

const data: fc.Arbitrary<NonNullable<BinaryEnvelope['data']>> = fc.oneof(
  text.map((value) => ({ kind: 'string' as const, value })),
  fc.json().map((value) => ({ kind: 'json' as const, value })),
  fc.uint8Array().map((value) => ({ kind: 'binary' as const, value })),
  fc
    .tuple(
      sparse<{ channelData: string; channel: string; userData: string }>({
        channelData: text,
        channel: text,
        userData: text,
      }),
      fc.dictionary(key, fc.json(), { noNullPrototype: true }),
    )
    .map(([parts, extra]) => ({ kind: 'structured' as const, ...parts, extra })),
);

const envelopes: fc.Arbitrary<BinaryEnvelope> = sparse<Required<BinaryEnvelope>>({
  event: text,
  channel: text,
  data,
  name: text,
  userId: text,
  tags: stringMap,
  sequence: fc.maxSafeNat(),
  conflationKey: text,
  messageId: text,
  streamId: text,
  serial: fc.maxSafeNat(),
  idempotencyKey: text,
  extras: sparse<Required<NonNullable<BinaryEnvelope['extras']>>>({
    headers: fc.dictionary(key, header, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    ephemeral: fc.boolean(),
    idempotencyKey: text,
    echo: fc.boolean(),
    ai: sparse({ transport: stringMap, codec: stringMap }),
  }),
  deltaSequence: fc.nat(),
  deltaConflationKey: text,
});

describe.each(FORMATS)('%s', (format) => {
  const [encode, decode] = CODECS[format];

  it('any envelope reads back as it was written', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(decode(encode(envelope))).toEqual(envelope);
      }),
    );
  });

  it('any frame of ours reads back as its JSON form', () => {
    const frame = fc.record({
      event: text,
      channel: fc.option(text, { nil: undefined }),
      data: fc.option(fc.json(), { nil: undefined }),
      tags: fc.option(stringMap, { nil: undefined }),
      messageId: fc.option(text, { nil: undefined }),
      streamId: fc.option(text, { nil: undefined }),
      serial: fc.option(fc.nat(), { nil: undefined }),
      deltaSeq: fc.option(fc.nat(), { nil: undefined }),
    });
    fc.assert(
      fc.property(frame, (envelope) => {
        const json = encodeV2(envelope);
        expect(decodeBinaryFrame(format, encodeBinaryFrame(format, json))).toEqual(JSON.parse(json));
      }),
    );
  });

  it('hostile bytes throw a 4000 and nothing else', () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        parseBinaryClientFrame(format, bytes);
      } catch (error) {
        expect(ProtocolError.is(error) && error.wsCode).toBe(4000);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), attempt), { numRuns: 500 });
    // Nearly right: a good frame cut, or with one byte changed.
    fc.assert(
      fc.property(envelopes, fc.nat(), fc.nat(255), (envelope, at, byte) => {
        const good = encode(envelope);
        attempt(good.slice(0, at % (good.length + 1)));
        const changed = good.slice();
        if (changed.length > 0) changed[at % changed.length] = byte;
        attempt(changed);
      }),
    );
  });

  it('a prototype key stays an ordinary key', () => {
    const tags = JSON.parse('{"__proto__":"x"}');
    const decoded = decode(encode({ event: 'e', tags })).tags ?? {};
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.keys(decoded)).toEqual(['__proto__']);
  });

  it('wants an event, and JSON where JSON is announced', () => {
    expect(() => parseBinaryClientFrame(format, encode({ channel: 'c' }))).toThrow('Event name is required');
    expect(() =>
      parseBinaryClientFrame(format, encode({ event: 'e', data: { kind: 'json', value: '{' } })),
    ).toThrow('Decode failed: malformed JSON text in data');
  });

  it('drops push and opaque extras, which exist in JSON only', () => {
    const json = '{"event":"e","extras":{"echo":true,"push":{},"ref":"x"}}';
    expect(decodeBinaryFrame(format, encodeBinaryFrame(format, json))).toEqual({
      event: 'e',
      extras: { echo: true },
    });
  });

  it('bytes become a list of numbers, structured data an object', () => {
    const binary = encode({ event: 'e', data: { kind: 'binary', value: new Uint8Array([1, 255]) } });
    expect(decodeBinaryFrame(format, binary).data).toEqual([1, 255]);
    const structured = encode({
      event: 'e',
      data: { kind: 'structured', channel: 'c', extra: { rewind: '5' } },
    });
    expect(decodeBinaryFrame(format, structured).data).toEqual({ channel: 'c', rewind: 5 });
  });
});

describe('msgpack', () => {
  it('is what the library writes and reads', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        // The library itself refuses this key.
        fc.pre(!JSON.stringify(envelope).includes('"__proto__"'));
        const decoded = libraryDecode(encodeMsgpack(envelope));
        expect(Array.isArray(decoded) && decoded.length).toBe(15);
        expect(Array.isArray(decoded) && decoded[0]).toBe(envelope.event ?? null);
      }),
    );
  });

  it('takes extras as array or as map, the map in JSON spelling too (D7)', () => {
    const frame = (extras: unknown) => libraryEncode(['e', ...Array(11).fill(null), extras, null, null]);
    const expected = { headers: { n: 4, s: 'x' }, idempotencyKey: 'k', echo: true };
    const array = [{ n: ['number', 4], s: ['string', 'x'] }, null, 'k', true, null];
    expect(decodeMsgpack(frame(array)).extras).toEqual(expected);
    expect(
      decodeMsgpack(frame({ headers: { n: 4, s: 'x' }, idempotencyKey: 'k', echo: true })).extras,
    ).toEqual(expected);
    expect(decodeMsgpack(frame({ headers: array[0], idempotency_key: 'k', echo: true })).extras).toEqual(
      expected,
    );
  });

  it.each([
    ['trailing bytes', `${hex(encodeMsgpack({ event: 'e' }))}c0`],
    ['a short array', '91a165'],
    ['a number', '05'],
    ['an extension type', 'd40100'],
    ['a length that is a lie', 'dd7fffffff'],
    ['a text length that is a lie', '9fdb7fffffff'],
    ['endless nesting', '91'.repeat(1000)],
    ['a map with a number as key', '8101a165'],
    ['text that is no UTF-8', `9fa2c328${'c0'.repeat(14)}`],
    ['a negative serial', `9fa165${'c0'.repeat(9)}ff${'c0'.repeat(4)}`],
    ['an unknown kind of data', `9fa165c092a178a0${'c0'.repeat(12)}`],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeMsgpack(bytesOf(bytes))).toThrow(
      /^Invalid message format: Decode failed: MessagePack: /,
    );
  });

  it('caps serials no stream of ours reaches', () => {
    const bytes = bytesOf(`9fa165${'c0'.repeat(9)}cfffffffffffffffff${'c0'.repeat(4)}`);
    expect(decodeMsgpack(bytes).serial).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('writes texts, bytes and maps of every length class', () => {
    for (const length of [0, 31, 32, 255, 256, 65_535, 65_536]) {
      const value = 'x'.repeat(length);
      const tags = Object.fromEntries(
        Array.from({ length: Math.min(length, 300) + 1 }, (_, i) => [`k${i}`, 'v']),
      );
      const envelope = {
        event: value,
        data: { kind: 'binary' as const, value: new Uint8Array(length) },
        tags,
      };
      expect(decodeMsgpack(encodeMsgpack(envelope))).toEqual(envelope);
      const decoded = libraryDecode(encodeMsgpack(envelope));
      expect(Array.isArray(decoded) && decoded[0]).toBe(value);
    }
  });
});

describe('protobuf', () => {
  it('skips fields it does not know', () => {
    // 100: varint, 101: fixed64, 102: bytes, 103: fixed32
    const unknown = 'a00601a906000000000000f03fb20601ffbd0600000000';
    expect(decodeProtobuf(bytesOf(`${unknown}0a0165`))).toEqual({ event: 'e' });
  });

  it.each([
    ['a wrong wire type', '0801'],
    ['a group', '0b'],
    ['field number 0', '0000'],
    ['a length that is a lie', '0affffffff0f'],
    ['an endless varint', `08${'ff'.repeat(11)}`],
    ['text that is no UTF-8', '0a02c328'],
    ['a cut field', '0a05656565'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeProtobuf(bytesOf(bytes))).toThrow(
      /^Invalid message format: Decode failed: Protobuf: /,
    );
  });

  it('the last of a repeated field counts, and an empty message is an empty envelope', () => {
    expect(decodeProtobuf(bytesOf('0a01610a0162'))).toEqual({ event: 'b' });
    expect(decodeProtobuf(new Uint8Array())).toEqual({});
  });
});
