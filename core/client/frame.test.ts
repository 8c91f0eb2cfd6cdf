import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventNames } from './event-names.ts';
import { decodeFrame, encodeFrame, FrameError } from './frame.ts';

const V1 = eventNames(7);
const V2 = eventNames(2);

describe('decodeFrame', () => {
  it('parses data that is JSON text and keeps other text', () => {
    expect(decodeFrame('{"event":"a","data":"{\\"x\\":1}"}', V1).data).toEqual({ x: 1 });
    expect(decodeFrame('{"event":"a","data":"5"}', V1).data).toBe(5);
    expect(decodeFrame('{"event":"a","data":"hello"}', V1).data).toBe('hello');
    expect(decodeFrame('{"event":"a","data":{"x":1}}', V1).data).toEqual({ x: 1 });
    expect(decodeFrame('{"event":"a"}', V1).data).toBeUndefined();
  });

  it('keeps the text of AI events and mutations, whatever it looks like (D86)', () => {
    expect(decodeFrame('{"event":"ai-output","data":"5"}', V2).data).toBe('5');
    expect(decodeFrame('{"event":"sockudo:message.append","data":"{}"}', V2).data).toBe('{}');
    expect(decodeFrame('{"event":"pusher:message.update","data":"[]"}', V2).data).toBe('[]');
  });

  it('spells protocol events of either prefix in its own way (D87)', () => {
    expect(decodeFrame('{"event":"pusher:error","data":{}}', V2).event).toBe('sockudo:error');
    expect(decodeFrame('{"event":"sockudo:error","data":{}}', V1).event).toBe('pusher:error');
    expect(decodeFrame('{"event":"pusher_internal:member_added"}', V2).event).toBe(
      'sockudo_internal:member_added',
    );
    expect(decodeFrame('{"event":"sockudo"}', V1).event).toBe('sockudo');
  });

  it('takes the envelope over and nothing of a wrong type', () => {
    const frame = decodeFrame(
      '{"event":"e","channel":"c","data":1,"name":"n","user_id":"u","message_id":"m","stream_id":"s","serial":7,"tags":{"a":"b"},"extras":{"headers":{}},"other":1}',
      V2,
    );
    expect(frame).toEqual({
      event: 'e',
      channel: 'c',
      data: 1,
      name: 'n',
      user_id: 'u',
      message_id: 'm',
      stream_id: 's',
      serial: 7,
      tags: { a: 'b' },
      extras: { headers: {} },
    });
    expect(decodeFrame('{"event":"e","channel":5,"serial":null,"tags":[],"extras":"x"}', V2)).toEqual({
      event: 'e',
      data: undefined,
    });
  });

  it('keeps serials beyond 2^53 exact, in the envelope and in nested JSON', () => {
    const frame = decodeFrame(
      '{"event":"e","serial":9007199254740993,"data":"{\\"attach_serial\\":18446744073709551615,\\"serial\\":9007199254740991}"}',
      V2,
    );
    expect(frame.serial).toBe('9007199254740993');
    expect(frame.data).toEqual({ attach_serial: '18446744073709551615', serial: 9007199254740991 });
  });

  it('does not touch numbers inside strings', () => {
    const text = 'say "serial":9007199254740993 aloud';
    expect(decodeFrame(JSON.stringify({ event: 'e', data: text }), V2).data).toBe(text);
  });

  it.each(['', 'no json', '[]', '5', 'null', '{}', '{"event":1}'])('refuses %j', (text) => {
    expect(() => decodeFrame(text, V1)).toThrow(FrameError);
  });

  it('throws nothing but FrameError, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          decodeFrame(text, V2);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sent = { value };
        const text = encodeFrame('client-e', sent, 'private-c');
        expect(decodeFrame(text, V1)).toEqual({
          event: 'client-e',
          channel: 'private-c',
          data: JSON.parse(JSON.stringify(sent)),
        });
      }),
    );
  });
});

describe('encodeFrame', () => {
  it('leaves out an absent channel and undefined members', () => {
    expect(encodeFrame('pusher:ping', {})).toBe('{"event":"pusher:ping","data":{}}');
    expect(encodeFrame('e', { auth: '', channel_data: undefined }, 'c')).toBe(
      '{"event":"e","data":{"auth":""},"channel":"c"}',
    );
  });
});

describe('eventNames', () => {
  it('files pusher: handlers under sockudo: on protocol 2 only', () => {
    expect(V2.handlerKey('pusher:subscription_succeeded')).toBe('sockudo:subscription_succeeded');
    expect(V2.handlerKey('pusher_internal:x')).toBe('sockudo_internal:x');
    expect(V1.handlerKey('sockudo:x')).toBe('sockudo:x');
    expect(V1.handlerKey('pusher:x')).toBe('pusher:x');
    expect(V2.handlerKey('price')).toBe('price');
  });
});
