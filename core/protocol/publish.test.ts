import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { idempotencyKeyError, infoSet, parseBatch, parsePublish } from './publish.ts';

const refusal = (call: () => unknown): [number, string, string] | 'accepted' => {
  try {
    call();
  } catch (error) {
    if (ProtocolError.is(error)) return [error.httpStatus, error.code, error.detail];
    throw error;
  }
  return 'accepted';
};
const event = { name: 'ev', channel: 'c', data: 'd' };

describe('parsePublish', () => {
  it('reads a plain event', () => {
    expect(parsePublish(event)).toEqual({
      name: 'ev',
      data: '"d"',
      payloadBytes: 1,
      channels: ['c'],
      info: null,
    });
  });

  it('reads everything else', () => {
    expect(
      parsePublish({
        ...event,
        channels: ['a', 'b'],
        socket_id: '1.2',
        info: ' user_count , cache,what',
        tags: { t: 'v' },
        delta: false,
        idempotency_key: 'k',
        message_id: 'm',
        extras: { ephemeral: true },
        field_from_the_future: true,
      }),
    ).toEqual({
      name: 'ev',
      data: '"d"',
      payloadBytes: 1,
      channels: ['a', 'b'],
      socketId: '1.2',
      info: new Set(['user_count', 'cache']),
      tags: { t: 'v' },
      delta: false,
      idempotencyKey: 'k',
      messageId: 'm',
      extras: { ephemeral: true },
    });
  });

  it.each([
    ['text', '"text"', 4],
    ['', '""', 0],
    ['é"', '"é\\""', 3],
    [{ seat: '4B' }, '"{\\"seat\\":\\"4B\\"}"', 13],
    [[1, 2], '"[1,2]"', 5],
    [5, '"5"', 1],
    [false, '"false"', 5],
    [null, '"null"', 4],
    [undefined, '"null"', 4],
  ])('data %j becomes a string (D50)', (data, json, bytes) => {
    const request = parsePublish({ name: 'ev', channel: 'c', data });
    expect([request.data, request.payloadBytes]).toEqual([json, bytes]);
  });

  it.each([
    [{ channel: 'c', data: 'd' }, 'invalid_input', 'Event name is required'],
    [{}, 'invalid_input', 'Event name is required'],
    [{ name: null, channel: 'c' }, 'invalid_input', 'Event name is required'],
    [{ name: 'ev' }, 'missing_channel_info', "Request must contain 'channels' (list) or 'channel' (string)"],
    [
      { ...event, channels: [] },
      'missing_channel_info',
      "Request must contain 'channels' (list) or 'channel' (string)",
    ],
    [{ ...event, socket_id: 'nonsense' }, 'invalid_input', 'Invalid socket_id'],
    [{ ...event, idempotency_key: '' }, 'invalid_input', 'Idempotency key must not be empty'],
    [
      { ...event, name: 'e'.repeat(201) },
      'limit_exceeded',
      `Event name '${'e'.repeat(201)}' exceeds maximum length of 200`,
    ],
  ])('400 for %j', (body, code, text) => {
    expect(refusal(() => parsePublish(body))).toEqual([400, code, text]);
  });

  it.each([
    [[]],
    ['text'],
    [null],
    [{ ...event, name: 5 }],
    [{ ...event, channels: 'no list' }],
    [{ ...event, channels: ['a', 5] }],
    [{ ...event, channel: {} }],
    [{ ...event, socket_id: 1.2 }],
    [{ ...event, info: ['user_count'] }],
    [{ ...event, tags: { a: 1 } }],
    [{ ...event, tags: [] }],
    [{ ...event, delta: 'no' }],
    [{ ...event, extras: { headers: { a: {} } } }],
    [{ ...event, message_id: 7 }],
  ])('422 for %j', (body) => {
    const answer = refusal(() => parsePublish(body));
    expect([answer[0], answer[1]]).toEqual([422, 'invalid_input']);
  });

  it('null and empty socket ids, and null options, are absent', () => {
    for (const socket_id of [null, ''])
      expect(parsePublish({ ...event, socket_id })).not.toHaveProperty('socketId');
    expect(parsePublish({ ...event, channels: null, info: null, tags: null, extras: null })).toEqual(
      parsePublish(event),
    );
  });

  it('holds the limits of the app', () => {
    const limits = { maxEventNameBytes: 30, maxPayloadKb: 1, maxChannels: 3, maxIdempotencyKeyBytes: 64 };
    expect(refusal(() => parsePublish({ ...event, data: 'x'.repeat(1025) }, limits))).toEqual([
      413,
      'payload_too_large',
      "Event payload size (1025 bytes) for event 'ev' exceeds limit (1KB)",
    ]);
    expect(refusal(() => parsePublish({ ...event, name: 'e'.repeat(31) }, limits))).toEqual([
      400,
      'limit_exceeded',
      `Event name '${'e'.repeat(31)}' exceeds maximum length of 30`,
    ]);
    expect(refusal(() => parsePublish({ ...event, channels: ['1', '2', '3', '4'] }, limits))).toEqual([
      400,
      'limit_exceeded',
      'Number of channels (4) exceeds limit (3)',
    ]);
    expect(refusal(() => parsePublish({ ...event, idempotency_key: 'k'.repeat(65) }, limits))).toEqual([
      400,
      'invalid_input',
      'Idempotency key exceeds maximum length of 64 characters',
    ]);
    expect(
      refusal(() => parsePublish({ ...event, name: 'e'.repeat(30), data: 'x'.repeat(1024) }, limits)),
    ).toBe('accepted');
  });

  it('an info that names nothing known still asks for the long answer', () => {
    expect(parsePublish({ ...event, info: '' }).info).toEqual(new Set());
    expect(infoSet('subscription_count,,USER_COUNT')).toEqual(new Set(['subscription_count']));
  });

  it('refuses nesting that could not be written out', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(refusal(() => parsePublish({ ...event, data: deep }))[0]).toBe(422);
    expect(refusal(() => parsePublish({ ...event, extras: { push: deep } }))[0]).toBe(422);
  });

  it('throws nothing but ProtocolErrors', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void refusal(() => parsePublish(body))));
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('data', 'extras', 'tags', 'channels', 'info'),
        (value, key) => {
          refusal(() => parsePublish({ ...event, [key]: value }));
          refusal(() => parseBatch({ batch: [{ ...event, [key]: value }] }));
        },
      ),
    );
  });

  it('the string in frames is the data that was published', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const text: unknown = JSON.parse(parsePublish({ ...event, data }).data);
        expect(text).toBe(typeof data === 'string' ? data : JSON.stringify(data));
      }),
    );
  });
});

