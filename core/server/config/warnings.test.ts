import { describe, expect, it } from 'vitest';
import { APP, warnings, withApps } from './load-fixture.ts';

describe('warnings', () => {
  it('are none for a plain configuration', () => {
    expect(warnings({})).toEqual([]);
  });

  it.each([
    [{ mode: 'staging' }, 'mode: `staging` counts as production'],
    [withApps(), 'app_manager.array.apps: is empty: nobody can connect, and /up answers ERROR'],
    [
      withApps({ id: 'a', key: 'k', secret: 's' }),
      'app_manager.array.apps[0].enabled: is not given, so the app is disabled: set it to true',
    ],
    [
      withApps({ ...APP, policy: {}, max_connections: 5 }),
      'app_manager.array.apps[0]: has a policy, so these flat settings are ignored: max_connections',
    ],
    [
      withApps({ ...APP, terminate_on_limit: true }),
      'app_manager.array.apps[0]: `terminate_on_limit` has no effect without `max_client_events_per_second`',
    ],
    [
      withApps({ ...APP, webhooks: [{ url: 'https://a.example', event_types: ['channel_ocupied'] }] }),
      'app_manager.array.apps[0].webhooks[0].event_types: `channel_ocupied` is no event that is sent; did you mean `channel_occupied`?',
    ],
    [
      { event_limits: { max_batch_size: 11 } },
      'event_limits.max_batch_size: has no effect: set `max_event_batch_size` of the app',
    ],
    [
      { channel_limits: { max_name_length: 9 } },
      'channel_limits.max_name_length: has no effect: set `max_channel_name_length` of the app',
    ],
    [
      { presence: { max_member_size_in_kb: 9 } },
      'presence.max_member_size_in_kb: has no effect: set `max_presence_member_size_in_kb` of the app',
    ],
    [
      { websocket: { disconnect_on_buffer_full: false } },
      'websocket.disconnect_on_buffer_full: has no effect: a connection whose queue is full is always closed with 4100, messages are never dropped',
    ],
    [
      { websocket: { compression: 'shared' } },
      'websocket.compression: has no effect: frames are not compressed in this version',
    ],
    [
      { versioned_messages: { driver: 'memory' } },
      'versioned_messages.driver: has no effect: versions are kept with history, in `sqlite`',
    ],
    [
      { push_rules: [{ channel_pattern: 'x*', event_filter: ['e'] }] },
      'push_rules: has no effect: no provider of push is enabled',
    ],
  ])('%j', (config, expected) => {
    expect(warnings(config)).toEqual([expected]);
  });
});
