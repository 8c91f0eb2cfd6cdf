import { describe, expect, it } from 'vitest';
import { APP, load, withApps } from './load-fixture.ts';

const settings = (config: Record<string, unknown>) => load(config).settings;

describe('settings of the server', () => {
  it('keeps credentials from every origin', () => {
    expect(settings({}).cors).toMatchObject({ origins: ['*'], credentials: false });
    expect(settings({ cors: { origin: [] } }).cors.credentials).toBe(false);
    expect(settings({ cors: { origin: ['https://a.example'] } }).cors.credentials).toBe(true);
  });

  it.each([
    [{}, 60_000],
    [{ activity_timeout: 20 }, 30_000],
    [{ activity_timeout: 6, websocket: { ping_interval: 1 } }, 5000],
    [{ websocket: { ping_interval: 0 } }, Number.POSITIVE_INFINITY],
    [{ websocket: { auto_ping: false } }, Number.POSITIVE_INFINITY],
  ])('pings silent connections by %j', (config, expected) => {
    expect(settings(config).nativePingIntervalMs).toBe(expected);
  });

  it('bounds outboxes by bytes, wide enough for the largest publish', () => {
    expect(settings({}).outbox).toEqual({ maxMessages: 1000, maxBytes: 20 * 1024 * 1024 });
    expect(settings({ http_api: { request_limit_in_mb: 1 } }).outbox.maxBytes).toBe(16 * 1024 * 1024);
    expect(settings({ websocket: { max_bytes: 10, max_messages: 0 } }).outbox).toEqual({
      maxMessages: Number.POSITIVE_INFINITY,
      maxBytes: 10,
    });
  });

  it('offers the rollup windows between the bounds', () => {
    const rollup = { min_window_ms: 20, max_window_ms: 100 };
    expect(settings({ ai_transport: { rollup } }).appendRollupWindowsMs).toEqual([20, 40, 100]);
  });

  it.each([
    [{ debug: true }, 'debug'],
    [{ debug: true, logging: { level: 'warn' } }, 'warn'],
    [{}, 'info'],
  ])('logs by %j', (config, level) => {
    expect(settings(config).log.level).toBe(level);
  });

  it('hands certificates over only where TLS is on', () => {
    const paths = { cert_path: 'c.pem', key_path: 'k.pem' };
    expect(settings({ ssl: paths }).tls).toBeNull();
    expect(settings({ ssl: { ...paths, enabled: true } }).tls).toEqual({
      certPath: 'c.pem',
      keyPath: 'k.pem',
    });
  });

  it('keeps idle connections for ever at 0', () => {
    expect(settings({ websocket: { idle_timeout: 0 } }).idleTimeoutMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('settings of an app', () => {
  const app = (policy: Record<string, unknown>, server: Record<string, unknown> = {}) =>
    settings({ ...server, ...withApps({ ...APP, policy }) }).apps[0];

  it('are the same from nested policy and from flat fields', () => {
    const limits = {
      max_connections: '5',
      max_client_events_per_second: 3,
      decay_seconds: 5,
      terminate_on_limit: true,
    };
    const features = { enable_client_messages: true, enable_watchlist_events: true };
    const channels = { allowed_origins: ['https://a.example'], channel_namespaces: [{ name: 'n' }] };
    const rest = {
      webhooks: [{ url: 'https://a.example', event_types: ['channel_occupied'] }],
      idempotency: { ttl_seconds: 7 },
      connection_recovery: { max_buffer_size: 3 },
    };
    const flat = settings(withApps({ ...APP, ...limits, ...features, ...channels, ...rest })).apps[0];
    expect(flat).toEqual(app({ limits, features, channels, ...rest }));
    expect(flat).toMatchObject({
      limits: { maxConnections: 5, clientEventWindowMs: 5000, closeOnClientEventLimit: true },
      clientMessagesEnabled: true,
      watchlistEnabled: true,
      userAuthenticationEnabled: false,
      idempotency: { enabled: true, ttlMs: 7000, maxKeyBytes: 128 },
      recovery: { enabled: true, windowMs: 120_000, maxMessages: 3 },
    });
  });

  it('have no limits but those of names unless they say so', () => {
    expect(app({})?.limits).toEqual({
      maxConnections: 0,
      maxClientEventsPerWindow: 0,
      clientEventWindowMs: 1000,
      closeOnClientEventLimit: false,
      messageRate: null,
      maxPresenceMembersPerChannel: null,
      maxPresenceMemberSizeKb: null,
      maxChannelNameBytes: 200,
      maxEventNameBytes: 200,
      maxEventPayloadBytes: null,
      maxEventChannels: null,
      maxBatchEvents: null,
    });
    const rate = { enabled: true, max_attempts: 4, decay_seconds: 10, terminate_on_limit: true };
    expect(app({ limits: { message_rate_limit: rate } })?.limits.messageRate).toEqual({
      max: 4,
      windowMs: 10_000,
      closeOnLimit: true,
    });
    expect(app({ limits: { message_rate_limit: { max_attempts: 4 } } })?.limits.messageRate).toBeNull();
  });

  it('keep events for a day, or as namespace, app and server say, in this order', () => {
    expect(app({})?.history).toEqual({
      enabled: true,
      rewindEnabled: true,
      retention: { ageMs: 86_400_000 },
    });
    const policy = {
      history: { retention_window_seconds: 60, rewind_enabled: false },
      channels: {
        channel_namespaces: [{ name: 'n', history: { max_messages_per_channel: 2 } }, { name: 'm' }],
      },
    };
    const resolved = app(policy, { history: { max_bytes_per_channel: 99, max_messages_per_channel: 5 } });
    expect(resolved?.history).toEqual({
      enabled: true,
      rewindEnabled: false,
      retention: { ageMs: 60_000, messages: 5, bytes: 99, versionsAgeMs: 86_400_000 },
    });
    expect(resolved?.namespaces.get('n')?.retention).toEqual({
      ageMs: 60_000,
      messages: 2,
      bytes: 99,
      versionsAgeMs: 86_400_000,
    });
    expect(resolved?.namespaces.get('m')?.retention).toBeNull();
  });

  it('keep versions for a day, for as long as the server says, or for ever', () => {
    const versions = (seconds: number) =>
      app({}, { versioned_messages: { retention_window_seconds: seconds } })?.history.retention;
    expect(versions(60)).toEqual({ ageMs: 86_400_000, versionsAgeMs: 60_000 });
    expect(versions(0)).toEqual({ ageMs: 86_400_000, versionsAgeMs: Number.MAX_SAFE_INTEGER });
  });

  it('keep history on where they allow annotations', () => {
    const off = { history: { enabled: false }, annotations: { enabled: true } };
    expect(app({}, off)).toMatchObject({
      history: { enabled: false },
      versionsEnabled: false,
      annotationsEnabled: false,
    });
    expect(app({ channels: { annotations_enabled: true } }, off)).toMatchObject({
      history: { enabled: true },
      versionsEnabled: true,
      annotationsEnabled: true,
    });
    const named = { channels: { channel_namespaces: [{ name: 'n', annotations_enabled: true }] } };
    expect(app(named, off)).toMatchObject({ history: { enabled: false }, versionsEnabled: true });
    expect(app(named, off)?.namespaces.get('n')?.annotationsEnabled).toBe(true);
    expect(app(named)?.namespaces.get('n')?.annotationsEnabled).toBe(false);
  });

  it('can switch recovery off but not on', () => {
    expect(app({ connection_recovery: { enabled: false } })?.recovery.enabled).toBe(false);
    const off = { connection_recovery: { enabled: false } };
    expect(app({ connection_recovery: { enabled: true } }, off)?.recovery.enabled).toBe(false);
  });

  it('decide about presence history for themselves, and namespaces for theirs', () => {
    const channel_namespaces = [
      { name: 'n', presence_history: { enabled: false } },
      { name: 'm', presence_history: {} },
    ];
    const resolved = app({
      presence_history: { enabled: true, max_events_per_channel: 4 },
      channels: { channel_namespaces },
    });
    expect(resolved?.presenceHistory).toEqual({
      enabled: true,
      retention: { ageMs: 86_400_000, messages: 4 },
    });
    expect(resolved?.namespaces.get('n')?.presenceHistory?.enabled).toBe(false);
    expect(resolved?.namespaces.get('m')?.presenceHistory).toEqual(resolved?.presenceHistory);
  });

  it.each([
    [undefined, []],
    [[], []],
    [['*'], []],
    [['https://a.example', 'any'], []],
    [['https://a.example'], ['https://a.example']],
  ])('let in the origins %j', (allowed_origins, expected) => {
    expect(app({ channels: { allowed_origins } })?.allowedOrigins).toEqual(expected);
  });

  it('complete their webhooks from the server', () => {
    const webhooks = [
      {
        url: 'https://a.example',
        event_types: ['client_event'],
        filter: { channel_namespace: 'a', channel_namespaces: ['b'], channel_pattern: '(?i)^X' },
        retry: { max_attempts: 2 },
      },
    ];
    const [endpoint] =
      app({ webhooks }, { webhooks: { request_timeout_ms: 5, retry: { max_backoff_ms: 7 } } })?.webhooks ??
      [];
    expect(endpoint).toMatchObject({
      filter: { channelNamespaces: ['a', 'b'] },
      headers: {},
      requestTimeoutMs: 5,
      retry: {
        enabled: true,
        maxAttempts: 2,
        maxElapsedMs: 300_000,
        initialBackoffMs: 1000,
        maxBackoffMs: 7,
      },
    });
    expect(endpoint?.filter?.channelPattern?.test('xy')).toBe(true);
  });
});
