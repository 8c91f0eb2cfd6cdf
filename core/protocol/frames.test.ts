import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { clientFrameFrom, dataText, parseClientFrame } from './frames.ts';

/** The error a call throws; anything but a ProtocolError fails the test. */
function refusal(call: () => unknown): ProtocolError {
  try {
    call();
  } catch (error) {
    if (ProtocolError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseClientFrame', () => {
  it('reads the envelope and keeps data as it is', () => {
    const frame = parseClientFrame(
      '{"event":"client-x","channel":"private-a","data":{"n":[1,null]},"message_id":"m"}',
    );
    expect(frame).toMatchObject({
      event: 'client-x',
      channel: 'private-a',
      messageId: 'm',
      dataIsMissing: false,
    });
    expect(dataText(frame)).toBe('{"n":[1,null]}');
  });

  it('tells missing data from null; both are delivered as null', () => {
    expect(parseClientFrame('{"event":"e"}').dataIsMissing).toBe(true);
    expect(parseClientFrame('{"event":"e","data":null}').dataIsMissing).toBe(false);
    expect(dataText(parseClientFrame('{"event":"e"}'))).toBe('null');
    expect(dataText(parseClientFrame('{"event":"e","data":null}'))).toBe('null');
  });

  it.each(['this is not json', '{"event":"pusher:ping"', '', '[]', '12', 'null', '"text"', 'true'])(
    'refuses %j as undecodable',
    (text) => {
      const error = refusal(() => parseClientFrame(text));
      expect(error.wsCode).toBe(4000);
      expect(error.message).toMatch(/^Invalid message format: Decode failed: /);
    },
  );

  it.each([
    '{"event":5}',
    '{"event":"e","channel":5}',
    '{"event":"e","message_id":{}}',
    '{"event":"e","tags":{"a":1}}',
    '{"event":"e","extras":[]}',
    '{"event":"e","extras":"x"}',
  ])('refuses %s: a member of the wrong type', (text) => {
    expect(refusal(() => parseClientFrame(text)).message).toMatch(/^Invalid message format: Decode failed: /);
  });

  it.each([
    '{"data":{}}',
    '{"event":null}',
    '{}',
    '{"__proto__":{"event":"x"}}',
    '{"constructor":{"event":"x"}}',
  ])('wants an event of its own: %s', (text) => {
    expect(refusal(() => parseClientFrame(text)).message).toBe('Invalid event name: Event name is required');
  });

  it('changes no prototype', () => {
    const frame = parseClientFrame(
      '{"event":"e","__proto__":{"polluted":true},"extras":{"__proto__":{"ephemeral":true}}}',
    );
    expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
    expect(frame).not.toHaveProperty('polluted');
    expect('polluted' in {}).toBe(false);
  });

  it('refuses nesting that could not be written out again', () => {
    const nested = (levels: number) => `{"event":"e","data":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(dataText(parseClientFrame(nested(127)))).toHaveLength(254);
    expect(refusal(() => parseClientFrame(nested(128))).message).toContain('nested too deeply');
    expect(refusal(() => parseClientFrame(nested(30_000))).message).toContain('nested too deeply');
  });

  it('throws nothing but ProtocolErrors, on any text and any JSON', () => {
    const attempt = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        expect(ProtocolError.is(error)).toBe(true);
      }
    };
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), (text) => attempt(() => parseClientFrame(text))),
    );
    fc.assert(fc.property(fc.json(), (text) => attempt(() => parseClientFrame(text))));
    fc.assert(fc.property(fc.anything(), (value) => attempt(() => clientFrameFrom(value))));
  });

  it('gives back any JSON data a client sends', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const frame = parseClientFrame(JSON.stringify({ event: 'client-e', channel: 'private-c', data }));
        expect(dataText(frame)).toBe(JSON.stringify(data));
      }),
    );
  });
});
