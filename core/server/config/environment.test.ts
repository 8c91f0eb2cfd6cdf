import { describe, expect, it } from 'vitest';
import { environmentLayer } from './environment.ts';
import { VARIABLES } from './environment-names.ts';
import { loadSettings } from './load.ts';
import { APP, load, problems, warnings, withApps } from './load-fixture.ts';
import { nodeAt } from './tree.ts';

const app = (env: Record<string, string>, config = withApps()) => load(config, { env }).settings.apps;

describe('variables of single settings', () => {
  it.each([...VARIABLES])('%s sets %s', (_name, setting) => {
    expect(nodeAt(setting.split('.'))?.description).toBeTypeOf('string');
  });

  it.each([
    [{ PORT: '7001' }, { port: 7001 }],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ ENVIRONMENT: 'development' }, { mode: 'development', host: '127.0.0.1' }],
    [
      { REVERB_SERVER_HOST: '10.0.0.1', REVERB_SERVER_PORT: '8080' },
      { host: '10.0.0.1', port: 8080 },
    ],
    [{ HOST: '::1', REVERB_SERVER_HOST: '10.0.0.1' }, { host: '::1' }],
    [{ SOCKUDO_MAX_CONNECTIONS: '5' }, { maxConnections: 5 }],
    [{ ACTIVITY_TIMEOUT: '30' }, { activityTimeoutSeconds: 30 }],
    [{ SHUTDOWN_GRACE_PERIOD: '1' }, { shutdownGraceMs: 1000 }],
    [{ WEBSOCKET_MAX_PAYLOAD_KB: '1' }, { maxFrameBytes: 1024 }],
    [{ INSTANCE_PROCESS_ID: 'n7' }, { nodeId: 'n7' }],
    [{ DATABASE_SQLITE_PATH: '/d/a.db' }, { databasePath: '/d/a.db' }],
    [{ HISTORY_BACKEND: 'memory' }, { drivers: { channelLog: 'memory' } }],
    [
      { CACHE_DRIVER: 'sqlite', QUEUE_DRIVER: 'memory' },
      { drivers: { cache: 'sqlite', workQueue: 'memory' } },
    ],
    [
      { CORS_ORIGINS: 'https://a.example, https://b.example' },
      { cors: { origins: ['https://a.example', 'https://b.example'] } },
    ],
    [
      { RATE_LIMITER_API_MAX_REQUESTS: '7', RATE_LIMITER_API_TRUST_HOPS: '2' },
      { rateLimits: { api: { max: 7, trustHops: 2 } } },
    ],
    [{ METRICS_PROMETHEUS_PREFIX: 'x_' }, { metrics: { prefix: 'x_' } }],
    [{ WEBSOCKET_MAX_MESSAGES: 'none' }, { outbox: { maxMessages: Number.POSITIVE_INFINITY } }],
    [{ WEBSOCKET_MAX_BYTES: '4096' }, { outbox: { maxBytes: 4096 } }],
    [{ WEBHOOK_BATCHING_SIZE: '3' }, { webhooks: { batch: { maxEvents: 3 } } }],
    [{ QUEUE_LEASE_DURATION_MS: '5' }, { queue: { leaseMs: 5 } }],
    [{ LOG_OUTPUT_FORMAT: 'JSON' }, { log: { pretty: false } }],
    [{ LOG_OUTPUT_FORMAT: 'human' }, { log: { pretty: true } }],
    [{ RUST_LOG: 'warn' }, { log: { level: 'warn' } }],
    [{ RUST_LOG: 'info,tower=trace,sockudo=debug' }, { log: { level: 'debug' } }],
    [{ RUST_LOG: 'off' }, { log: { level: 'silent' } }],
    [{ SOCKUDO_LOG_PROD: 'error', SOCKUDO_LOG_DEBUG: 'trace' }, { log: { level: 'error' } }],
    [{ DEBUG: 'true', SOCKUDO_LOG_PROD: 'error', SOCKUDO_LOG_DEBUG: 'trace' }, { log: { level: 'trace' } }],
    [{ DEBUG_MODE: 'yes' }, { log: { level: 'debug' } }],
    [{ DEBUG: 'http:*' }, { log: { level: 'info' } }],
  ])('%j', (env, expected) => {
    expect(load({}, { env }).settings).toMatchObject(expected);
  });

  it.each(['true', '1', 'yes', 'on', 'TRUE', ' On '])('reads %j as true', (text) => {
    expect(
      load({ ephemeral: { enabled: false } }, { env: { EPHEMERAL_ENABLED: text } }).settings.ephemeralEnabled,
    ).toBe(true);
  });

  it.each(['false', '0', 'no', 'off', 'OFF'])('reads %j as false', (text) => {
    expect(load({}, { env: { EPHEMERAL_ENABLED: text } }).settings.ephemeralEnabled).toBe(false);
  });

  it.each([
    [{ PORT: 'abc' }, 'port: must be an integer from 0 to 65535, not "abc"'],
    [{ PORT: '70000' }, 'port: must be an integer from 0 to 65535, not 70000'],
    [{ PORT: '6001.5' }, 'port: must be an integer from 0 to 65535, not 6001.5'],
    [{ EPHEMERAL_ENABLED: 'maybe' }, 'ephemeral.enabled: must be true or false, not "maybe"'],
    [{ DEBUG_MODE: 'maybe' }, 'DEBUG_MODE: must be true or false, not "maybe"'],
    [{ ADAPTER_DRIVER: 'redsi' }, 'did you mean `redis`?'],
    [{ SOCKUDO_SKIP_INLINE_APPS: '2' }, 'SOCKUDO_SKIP_INLINE_APPS: must be true or false, not "2"'],
    [{ DATABASE_REDIS_PORT: 'x' }, 'database.redis.port: must be an integer from 0 to 65535, not "x"'],
  ])('refuses %j', (env, expected) => {
    expect(problems({}, { env }).join('\n')).toContain(expected);
  });

  it('takes the prefixes of AI channels, separated by commas', () => {
    const config = {};
    const env = { AI_TRANSPORT_ENABLED: 'true', AI_TRANSPORT_CHANNEL_PREFIXES: 'private-ai-, presence-ai-' };
    const { aiTransport } = load(config, { env }).settings;
    expect(aiTransport?.prefixes).toEqual(['private-ai-', 'presence-ai-']);
    expect(problems(config, { env: { ...env, AI_TRANSPORT_CHANNEL_PREFIXES: 'a,' } })).toEqual([
      'ai_transport.channels[1].prefix: must not be empty',
    ]);
  });

  it('says which documented variables were never read', () => {
    const env = {
      CLUSTER_HEALTH_ENABLED: 'true',
      CLUSTER_HEALTH_HEARTBEAT_INTERVAL: '1',
      CLUSTER_HEALTH_X: '1',
    };
    expect(problems({}, { env })).toEqual([
      'CLUSTER_HEALTH_ENABLED: is not read, though documented: use the setting `adapter.cluster_health.enabled`',
      'CLUSTER_HEALTH_HEARTBEAT_INTERVAL: is not read, though documented: use the setting `adapter.cluster_health.heartbeat_interval_ms`',
      'CLUSTER_HEALTH_X: is not read, though documented: use the section `adapter.cluster_health`',
    ]);
  });

  it('warns of a log filter that says nothing to us', () => {
    expect(warnings({}, { env: { RUST_LOG: 'tower=loud' } })).toEqual([
      'RUST_LOG: names no log level for us and is ignored',
    ]);
  });

  it('knows the origin of every value', () => {
    const [assignment] = environmentLayer({ PORT: '1' }).assignments;
    expect(assignment).toEqual({ path: ['port'], value: 1, source: 'environment variable PORT' });
  });
});

