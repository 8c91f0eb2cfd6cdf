import { describe, expect, it } from 'vitest';
import { authenticationError, ProtocolError } from './errors.ts';
import * as frames from './platform-frames.ts';

describe('frames of the fact sheets', () => {
  it('connection_established', () => {
    expect(frames.connectionEstablished(1, '4815162342.1607', 120)).toBe(
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"4815162342.1607\\",\\"activity_timeout\\":120}"}',
    );
    expect(frames.connectionEstablished(2, '1.2', 120, 'id')).toBe(
      '{"event":"sockudo:connection_established","data":"{\\"socket_id\\":\\"1.2\\",\\"activity_timeout\\":120}","message_id":"id"}',
    );
  });

  it('errors', () => {
    expect(frames.errorFrameOf(1, authenticationError('Channel requires authentication'), 'unused')).toBe(
      '{"event":"pusher:error","data":{"code":4009,"message":"Authentication error: Channel requires authentication"}}',
    );
    expect(frames.errorFrame(2, 4301, 'Client event rejected due to rate limit', undefined, 'id')).toBe(
      '{"event":"sockudo:error","data":{"code":4301,"message":"Client event rejected due to rate limit"},"message_id":"id"}',
    );
    const spoof = new ProtocolError('ai_client_id_spoof', 'text');
    expect(JSON.parse(frames.errorFrameOf(2, spoof)).data).toEqual({
      code: 4000,
      message: 'text',
      ai_code: 104002,
    });
    expect(JSON.parse(frames.unknownErrorFrame(1)).data.code).toBe(4000);
  });

  it('ping and pong carry nothing', () => {
    expect([frames.PING_V1, frames.pong(1), frames.pong(2)]).toEqual([
      '{"event":"pusher:ping"}',
      '{"event":"pusher:pong"}',
      '{"event":"sockudo:pong"}',
    ]);
  });

  it('subscription_succeeded', () => {
    expect(
      frames.subscriptionSucceeded(1, { channel: 'room-1', attachSerial: 4, serial: 4, streamId: 's' }),
    ).toBe('{"event":"pusher_internal:subscription_succeeded","channel":"room-1","data":"{}"}');
    const members = [
      ['u-7', '{"name":"Ada"}'],
      ['u-9', '{}'],
    ] as const;
    const presence = frames.encodePresence(members);
    expect(frames.subscriptionSucceeded(1, { channel: 'presence-desk', presence })).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"presence-desk","data":"{\\"presence\\":{\\"ids\\":[\\"u-7\\",\\"u-9\\"],\\"hash\\":{\\"u-7\\":{\\"name\\":\\"Ada\\"},\\"u-9\\":{}},\\"count\\":2}}"}',
    );
    expect(
      frames.subscriptionSucceeded(2, {
        channel: 'room-1',
        attachSerial: 41,
        serial: 41,
        streamId: '7f2e',
        messageId: 'd0b0',
      }),
    ).toBe(
      '{"event":"sockudo_internal:subscription_succeeded","channel":"room-1","data":"{\\"attach_serial\\":41}","message_id":"d0b0","stream_id":"7f2e","serial":41}',
    );
    expect(frames.encodePresence([])).toBe('{"ids":[],"hash":{},"count":0}');
  });

  it('members, cache miss, sign-in', () => {
    expect(frames.memberAdded(1, 'presence-desk', 'u-9', '{}')).toBe(
      '{"event":"pusher_internal:member_added","channel":"presence-desk","data":"{\\"user_id\\":\\"u-9\\",\\"user_info\\":{}}"}',
    );
    expect(frames.memberRemoved(2, 'presence-desk', 'u-9')).toBe(
      '{"event":"sockudo_internal:member_removed","channel":"presence-desk","data":"{\\"user_id\\":\\"u-9\\"}"}',
    );
    expect(frames.presenceUpdate('presence-desk', 'u-7', '{"status":"typing"}')).toBe(
      '{"event":"sockudo_internal:presence_update","channel":"presence-desk","data":"{\\"user_id\\":\\"u-7\\",\\"user_info\\":{\\"status\\":\\"typing\\"}}"}',
    );
    expect(frames.cacheMiss(1, 'cache-ticker')).toBe(
      '{"event":"pusher:cache_miss","channel":"cache-ticker","data":"{}"}',
    );
    expect(frames.signinSuccess(1, '{"id":"u-7"}')).toBe(
      '{"event":"pusher:signin_success","data":{"user_data":"{\\"id\\":\\"u-7\\"}"}}',
    );
  });

  it('counts and members on meta channels', () => {
    expect(frames.metaCount('channel_occupied', 'room-1', 1)).toBe(
      '{"event":"sockudo_internal:channel_occupied","channel":"[meta]room-1","data":{"channel":"room-1","subscription_count":1}}',
    );
    expect(frames.metaMember('member_added', 'presence-desk', 'u-9')).toBe(
      '{"event":"sockudo_internal:member_added","channel":"[meta]presence-desk","data":{"channel":"presence-desk","user_id":"u-9"}}',
    );
  });

  it('a change of a watchlist: single notices, then one summary (D28)', () => {
    expect(frames.watchlistFrames(1, { online: ['a', 'b'], offline: ['c'] })).toEqual([
      '{"event":"online","data":{"user_ids":["a","b"]}}',
      '{"event":"offline","data":{"user_ids":["c"]}}',
      '{"event":"pusher_internal:watchlist_events","data":{"events":[{"name":"online","user_ids":["a","b"]},{"name":"offline","user_ids":["c"]}]}}',
    ]);
    expect(frames.watchlistFrames(2, { online: ['a'], offline: [] }, () => 'id')).toEqual([
      '{"event":"online","data":{"user_ids":["a"]},"message_id":"id"}',
      '{"event":"sockudo_internal:watchlist_events","data":{"events":[{"name":"online","user_ids":["a"]}]},"message_id":"id"}',
    ]);
    expect(frames.watchlistFrames(1, {})).toEqual([]);
  });
});
