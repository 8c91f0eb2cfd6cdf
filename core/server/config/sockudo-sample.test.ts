import { describe, expect, it } from 'vitest';
import { loadSettings } from './load.ts';

const env = { REDIS_PASSWORD: 'r', SHOP_SECRET: 'sesame' };

describe('a configuration written for Sockudo', () => {
  const result = loadSettings({ file: 'sockudo-sample.toml', env, cwd: import.meta.dirname });

  it('is accepted whole, without a warning', () => {
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });

  it('means the same here', () => {
    if (!result.ok) throw new Error('refused');
    expect(result.settings).toMatchObject({
      host: '0.0.0.0',
      port: 6010,
      nodeId: 'node-one',
      maxConnections: 50_000,
      activityTimeoutSeconds: 90,
      userAuthenticationTimeoutMs: 1_800_000,
      shutdownGraceMs: 4000,
      maxFrameBytes: 32_768,
      http: { maxBodyBytes: 5_242_880, usageEnabled: false, healthCheckTimeoutMs: 1500 },
      cors: { origins: ['https://shop.example', '*.shop.example'], credentials: true },
      rateLimits: {
        api: { enabled: true, max: 500, windowMs: 30_000, trustHops: 1 },
        websocket: { enabled: true, max: 40, windowMs: 60_000, trustHops: 0 },
      },
      metrics: { enabled: true, host: '127.0.0.1', port: 9602, prefix: 'shop_' },
      outbox: { maxMessages: 500, maxBytes: 4_194_304 },
      nativePingIntervalMs: 45_000,
      idleTimeoutMs: 100_000,
      presence: { updatesPerSecond: 5, leaveGraceMs: { v1: 2000, v2: 20_000 } },
      filters: {
        eventNamesEnabled: true,
        tagsEnabled: true,
        tagsInFrames: false,
        maxEvents: 10,
        maxEventNameBytes: 64,
      },
      echo: { enabled: true, defaultEcho: false },
      ephemeralEnabled: false,
      cachedEventTtlMs: 1_800_000,
      cacheMaxKeys: 20_000,
      webhooks: { batch: { enabled: true, durationMs: 100, maxEvents: 20 }, allowPrivateNetworks: false },
      pages: { history: 50, versions: 40, presenceHistory: 100 },
      queue: { maxAttempts: 8, retryJitter: 0.1 },
      drivers: { channelLog: 'memory', workQueue: 'memory', cache: 'memory', fanout: 'local' },
    });
    const [shop, legacy] = result.settings.apps;
    expect(shop).toMatchObject({
      id: 'shop',
      secret: 'sesame',
      limits: {
        maxConnections: 20_000,
        maxClientEventsPerWindow: 20,
        clientEventWindowMs: 2000,
        maxEventPayloadBytes: 65_536,
        messageRate: { max: 100, windowMs: 10_000, closeOnLimit: false },
      },
      history: { enabled: true, retention: { ageMs: 3_600_000, messages: 2000, bytes: 1_048_576 } },
      recovery: { enabled: true, windowMs: 90_000, maxMessages: 50 },
      idempotency: { enabled: true, ttlMs: 300_000, maxKeyBytes: 100 },
      presenceHistory: { enabled: true, retention: { ageMs: 86_400_000, messages: 500 } },
      annotationsEnabled: true,
      versionsEnabled: true,
    });
    expect(shop?.namespaces.get('ticker')).toMatchObject({
      maxChannelNameBytes: 100,
      retention: { ageMs: 60_000, messages: 2000, bytes: 1_048_576 },
    });
    expect(shop?.webhooks[0]?.retry).toMatchObject({ enabled: true, maxAttempts: 2, initialBackoffMs: 500 });
    expect(legacy).toMatchObject({
      limits: { maxConnections: 300, maxClientEventsPerWindow: 10, maxPresenceMembersPerChannel: 50 },
      clientMessagesEnabled: true,
      allowedOrigins: [],
    });
  });
});
