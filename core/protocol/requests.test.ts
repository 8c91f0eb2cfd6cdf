import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import {
  parseChannelData,
  parseSignin,
  parseSubscribe,
  parseUnsubscribe,
  parseUserData,
} from './requests.ts';

const refusal = (call: () => unknown): [number, string] | 'accepted' => {
  try {
    call();
  } catch (error) {
    if (ProtocolError.is(error)) return [error.wsCode, error.message];
    throw error;
  }
  return 'accepted';
};

describe('parseSubscribe', () => {
  it('takes an object or a string that holds one', () => {
    const request = { channel: 'presence-a', auth: 'k:s', channelData: '{"user_id":"u"}' };
    const data = { channel: 'presence-a', auth: 'k:s', channel_data: '{"user_id":"u"}' };
    expect(parseSubscribe(data)).toEqual(request);
    expect(parseSubscribe(JSON.stringify(data))).toEqual(request);
  });

  it.each([
    [undefined, 'Invalid subscription data format'],
    [null, 'Invalid subscription data format'],
    [{}, 'Missing channel field'],
    [[], 'Missing channel field'],
    [12, 'Missing channel field'],
    [{ channel: 5 }, 'Missing channel field'],
    [{ __proto__: { channel: 'a' } }, 'Missing channel field'],
    ['{}', 'Missing channel field in string data'],
    ['[]', 'Missing channel field in string data'],
    ['not json', 'Failed to parse subscription data'],
    [{ channel: 'a', modes: 'ANNOTATION_SUBSCRIBE' }, 'subscription modes must be an array'],
    [{ channel: 'a', modes: null }, 'subscription modes must be an array'],
  ])('refuses %j', (data, text) => {
    expect(refusal(() => parseSubscribe(data))).toEqual([4000, `Invalid message format: ${text}`]);
  });

  it.each([
    [25, { count: 25 }],
    ['25', { count: 25 }],
    [{ count: 25 }, { count: 25 }],
    [{ seconds: 60 }, { seconds: 60 }],
    [{ duration_seconds: 60 }, { seconds: 60 }],
    [{ count: 5, seconds: 60 }, { count: 5 }],
  ])('rewind %j', (rewind, expected) => {
    expect(parseSubscribe({ channel: 'a', rewind }).rewind).toEqual(expected);
  });

  it.each([
    0,
    -1,
    'abc',
    '',
    true,
    null,
    [],
    {},
    1.5,
    { count: 0 },
    { count: 0, seconds: 5 },
    { seconds: 'x' },
    { count: '5' },
  ])('no rewind: %j', (rewind) => {
    expect(refusal(() => parseSubscribe({ channel: 'a', rewind }))).toEqual([
      4000,
      'Invalid message format: Invalid rewind option in subscription data',
    ]);
  });

  it.each([
    ['fossil', { enabled: true, algorithm: 'fossil' }],
    ['VCDIFF', { enabled: true, algorithm: 'xdelta3' }],
    ['xdelta3', { enabled: true, algorithm: 'xdelta3' }],
    ['whatever', { enabled: true }],
    ['none', { enabled: false }],
    ['disabled', { enabled: false }],
    ['false', { enabled: false }],
    [true, { enabled: true }],
    [false, { enabled: false }],
    [{ enabled: false }, { enabled: false }],
    [{ algorithm: 'fossil' }, { algorithm: 'fossil' }],
    [{}, {}],
    [null, undefined],
    [5, undefined],
  ])('delta %j', (delta, expected) => {
    expect(parseSubscribe({ channel: 'a', delta }).delta).toEqual(expected);
  });

  it('hands filters on unread, also an explicit null, and keeps only texts of modes', () => {
    const filter = { events: ['a'] };
    expect(parseSubscribe({ channel: 'a', filter, tags_filter: null, modes: ['X', 5] })).toEqual({
      channel: 'a',
      filter,
      tagsFilter: null,
      modes: ['X'],
    });
  });

  it('throws nothing but ProtocolErrors', () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        refusal(() => parseSubscribe(data));
        refusal(() => parseSubscribe({ channel: 'a', rewind: data, modes: data, delta: data }));
        refusal(() => parseUnsubscribe(data));
        refusal(() => parseSignin(data));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        refusal(() => parseSubscribe(text));
        refusal(() => parseChannelData(text));
        refusal(() => parseUserData(text));
      }),
    );
  });
});

describe('parseUnsubscribe', () => {
  it('takes an object, or a bare string that is the name itself', () => {
    expect(parseUnsubscribe({ channel: 'a' })).toBe('a');
    expect(parseUnsubscribe('{"channel":"a"}')).toBe('{"channel":"a"}');
  });

  it.each([
    [undefined, 'Missing data in unsubscribe message'],
    [{}, 'Missing channel in unsubscribe message'],
    [5, 'Missing channel in unsubscribe message'],
  ])('refuses %j', (data, text) => {
    expect(refusal(() => parseUnsubscribe(data))).toEqual([4000, `Invalid message format: ${text}`]);
  });
});

describe('parseSignin', () => {
  it('keeps both members as sent', () => {
    expect(parseSignin({ auth: 'k:s', user_data: '{ "id":"u" }' })).toEqual({
      auth: 'k:s',
      userData: '{ "id":"u" }',
    });
  });

  it.each([
    ['{}', 4000, 'Invalid message format: Invalid signin data format'],
    [undefined, 4000, 'Invalid message format: Invalid signin data format'],
    [{}, 4009, "Authentication error: Missing 'user_data' field in signin data"],
    [[], 4009, "Authentication error: Missing 'user_data' field in signin data"],
    [
      { user_data: { id: 'u' }, auth: 'a' },
      4009,
      "Authentication error: Missing 'user_data' field in signin data",
    ],
    [{ user_data: '{}' }, 4009, "Authentication error: Missing 'auth' field in signin data"],
  ])('refuses %j', (data, code, text) => {
    expect(refusal(() => parseSignin(data))).toEqual([code, text]);
  });
});

describe('JSON inside', () => {
  it('user_data', () => {
    expect(parseUserData('{"id":"u","user_info":{"n":1},"watchlist":["a",5],"capabilities":{}}')).toEqual({
      id: 'u',
      userInfo: { n: 1 },
      watchlist: ['a'],
      capabilities: {},
    });
    for (const text of ['{"name":"x"}', '{"id":7}', '[]', 'null', '{"__proto__":{"id":"u"}}']) {
      expect(refusal(() => parseUserData(text))).toEqual([
        4009,
        "Authentication error: Missing 'id' field in user_data",
      ]);
    }
    expect(refusal(() => parseUserData('not json'))[1]).toMatch(
      /^Authentication error: Invalid user_data JSON: /,
    );
  });

  it('channel_data', () => {
    expect(parseChannelData('{"user_id":"u","user_info":{"n":1}}')).toEqual({
      userId: 'u',
      userInfo: '{"n":1}',
    });
    expect(parseChannelData('{"user_id":"u"}').userInfo).toBe('{}');
    for (const text of ['{}', '{"user_id":7}', '5', '[]']) {
      expect(refusal(() => parseChannelData(text))).toEqual([
        4300,
        'Channel error: Missing user_id in channel_data',
      ]);
    }
    expect(refusal(() => parseChannelData('{'))).toEqual([
      4000,
      'Invalid message format: Invalid channel_data JSON for presence',
    ]);
  });
});