describe('parseBatch', () => {
  it('reads every item, none at all included', () => {
    expect(parseBatch({ batch: [event, { ...event, name: 'two' }] }).map((item) => item.name)).toEqual([
      'ev',
      'two',
    ]);
    expect(parseBatch({ batch: [] })).toEqual([]);
  });

  it.each([[{}], [{ batch: 'x' }], [[]], [{ batch: [5] }], [{ batch: [event, { ...event, name: 5 }] }]])(
    '422 for %j',
    (body) => {
      expect(refusal(() => parseBatch(body))[0]).toBe(422);
    },
  );

  it('looks at shapes, then at the size, then at each item in order', () => {
    const unnamed = { channel: 'c' };
    const limits = { maxBatchSize: 3 };
    const four = [unnamed, event, event, event];
    expect(refusal(() => parseBatch({ batch: [...four, 5] }, limits))[0]).toBe(422);
    expect(refusal(() => parseBatch({ batch: four }, limits))).toEqual([
      400,
      'limit_exceeded',
      'Batch size (4) exceeds limit (3)',
    ]);
    expect(refusal(() => parseBatch({ batch: [event, unnamed, { name: 'ev' }] }, limits))).toEqual([
      400,
      'invalid_input',
      'Event name is required',
    ]);
  });
});

it('idempotencyKeyError counts bytes', () => {
  expect(idempotencyKeyError('é'.repeat(64))).toBeNull();
  expect(idempotencyKeyError('é'.repeat(65))?.httpStatus).toBe(400);
});