describe('SOCKUDO_DEFAULT_APP_*', () => {
  const credentials = {
    SOCKUDO_DEFAULT_APP_ID: 'i',
    SOCKUDO_DEFAULT_APP_KEY: 'k2',
    SOCKUDO_DEFAULT_APP_SECRET: 's2',
  };

  it('takes the place of the apps of the file, with limits of 100', () => {
    expect(app(credentials, withApps(APP))).toMatchObject([
      {
        id: 'i',
        key: 'k2',
        secret: 's2',
        enabled: true,
        clientMessagesEnabled: false,
        limits: {
          maxConnections: 100,
          maxClientEventsPerWindow: 100,
          maxPresenceMembersPerChannel: 100,
          maxPresenceMemberSizeKb: 100,
          maxChannelNameBytes: 100,
          maxEventNameBytes: 100,
          maxEventPayloadBytes: 100 * 1024,
          maxEventChannels: 100,
          maxBatchEvents: 100,
        },
      },
    ]);
  });

  it('takes limits and features from the variables beside it', () => {
    const env = {
      ...credentials,
      SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS: '0',
      SOCKUDO_DEFAULT_APP_MAX_EVENT_PAYLOAD_IN_KB: '7',
      SOCKUDO_DEFAULT_APP_ENABLE_USER_AUTHENTICATION: 'on',
      SOCKUDO_DEFAULT_APP_ENABLE_WATCHLIST_EVENTS: '1',
      SOCKUDO_DEFAULT_APP_ALLOWED_ORIGINS: 'https://a.example,*.b.example',
      SOCKUDO_ENABLE_CLIENT_MESSAGES: 'true',
    };
    expect(app(env)).toMatchObject([
      {
        limits: { maxConnections: 0, maxEventPayloadBytes: 7168 },
        clientMessagesEnabled: true,
        userAuthenticationEnabled: true,
        watchlistEnabled: true,
        allowedOrigins: ['https://a.example', '*.b.example'],
      },
    ]);
    const own = { ...env, SOCKUDO_DEFAULT_APP_ENABLE_CLIENT_MESSAGES: 'false' };
    expect(app(own)).toMatchObject([{ clientMessagesEnabled: false }]);
  });

  it('refuses half a set of credentials, naming what is missing', () => {
    expect(problems({}, { env: { SOCKUDO_DEFAULT_APP_ID: 'i', SOCKUDO_DEFAULT_APP_KEY: '' } })).toEqual([
      'SOCKUDO_DEFAULT_APP_KEY: is not set, though SOCKUDO_DEFAULT_APP_ID is: an app needs all three',
      'SOCKUDO_DEFAULT_APP_SECRET: is not set, though SOCKUDO_DEFAULT_APP_ID is: an app needs all three',
    ]);
  });

  it('names the variable of a bad value, and suggests for an unknown one', () => {
    const env = {
      ...credentials,
      SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS: 'many',
      SOCKUDO_DEFAULT_APP_ENABELD: '1',
    };
    const result = loadSettings({ config: {}, env, cwd: '/nowhere' });
    expect(result).toMatchObject({
      ok: false,
      problems: [
        { path: 'SOCKUDO_DEFAULT_APP_ENABELD', suggestion: 'SOCKUDO_DEFAULT_APP_ENABLED' },
        { value: '"many"', source: 'environment variable SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS' },
      ],
    });
  });

  it('leaves no app when switched off, nor those of the file', () => {
    expect(app({ ...credentials, SOCKUDO_DEFAULT_APP_ENABLED: 'false' }, withApps(APP))).toEqual([]);
    expect(app({ SOCKUDO_SKIP_INLINE_APPS: 'true' }, withApps(APP))).toEqual([]);
    expect(app({ APP_MANAGER_REGISTER_INLINE_APPS: 'false' }, withApps(APP))).toEqual([]);
    expect(app({ APP_MANAGER_REGISTER_INLINE_APPS: 'true' }, withApps(APP))).toHaveLength(1);
  });
});

describe.each(['PUSHER', 'REVERB'])('%s_APP_*', (prefix) => {
  const env = { [`${prefix}_APP_ID`]: 'i', [`${prefix}_APP_KEY`]: 'k2', [`${prefix}_APP_SECRET`]: 's2' };

  it('joins the apps of the file, without limits', () => {
    expect(app(env, withApps(APP))).toMatchObject([
      { id: 'a' },
      {
        id: 'i',
        key: 'k2',
        secret: 's2',
        enabled: true,
        limits: { maxConnections: 0, maxEventPayloadBytes: null },
      },
    ]);
  });

  it('takes the place of the one with the same id', () => {
    expect(app(env, withApps({ ...APP, id: 'i' }, APP))).toMatchObject([{ id: 'i', key: 'k2' }, { id: 'a' }]);
  });

  it('gives way to SOCKUDO_DEFAULT_APP_*', () => {
    const both = {
      ...env,
      SOCKUDO_DEFAULT_APP_ID: 'd',
      SOCKUDO_DEFAULT_APP_KEY: 'kd',
      SOCKUDO_DEFAULT_APP_SECRET: 'sd',
    };
    expect(app(both)).toMatchObject([{ id: 'd' }]);
  });
});
