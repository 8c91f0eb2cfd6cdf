/** Resume requests in every form they come in, and the frames that answer them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { parseResume, type ResumeFailure, resumeFailed, resumeSuccess } from './resume.ts';

function refusal(data: unknown): { code: number; message: string } {
  try {
    parseResume(data);
  } catch (error) {
    if (ProtocolError.is(error)) return { code: error.wsCode, message: error.message };
    throw error;
  }
  throw new Error('was accepted');
}

describe('parseResume', () => {
  const positions = { a: { stream_id: 's', serial: 41, last_message_id: 'm' }, b: { serial: '42' } };

  it('reads full positions from an object and from its text', () => {
    const expected = new Map([
      ['a', { streamId: 's', serial: 41 }],
      ['b', { serial: 42 }],
    ]);
    expect(parseResume({ channel_positions: positions })).toEqual(expected);
    expect(parseResume(JSON.stringify({ channel_positions: positions }))).toEqual(expected);
  });

  it('reads serials alone, and prefers a full position', () => {
    const data = { channel_serials: { a: 7, c: '9007199254740993' }, channel_positions: { a: positions.a } };
    expect(parseResume(data)).toEqual(
      new Map([
        ['a', { streamId: 's', serial: 41 }],
        ['c', { serial: Number.MAX_SAFE_INTEGER }],
      ]),
    );
  });

  it('takes a stream id of null for none', () => {
    expect(parseResume({ channel_positions: { a: { stream_id: null, serial: 1 } } })).toEqual(
      new Map([['a', { serial: 1 }]]),
    );
  });

  it.each([
    [undefined, 4000, 'Invalid message format: Missing data in resume message'],
    [null, 4000, 'Invalid message format: Missing data in resume message'],
    ['{', 4000, 'Invalid message format: Failed to parse resume data'],
    [[], 4000, 'Invalid message format: Failed to parse resume data'],
    [{}, 4000, 'Invalid message format: Missing channel_positions or channel_serials in resume data'],
    [
      { channel_positions: null },
      4000,
      'Invalid message format: Missing channel_positions or channel_serials in resume data',
    ],
    [
      { channel_positions: [] },
      4000,
      'Invalid message format: channel_positions in resume data must be an object',
    ],
    [{ channel_positions: {} }, 4302, 'No channel recovery positions provided'],
    [{ channel_serials: {} }, 4302, 'No channel recovery positions provided'],
    [
      { channel_positions: { a: 3 } },
      4000,
      "Invalid message format: Invalid recovery position for channel 'a'",
    ],
    [
      { channel_positions: { a: {} } },
      4000,
      "Invalid message format: Invalid recovery serial for channel 'a'",
    ],
    [{ channel_serials: { a: -1 } }, 4000, "Invalid message format: Invalid recovery serial for channel 'a'"],
    [
      { channel_serials: { a: 1.5 } },
      4000,
      "Invalid message format: Invalid recovery serial for channel 'a'",
    ],
    [
      { channel_serials: { a: '1e3' } },
      4000,
      "Invalid message format: Invalid recovery serial for channel 'a'",
    ],
  ])('refuses %j', (data, code, message) => {
    expect(refusal(data)).toEqual({ code, message });
  });

  it('refuses everything else with an error of the protocol, and never means inherited members', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.jsonValue()), (data) => {
        try {
          for (const { serial } of parseResume(data).values()) expect(serial).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(ProtocolError.is(error)).toBe(true);
        }
      }),
    );
    const named = parseResume('{"channel_positions":{"__proto__":{"serial":1},"constructor":{"serial":2}}}');
    expect([...named.keys()]).toEqual(['__proto__', 'constructor']);
  });
});

describe('the answers', () => {
  const failure: ResumeFailure = {
    channel: 'room-2',
    code: 'position_expired',
    reason: 'recovery_window_exceeded',
    expectedStreamId: 'aa01',
    currentStreamId: 'aa01',
    oldestAvailableSerial: 310,
    newestAvailableSerial: null,
  };
  const failureData = {
    channel: 'room-2',
    code: 'position_expired',
    reason: 'recovery_window_exceeded',
    expected_stream_id: 'aa01',
    current_stream_id: 'aa01',
    oldest_available_serial: 310,
    newest_available_serial: null,
  };

  it('name the channel of a failure on the envelope and in the data', () => {
    const frame = JSON.parse(resumeFailed(2, failure, 'm-1'));
    expect(frame).toMatchObject({ event: 'sockudo:resume_failed', channel: 'room-2', message_id: 'm-1' });
    expect(JSON.parse(frame.data)).toEqual(failureData);
    expect(JSON.parse(resumeFailed(1, failure, 'm-1'))).toEqual({
      event: 'pusher:resume_failed',
      channel: 'room-2',
      data: frame.data,
    });
  });

  it('tell of every channel in one frame', () => {
    const recovered = [
      { channel: 'a', source: 'hot' as const, replayed: 0, position: null },
      {
        channel: 'b',
        source: 'cold' as const,
        replayed: 2,
        position: { streamId: 's', serial: 43, lastMessageId: 'm' },
      },
      { channel: 'c', source: 'cold' as const, replayed: 1, position: { streamId: 's', serial: 9 } },
    ];
    const frame = JSON.parse(resumeSuccess(2, recovered, [failure], 'm-2'));
    expect(frame).toMatchObject({ event: 'sockudo:resume_success', message_id: 'm-2' });
    expect(frame.channel).toBeUndefined();
    expect(JSON.parse(frame.data)).toEqual({
      recovered: [
        { channel: 'a', source: 'hot', replayed: 0, position: null },
        {
          channel: 'b',
          source: 'cold',
          replayed: 2,
          position: { stream_id: 's', serial: 43, last_message_id: 'm' },
        },
        {
          channel: 'c',
          source: 'cold',
          replayed: 1,
          position: { stream_id: 's', serial: 9, last_message_id: null },
        },
      ],
      failed: [failureData],
    });
    expect(JSON.parse(resumeSuccess(1, [], [], 'm-2')).event).toBe('pusher:resume_success');
  });
});
