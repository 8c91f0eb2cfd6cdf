import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asStringData, encodeTags, encodeV1, encodeV2 } from './encode.ts';

describe('encoders', () => {
  it('writes members in the order of the envelope, absent ones not at all', () => {
    expect(
      encodeV2({
        conflationKey: 'k',
        deltaSeq: 1,
        extras: '{"echo":true}',
        serial: 7,
        streamId: 's',
        messageId: 'm',
        tags: { b: '2', a: '1' },
        userId: 'u',
        name: 'n',
        data: '{"x":1}',
        channel: 'c',
        event: 'e',
      }),
    ).toBe(
      '{"event":"e","channel":"c","data":{"x":1},"name":"n","user_id":"u","tags":{"a":"1","b":"2"},"message_id":"m",' +
        '"stream_id":"s","serial":7,"extras":{"echo":true},"__delta_seq":1,"__conflation_key":"k"}',
    );
    expect(encodeV1({ event: 'e' })).toBe('{"event":"e"}');
    expect(encodeV1({ event: 'e', channel: 'c', data: '"x"', userId: 'u' })).toBe(
      '{"event":"e","channel":"c","data":"x","user_id":"u"}',
    );
  });

  it('pastes data in without reading it', () => {
    expect(encodeV1({ event: 'e', data: ' { "spaces" :  "kept" } ' })).toBe(
      '{"event":"e","data": { "spaces" :  "kept" } }',
    );
    expect(JSON.parse(encodeV1({ event: 'e', data: asStringData('{"a":1}') }))).toEqual({
      event: 'e',
      data: '{"a":1}',
    });
  });

  it('sorts tags as text, also those that look like numbers', () => {
    expect(encodeTags({ 10: 'x', 9: 'y', a: 'z' })).toBe('{"10":"x","9":"y","a":"z"}');
    expect(encodeTags({})).toBe('{}');
  });

  const text = fc.string({ unit: 'grapheme' });
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

  it('any envelope reads back as it was written', () => {
    const envelope = fc.record({
      event: text,
      channel: optional(text),
      data: optional(fc.json()),
      name: optional(text),
      userId: optional(text),
      tags: optional(fc.dictionary(text, text)),
      messageId: optional(text),
      streamId: optional(text),
      serial: optional(fc.nat()),
      deltaSeq: optional(fc.nat()),
      conflationKey: optional(text),
    });
    fc.assert(
      fc.property(envelope, (given) => {
        const { data, userId, messageId, streamId, deltaSeq, conflationKey, tags, ...same } = given;
        const expected = {
          ...same,
          data: data === undefined ? undefined : JSON.parse(data),
          user_id: userId,
          tags,
          message_id: messageId,
          stream_id: streamId,
          __delta_seq: deltaSeq,
          __conflation_key: conflationKey,
        };
        expect(JSON.parse(encodeV2(given))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});
