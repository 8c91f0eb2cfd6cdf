import { describe, expect, it } from 'vitest';
import { APP, load, problems, withApps } from './load-fixture.ts';

const webhook = (changes: Record<string, unknown>) =>
  withApps({
    ...APP,
    policy: { webhooks: [{ url: 'https://a.example/x', event_types: ['channel_occupied'], ...changes }] },
  });
const namespaces = (...entries: Record<string, unknown>[]) =>
  withApps({ ...APP, policy: { channels: { channel_namespaces: entries } } });

describe('drivers that are not available', () => {
  it.each([
    [
      { cache: { driver: 'redis-cluster' } },
      'cache.driver: the driver `redis-cluster` is not available in this version: use `memory` or `sqlite` or `redis`',
    ],
    [
      { queue: { driver: 'sqs' } },
      'queue.driver: the driver `sqs` is not available in this version: use `sqlite` or `postgres` or `memory` or `none`',
    ],
    [
      { history: { backend: 'dynamodb' } },
      'history.backend: the driver `dynamodb` is not available in this version: use `sqlite` or `memory` or `postgres`',
    ],
    [
      { app_manager: { driver: 'mysql' } },
      'app_manager.driver: the driver `mysql` is not available in this version: use `memory`',
    ],
    [
      { rate_limiter: { driver: 'redis-cluster' } },
      'rate_limiter.driver: the driver `redis-cluster` is not available in this version: use `memory` or `redis`',
    ],
    [
      { server_role: 'api', adapter: { fallback_to_local: true } },
      'adapter.fallback_to_local: must be false for the role `api`',
    ],
    [
      { unix_socket: { enabled: true } },
      'unix_socket.enabled: is not available in this version: leave it false',
    ],
    [{ ssl: { redirect_http: true } }, 'ssl.redirect_http: is not available in this version: leave it false'],
    [
      { metrics: { tcp_exporter: { enabled: true } } },
      'metrics.tcp_exporter.enabled: is not available in this version: leave it false',
    ],
    [
      { ably_compat: { enabled: true, keys: [] } },
      'ably_compat.enabled: is not available in this version: leave it false',
    ],
  ])('%j', (config, expected) => {
    expect(problems(config)).toContain(expected);
  });

  it('are no matter where nothing uses them', () => {
    const unused = {
      history: { enabled: false, backend: 'dynamodb' },
      versioned_messages: { enabled: false, driver: 'memory' },
      rate_limiter: { enabled: false, driver: 'redis-cluster' },
    };
    expect(load(unused).settings.drivers.channelLog).toBe('memory');
    const kept = withApps({ ...APP, policy: { history: { enabled: true } } });
    expect(problems({ ...unused, ...kept })).toEqual([
      'history.backend: the driver `dynamodb` is not available in this version: use `sqlite` or `memory` or `postgres`',
    ]);
  });

  it('are refused in a cluster for whatever one node has for itself', () => {
    expect(
      problems({
        adapter: {
          driver: 'redis',
          cluster_health: { heartbeat_interval_ms: 20_000, cleanup_interval_ms: 40_000 },
        },
      }),
    ).toEqual([
      'cache.driver: `memory` keeps data on one node, but adapter.driver is `redis`: cached events and limits need a cache that all nodes share',
      'queue.driver: `sqlite` keeps data on one node, but adapter.driver is `redis`: jobs need a queue that all nodes share',
      'history.backend: `sqlite` keeps data on one node, but adapter.driver is `redis`: history, recovery, idempotency and push need a store that all nodes share',
      'rate_limiter.driver: `memory` keeps data on one node, but adapter.driver is `redis`: limits need a store that all nodes share',
      'adapter.cluster_health.heartbeat_interval_ms: must be at most a third of adapter.cluster_health.node_timeout_ms',
      'adapter.cluster_health.cleanup_interval_ms: must be at most adapter.cluster_health.node_timeout_ms',
    ]);
    const orphan = {
      adapter: { driver: 'nats' },
      history: { enabled: false },
      presence_history: { enabled: true },
    };
    expect(problems(orphan)).toContain('presence_history.enabled: needs history.enabled in a cluster');
  });
});

