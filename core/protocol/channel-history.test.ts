import { describe, expect, it } from 'vitest';
import { channelHistoryFrame, parseChannelHistory, rewindCompleteFrame } from './channel-history.ts';
import { NO_BOUNDS } from './history-query.ts';

describe('the data of a channel_history', () => {
  const whole = { channel: 'room', limit: 2, until_attach: true, direction: 'forwards', cursor: 'abc' };
  const parsed = {
    channel: 'room',
    limit: 2,
    untilAttach: true,
    direction: 'oldest_first',
    cursor: 'abc',
    bounds: NO_BOUNDS,
  };

  it.each([
    ['an object', whole],
    ['a string', JSON.stringify(whole)],
    ['params', { params: whole }],
    ['params in a string', JSON.stringify({ params: whole })],
    ['params that win', { ...whole, limit: 9, params: { limit: 2 } }],
  ])('comes as %s', (_form, data) => {
    expect(parseChannelHistory(data)).toEqual(parsed);
  });

  it('takes serials by two names and as text, and times', () => {
    expect(parseChannelHistory({ channel: 'room', start: '3', end_serial: 9, end_time_ms: 5 })).toEqual({
      channel: 'room',
      untilAttach: false,
      bounds: { start_serial: 3, end_serial: 9, start_time_ms: null, end_time_ms: 5 },
    });
    expect(parseChannelHistory({ channel: 'room', untilAttach: true, limit: null }).untilAttach).toBe(true);
  });

  it.each([
    [undefined, 'Missing data in channel_history message'],
    [null, 'Missing data in channel_history message'],
    ['{"', 'Invalid channel_history data JSON: not JSON'],
    ['[]', 'Missing channel in channel_history message'],
    [{}, 'Missing channel in channel_history message'],
    [{ channel: 'room', direction: 'sideways' }, 'Unsupported history direction: sideways'],
    [{ channel: 'room', limit: 'many' }, 'limit must be a whole number'],
    [{ channel: 'room', start_serial: -1 }, 'start_serial must be a whole number'],
    [{ channel: 'room', cursor: 7 }, 'cursor must be a string'],
    [{ channel: 'room', until_attach: 'yes' }, 'until_attach must be a boolean'],
  ])('%j is refused', (data, text) => {
    expect(() => parseChannelHistory(data)).toThrow(`Invalid message format: ${text}`);
  });
});

describe('frames', () => {
  it('of a page', () => {
    expect(channelHistoryFrame('room', '{"items":[]}', 'id')).toBe(
      '{"event":"sockudo:channel_history","channel":"room","data":{"items":[]},"message_id":"id"}',
    );
  });

  it('of the end of a rewind', () => {
    const flags = { complete: true, truncated_by_retention: false, truncated_by_limit: false };
    expect(rewindCompleteFrame('room', { live_count: 1, historical_count: 2, ...flags }, 'id')).toBe(
      '{"event":"sockudo:rewind_complete","channel":"room","data":{"historical_count":2,"live_count":1,' +
        '"complete":true,"truncated_by_retention":false,"truncated_by_limit":false},"message_id":"id"}',
    );
  });
});
