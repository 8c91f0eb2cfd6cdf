import { describe, expect, it } from 'vitest';
import { load, problems } from './load-fixture.ts';

/** What is refused about a server that delivers through Web Push, in production unless it says otherwise. */
const refused = (push: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  problems({ push: { webpush_enabled: true, ...push }, queue: { driver: 'sqlite' }, ...more });

describe('push', () => {
  it('is off where no provider is enabled', () => {
    expect(load({ push: { allow_local_endpoints: true } }).settings.push).toBeNull();
  });

  it('has the defaults of Sockudo', () => {
    const { settings } = load({ push: { webpush_enabled: true }, queue: { driver: 'sqlite' } });
    expect(settings.push).toMatchObject({
      enabled: ['webPush'],
      encryptionKey: null,
      allowsLocalEndpoints: false,
      workers: { planners: 1, maxOutboundRequests: 32 },
      fastThreshold: 10_000,
      shardSize: 100_000,
      retry: {
        maxAttempts: 5,
        initialBackoffMs: 1000,
        maxBackoffMs: 60_000,
        maxElapsedMs: 86_400_000,
        jitter: 0.2,
      },
      backpressure: { always: false, maxWaitingJobs: 100_000, maxLagMs: 60_000, retryAfterSeconds: 5 },
      quotas: { acceptancePerSecond: 100, fanout: Number.POSITIVE_INFINITY },
      statusTtlMs: 2_592_000_000,
      rules: [],
    });
  });

  it('reads the variables of Sockudo', () => {
    const env = {
      PUSH_FCM_ENABLED: 'true',
      FCM_PROJECT_ID: 'p',
      PUSH_FCM_PROVIDER_TOKEN: 't',
      GOOGLE_APPLICATION_CREDENTIALS: '/elsewhere.json',
      PUSH_WEBPUSH_VAPID_PRIVATE_KEY: 'v',
      VAPID_CONTACT: 'mailto:a@b.example',
      PUSH_WEBPUSH_DENIED_HOSTS: 'a.example,.b.example',
      PUSH_FANOUT_MAX: '7',
      PUSH_DELIVERY_QUOTA_DAILY: '8',
      PUSH_PROVIDER_APNS_DAILY_QUOTA: '9',
      PUSH_ACCEPTANCE_RATE_LIMIT: '10',
      PUSH_DEFAULT_ACCEPTANCE_RPS: '11',
      PUSH_CREDENTIAL_ENCRYPTION_KEY: ' k ',
      PUSH_ALLOW_MEMORY_DRIVERS: 'true',
    };
    expect(load({}, { env }).settings.push).toMatchObject({
      enabled: ['fcm'],
      credentials: {
        fcm: { projectId: 'p', providerToken: 't', serviceAccountPath: '/elsewhere.json' },
        webPush: { privateKey: 'v', contact: 'mailto:a@b.example' },
      },
      webPushHosts: { denied: ['a.example', '.b.example'] },
      quotas: { fanout: 7, deliveriesPerDay: 8, acceptancePerSecond: 10, ceilings: { apns: 9 } },
      encryptionKey: 'k',
    });
  });

  it('takes only the rules that are enabled', () => {
    const rule = { channel_pattern: 'a-*', event_filter: ['e'] };
    const { settings } = load({
      push: { webpush_enabled: true, allow_memory_drivers: true },
      push_rules: [rule, { ...rule, enabled: false }],
    });
    expect(settings.push?.rules).toEqual([
      {
        channelPattern: 'a-*',
        events: ['e'],
        perSecond: 100,
        titleField: 'title',
        bodyField: 'body',
        dataField: 'data',
        includesRest: true,
      },
    ]);
  });
});

describe('a server with push does not start', () => {
  it.each([
    [{}, { queue: { driver: 'memory' } }, 'queue.driver: push would be lost with the process'],
    [{}, { history: { backend: 'memory' } }, 'history.backend: push would be lost with the process'],
    [{ storage_driver: 'dynamodb' }, {}, 'push.storage_driver: the driver `dynamodb` is not available'],
    [{ storage_driver: 'postgres' }, {}, 'push.storage_driver: push is kept in the store of history.backend'],
    [{ retry: { max_attempts: 101 } }, {}, 'push.retry.max_attempts: must be at most 100'],
  ])('%j %j', (push, more, expected) => {
    expect(refused(push, more)).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    [{ channel_pattern: 'a*b', event_filter: ['e'] }, 'channel_pattern'],
    [{ channel_pattern: 'a', event_filter: [] }, 'event_filter'],
    [{ channel_pattern: 'a', event_filter: ['e'], payload_mapping: { title_field: '' } }, 'title_field'],
  ])('with the rule %j', (rule, member) => {
    expect(problems({ push_rules: [rule] })).toEqual([expect.stringContaining(member)]);
  });

  it('but does in development, or when told to', () => {
    expect(refused({}, { queue: { driver: 'memory' }, mode: 'development' })).toEqual([]);
    expect(refused({ allow_memory_drivers: true }, { queue: { driver: 'memory' } })).toEqual([]);
  });
});
