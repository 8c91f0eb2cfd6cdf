import { describe, expect, it } from 'vitest';
import { loadSettings } from './load.ts';
import { APP, problems, withApps } from './load-fixture.ts';

describe('unknown settings', () => {
  it.each([
    [{ hostt: 'x' }, 'hostt: is not a setting; did you mean `host`?'],
    [{ history: { enable: true } }, 'history.enable: is not a setting; did you mean `history.enabled`?'],
    [
      { request_limit_in_mb: 3 },
      'request_limit_in_mb: is not a setting here; did you mean `http_api.request_limit_in_mb`?',
    ],
    [{ zzzzzzz: 1 }, 'zzzzzzz: is not a setting'],
    [{ prefix: 'x' }, 'prefix: is not a setting'],
    [
      { metrics: { prefix: 'x' } },
      'metrics.prefix: is not a setting here; did you mean `metrics.prometheus.prefix`?',
    ],
    [{ history: { 'a b': 1 } }, 'history."a b": is not a setting'],
    [
      withApps({ ...APP, policy: { limits: { max_conections: 1 } } }),
      'app_manager.array.apps[0].policy.limits.max_conections: is not a setting; did you mean `app_manager.array.apps[0].policy.limits.max_connections`?',
    ],
    [
      withApps({ ...APP, channel_delta_compression: { 'x:*': { enabledd: true } } }),
      'app_manager.array.apps[0].channel_delta_compression."x:*".enabledd: is not a setting; did you mean `app_manager.array.apps[0].channel_delta_compression."x:*".enabled`?',
    ],
  ])('%j', (config, expected) => {
    expect(problems(config)).toEqual([expected]);
  });

  it.each([
    [{ recovery: {} }, 'recovery', '`connection_recovery`'],
    [{ delta: {} }, 'delta', '`delta_compression`'],
    [{ cluster_health: {} }, 'cluster_health', '`adapter.cluster_health`'],
    [
      { rate_limiter: { limits: {} } },
      'rate_limiter.limits',
      '`rate_limiter.api_rate_limit` and `rate_limiter.websocket_rate_limit`',
    ],
    [
      { history: { retention_seconds: 1 } },
      'history.retention_seconds',
      '`history.retention_window_seconds`',
    ],
    [
      { history: { max_items_per_channel: 1 } },
      'history.max_items_per_channel',
      '`history.max_messages_per_channel`',
    ],
    [{ webhooks: { timeout_ms: 1 } }, 'webhooks.timeout_ms', '`webhooks.request_timeout_ms`'],
    [{ webhooks: { max_batch_size: 1 } }, 'webhooks.max_batch_size', '`webhooks.batching.size`'],
    [{ webhooks: { flush_interval_ms: 1 } }, 'webhooks.flush_interval_ms', '`webhooks.batching.duration`'],
    [{ adapter: { redis: { host: 'x' } } }, 'adapter.redis.host', '`database.redis.host`'],
    [{ push: { providers: {} } }, 'push.providers', '`push.fcm_enabled`, `push.apns_enabled` and so on'],
    [
      withApps({ ...APP, policy: { history: { retention_seconds: 1 } } }),
      'app_manager.array.apps[0].policy.history.retention_seconds',
      '`retention_window_seconds`',
    ],
  ])('names the right one for %j', (config, path, right) => {
    expect(problems(config)).toEqual([`${path}: is not a setting, though documented: use ${right}`]);
  });

  it('lists everything at once: unknown keys, bad values and forbidden combinations', () => {
    const config = {
      nonsense: 1,
      port: 'x',
      ssl: { enabled: true },
      annotations: { enabled: true },
      versioned_messages: { enabled: false },
    };
    expect(problems(config)).toEqual([
      'nonsense: is not a setting',
      'port: must be an integer from 0 to 65535, not "x"',
      'annotations.enabled: needs versioned_messages.enabled',
      'ssl.cert_path: must not be empty while ssl.enabled is true',
      'ssl.key_path: must not be empty while ssl.enabled is true',
    ]);
  });

  it('carries path, value, expectation and origin for machines', () => {
    const result = loadSettings({ config: { history: { backend: 'sqlit' } }, env: {}, cwd: '/nowhere' });
    expect(result).toMatchObject({
      ok: false,
      problems: [
        {
          path: 'history.backend',
          value: '"sqlit"',
          suggestion: 'sqlite',
          source: 'configuration object',
          expected: 'one of `memory`, `sqlite`, `postgres`, `mysql`, `dynamodb`, `surrealdb`, `scylladb`',
        },
      ],
    });
  });
});

describe('bad values', () => {
  it.each([
    [{ history: 3 }, 'history: must be a section, not 3'],
    [{ cors: { origin: '*' } }, 'cors.origin: must be a list, not "*"'],
    [{ debug: 'perhaps' }, 'debug: must be true or false, not "perhaps"'],
    [{ host: 4 }, 'host: must be a text, not 4'],
    [{ host: '' }, 'host: must not be empty'],
    [
      { unix_socket: { permission_mode: '999' } },
      'unix_socket.permission_mode: must be a text of the form ^[0-7]{1,4}$, not "999"',
    ],
    [withApps({ key: 'k', secret: 's' }), 'app_manager.array.apps[0].id: is missing: it must be a text'],
    [withApps({ ...APP, secret: '' }), 'app_manager.array.apps[0].secret: must not be empty'],
    [
      withApps({ ...APP, secret: 12_345 }),
      'app_manager.array.apps[0].secret: must be a text, not [redacted]',
    ],
    [
      withApps({
        ...APP,
        webhooks: [{ url: 'https://a.example', event_types: ['x'], headers: { A: 12_345 } }],
      }),
      'app_manager.array.apps[0].webhooks[0].headers.A: must be a text, not [redacted]',
    ],
    [
      { cleanup: { worker_threads: 0 } },
      'cleanup.worker_threads: must be `auto` or an integer of at least 1, not 0',
    ],
    [{ mode: 'x'.repeat(3), host: ['y'.repeat(200)] }, `host: must be a text, not ["${'y'.repeat(78)}…`],
  ])('%j', (config, expected) => {
    expect(problems(config)).toEqual([expected]);
  });

  it.each([
    'idempotency.ttl_seconds',
    'idempotency.max_key_length',
    'connection_recovery.buffer_ttl_seconds',
    'connection_recovery.max_buffer_size',
    'history.max_page_size',
    'history.retention_window_seconds',
    'history.writer_shards',
    'history.writer_queue_capacity',
    'presence_history.max_page_size',
    'presence_history.retention_window_seconds',
    'versioned_messages.max_page_size',
    'presence.update_rate_limit_per_member_per_second',
    'ai_transport.rollup.orphan_ttl_ms',
    'ai_transport.rollup.wheel_tick_ms',
    'ai_transport.rollup.shards',
    'ai_transport.max_appends_per_message',
    'rate_limiter.api_rate_limit.max_requests',
    'rate_limiter.websocket_rate_limit.window_seconds',
    'webhooks.request_timeout_ms',
  ])('%s must not be 0', (path) => {
    const config = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), 0);
    // CAST: the path has at least one key, so the result is an object.
    expect(problems(config as Record<string, unknown>)[0]).toMatch(
      new RegExp(`^${path}: must be an integer .*1.*, not 0$`),
    );
  });
});