describe('a cluster', () => {
  const shared = {
    adapter: { driver: 'redis' },
    cache: { driver: 'redis' },
    queue: { driver: 'none' },
    rate_limiter: { driver: 'redis' },
    history: { enabled: false },
    versioned_messages: { enabled: false },
    annotations: { enabled: false },
    presence_history: { enabled: false },
    connection_recovery: { enabled: false },
    idempotency: { enabled: false },
  };
  const OWN_LOG =
    'history.backend: `sqlite` keeps data on one node, but adapter.driver is `redis`: history, recovery, idempotency and push need a store that all nodes share';

  it.each([
    [{}, []],
    [{ connection_recovery: { enabled: true } }, [OWN_LOG]],
    [{ idempotency: { enabled: true } }, [OWN_LOG]],
    [withApps({ ...APP, policy: { history: { enabled: true } } }), [OWN_LOG]],
    [withApps({ ...APP, connection_recovery: { enabled: false } }), []],
    [webhook({}), ['queue.driver: `none` sends no webhooks, but an app has some']],
    [{ ...webhook({}), queue: { driver: 'postgres' } }, []],
    [{ push: { webpush_enabled: true }, queue: { driver: 'postgres' } }, [OWN_LOG]],
    [
      { adapter: { driver: 'redis', cluster_health: { enabled: false } } },
      ['adapter.cluster_health.enabled: must be true: members of a dead node would stay for ever'],
    ],
    [
      { database: { redis: { url: 'http://secret@x' } } },
      ['database.redis.url: must be an address such as redis://user:password@host:6379/0'],
    ],
    [
      { cache: { driver: 'redis', redis: { url_override: 'redis://x/y' } } },
      ['cache.redis.url_override: must end with the number of a database, as in redis://host:6379/0'],
    ],
    [
      { database: { redis: { sentinels: [{ host: 'x', port: 1 }] } } },
      [
        'database.redis.sentinels: Sentinel is not available in this version: name the server itself in database.redis',
      ],
    ],
  ])('%j', (config, expected) => {
    expect(problems({ ...shared, ...config })).toEqual(expected);
  });

  it('opens no store of its own where nothing is kept', () => {
    expect(load(shared).settings.drivers).toMatchObject({ channelLog: 'memory', workQueue: 'none' });
  });

  it('finds Redis by single settings or by a URL', () => {
    const single = { host: 'r', port: 1, db: 2, password: 'p', key_prefix: 'x:' };
    expect(load({ ...shared, database: { redis: single } }).settings.redis).toEqual({
      address: { host: 'r', port: 1, db: 2, password: 'p', tls: null },
      cacheAddress: { host: 'r', port: 1, db: 2, password: 'p', tls: null },
      prefix: 'x:',
      cachePrefix: 'x:',
    });
    const env = { REDIS_URL: 'rediss://u:p%40@[::1]:7/3' };
    expect(load(shared, { env }).settings.redis.address).toEqual({
      host: '::1',
      port: 7,
      db: 3,
      username: 'u',
      password: 'p@',
      tls: { acceptsAnyCertificate: false },
    });
  });
});

it('counts limits in Redis only together with the cache', () => {
  expect(problems({ rate_limiter: { driver: 'redis' } })).toEqual([
    'rate_limiter.driver: `redis` counts in the cache: set cache.driver to `redis` too',
  ]);
});

describe('combinations', () => {
  it.each([
    [
      { ssl: { enabled: true, cert_path: 'a' } },
      ['ssl.key_path: must not be empty while ssl.enabled is true'],
    ],
    [{ metrics: { port: 6001 } }, ['metrics.port: must differ from port']],
    [{ port: 0, metrics: { port: 0 } }, []],
    [
      { annotations: { enabled: true }, versioned_messages: { enabled: false } },
      ['annotations.enabled: needs versioned_messages.enabled'],
    ],
    [
      {
        ai_transport: { enabled: true },
        history: { enabled: false },
        versioned_messages: { enabled: false },
      },
      [
        'ai_transport.enabled: needs history.enabled',
        'ai_transport.enabled: needs versioned_messages.enabled',
      ],
    ],
    [
      { ai_transport: { enabled: true, rollup: { default_window_ms: 30 } } },
      ['ai_transport.rollup.default_window_ms: must be one of 0, 20, 40, 100, 500, not 30'],
    ],
    [
      { ai_transport: { enabled: true, rollup: { default_window_ms: 40, min_window_ms: 50 } } },
      ['ai_transport.rollup.default_window_ms: must be one of 100, 500, not 40'],
    ],
    [
      { ai_transport: { enabled: true, rollup: { min_window_ms: 500, max_window_ms: 100 } } },
      ['ai_transport.rollup.min_window_ms: must not exceed ai_transport.rollup.max_window_ms'],
    ],
    [
      { ai_transport: { max_transport_value_bytes: 255 } },
      ['ai_transport.max_transport_value_bytes: must be an integer of at least 256, not 255'],
    ],
    [
      { ai_transport: { channels: [{ prefix: '' }] } },
      ['ai_transport.channels[0].prefix: must not be empty'],
    ],
    [
      { cors: { origin: ['https://a.example/path'] } },
      ['cors.origin[0]: must be an origin: scheme, host and port, without a path'],
    ],
    [{ cors: { origin: ['*.*.example'] } }, ['cors.origin[0]: may hold one `*` only']],
    [{ cors: { origin: [''] } }, ['cors.origin[0]: must not be empty or hold spaces']],
  ])('%j', (config, expected) => {
    expect(problems(config)).toEqual(expected);
  });
});

describe('apps', () => {
  it.each([
    [
      withApps(APP, { ...APP, key: 'other' }),
      ['app_manager.array.apps[1].id: `a` is already the id of app_manager.array.apps[0]'],
    ],
    [
      withApps(APP, { ...APP, id: 'other' }),
      ['app_manager.array.apps[1].key: `k` is already the key of app_manager.array.apps[0]'],
    ],
    [
      withApps({ ...APP, allowed_origins: ['https://ok.example', 'bad origin'] }),
      ['app_manager.array.apps[0].allowed_origins[1]: must not be empty or hold spaces'],
    ],
    [
      namespaces({ name: 'a:b' }),
      [
        'app_manager.array.apps[0].policy.channels.channel_namespaces[0].name: must not hold `:`, but is `a:b`',
      ],
    ],
    [
      namespaces({ name: '' }),
      ['app_manager.array.apps[0].policy.channels.channel_namespaces[0].name: must not be empty'],
    ],
    [
      namespaces({ name: 'a' }, { name: 'a' }),
      [
        'app_manager.array.apps[0].policy.channels.channel_namespaces[1].name: `a` is already a namespace of this app',
      ],
    ],
    [
      namespaces({ name: 'a', channel_name_pattern: '(' }),
      [
        'app_manager.array.apps[0].policy.channels.channel_namespaces[0].channel_name_pattern: is not a regular expression: "("',
      ],
    ],
    [
      namespaces({ name: 'a', max_channel_name_length: 0 }),
      [
        'app_manager.array.apps[0].policy.channels.channel_namespaces[0].max_channel_name_length: must be an integer of at least 1, not 0',
      ],
    ],
  ])('%j', (config, expected) => {
    expect(problems(config)).toEqual(expected);
  });
});

describe('webhooks', () => {
  const at = 'app_manager.array.apps[0].policy.webhooks[0]';

  it.each([
    [
      { headers: { 'X-Pusher-Key': 'x' } },
      `${at}.headers["X-Pusher-Key"]: is a reserved header: the server writes it itself`,
    ],
    [
      { headers: { 'content-type': 'x' } },
      `${at}.headers["content-type"]: is a reserved header: the server writes it itself`,
    ],
    [{ headers: { 'a b': 'x' } }, `${at}.headers["a b"]: is not a header name`],
    [{ headers: { A: 'x\r\nB: y' } }, `${at}.headers["A"]: must not hold control characters`],
    [{ url: undefined }, `${at}.url: is missing: a webhook needs the address it is sent to`],
    [{ url: 'nowhere' }, `${at}.url: is not a URL`],
    [{ url: 'ftp://a.example' }, `${at}.url: must begin with http:// or https://`],
    [{ url: 'https://u:p@a.example' }, `${at}.url: must not hold credentials: use a header`],
    [
      { url: undefined, lambda_function: 'f' },
      `${at}.lambda: Lambda targets are not available in this version: use url`,
    ],
    [{ event_types: [] }, `${at}.event_types: must name at least one event`],
    [{ filter: { channel_pattern: '[' } }, `${at}.filter.channel_pattern: is not a regular expression: "["`],
  ])('%j', (changes, expected) => {
    expect(problems(webhook(changes))).toEqual([expected]);
  });

  it('may share a URL and carry headers of their own (D67)', () => {
    const one = {
      url: 'https://a.example/x',
      event_types: ['channel_occupied'],
      headers: { 'X-Env': 'stage' },
    };
    expect(load(withApps({ ...APP, webhooks: [one, one] })).settings.apps[0]?.webhooks).toHaveLength(2);
  });
});
