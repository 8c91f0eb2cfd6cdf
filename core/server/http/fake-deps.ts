// Test support: a server side that publishes nothing and remembers what it was asked, so that the HTTP side can be tested and
// measured alone. Not used by the server.
import { createHash, createHmac } from 'node:crypto';
import { channelNameErrorHttp, type PublishRequest } from '@sockudo/protocol';
import { type Logger, pino } from 'pino';
import type { App } from '../apps/app.ts';
import { channelNameRules } from '../apps/channel-rules.ts';
import { createMemoryCache } from '../memory/cache.ts';
import { createMemoryChannelLog } from '../memory/channel-log.ts';
import { createMemoryOccupancy } from '../memory/occupancy.ts';
import { createMemoryPresence } from '../memory/presence.ts';
import { durableChannels } from '../messages/testing/durable-channels.ts';
import { createCounters } from '../metrics/counters.ts';
import { PresenceHistory } from '../presence-history/presence-history.ts';
import type { HttpDeps, HttpSettings, ServerStats, StoreStats } from './http-deps.ts';

export interface FakeCalls {
  readonly published: { appId: string; requests: readonly PublishRequest[]; headerKey: string | undefined }[];
  readonly closedUsers: { appId: string; userId: string; code: number }[];
  readonly logged: string[];
}

export type FakeDeps = HttpDeps & { readonly calls: FakeCalls; draining: boolean };

export function fakeApp(changes: Partial<App> = {}): App {
  return {
    id: '4242',
    key: 'k-demo',
    secret: 's-demo-0001',
    enabled: true,
    limits: {
      maxConnections: 0,
      maxClientEventsPerWindow: 0,
      clientEventWindowMs: 1_000,
      closeOnClientEventLimit: false,
      messageRate: null,
      maxPresenceMembersPerChannel: null,
      maxPresenceMemberSizeKb: null,
      maxChannelNameBytes: 200,
      maxEventNameBytes: 200,
      maxEventPayloadBytes: 100 * 1024,
      maxEventChannels: 100,
      maxBatchEvents: 10,
    },
    clientMessagesEnabled: false,
    userAuthenticationEnabled: false,
    watchlistEnabled: false,
    allowedOrigins: [],
    namespaces: new Map(),
    tokens: null,
    deltaRules: [],
    webhooks: [],
    idempotency: { enabled: true, ttlMs: 120_000, maxKeyBytes: 128 },
    history: { enabled: false, rewindEnabled: false, retention: {} },
    recovery: { enabled: false, windowMs: 0, maxMessages: 0 },
    versionsEnabled: false,
    annotationsEnabled: false,
    presenceHistory: { enabled: false, retention: {} },
    ...changes,
  };
}

const NO_LIMIT = { enabled: false, max: 0, windowMs: 60_000, trustHops: 0 };

export function fakeSettings(changes: Partial<HttpSettings> = {}): HttpSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    tls: null,
    http: { maxBodyBytes: 256 * 1024, usageEnabled: true, healthCheckTimeoutMs: 2_000 },
    cors: { origins: ['*'], methods: ['GET', 'POST'], headers: ['Content-Type'], credentials: false },
    rateLimits: { api: NO_LIMIT, websocket: NO_LIMIT },
    metrics: { enabled: false, host: '127.0.0.1', port: 0, prefix: 'sockudo_' },
    ...changes,
  };
}

export interface FakeOptions {
  readonly settings?: Partial<HttpSettings>;
  readonly apps?: readonly App[];
  readonly deps?: Partial<HttpDeps>;
}

export function fakeDeps({ settings, apps = [fakeApp()], deps }: FakeOptions = {}): FakeDeps {
  const calls: FakeCalls = { published: [], closedUsers: [], logged: [] };
  const { history, mutations, annotations } = durableChannels();
  const fake: FakeDeps = {
    settings: fakeSettings(settings),
    logger: memoryLogger(calls.logged),
    apps: {
      byId: (id) => apps.find((app) => app.id === id),
      byKey: (key) => apps.find((app) => app.key === key),
      all: () => apps,
    },
    channelFacts: async () => ({}),
    async publishEvent(app, request, headerKey) {
      calls.published.push({ appId: app.id, requests: [request], headerKey });
      return '{"ok":true}';
    },
    async publishBatch(app, requests, headerKey) {
      calls.published.push({ appId: app.id, requests, headerKey });
      return '{}';
    },
    validateChannelName: (app, channel) => channelNameErrorHttp(channel, channelNameRules(app)),
    occupancy: createMemoryOccupancy(),
    presence: createMemoryPresence(),
    presenceHistory: fakePresenceHistory(calls.logged),
    history,
    mutations,
    annotations,
    cache: createMemoryCache(),
    cachedEvent: async () => null,
    revokeTokens: async () => 0,
    closeUser: (app, userId, code) => void calls.closedUsers.push({ appId: app.id, userId, code }),
    isDraining: () => fake.draining,
    counters: createCounters(),
    stats: () => fakeStats(apps),
    healthChecks: [],
    ...deps,
    calls,
    draining: false,
  };
  return fake;
}

function fakePresenceHistory(logged: string[]): PresenceHistory {
  const log = createMemoryChannelLog();
  return new PresenceHistory({
    logOf: () => log,
    counters: createCounters(),
    logger: memoryLogger(logged),
    maxPageRows: 100,
  });
}

function fakeStats(apps: readonly App[]): ServerStats {
  const off: StoreStats = {
    enabled: false,
    backend: 'disabled',
    stateAuthority: 'disabled',
    degradedChannels: 0,
    resetRequiredChannels: 0,
    queueDepth: 0,
  };
  return {
    history: { ...off, enabled: true, backend: 'memory', stateAuthority: 'in_memory' },
    presenceHistory: off,
    apps: apps.map(({ id }) => ({
      appId: id,
      connections: 3,
      authenticatedConnections: 1,
      users: 1,
      connectionsWithMeta: 0,
      channels: 2,
      subscriptions: 4,
      presenceChannels: 1,
      presenceSubscriptions: 2,
      presenceMembers: 2,
      activeChannels: { public: 1, private: 0, presence: 1, private_encrypted: 0, cache: 0 },
    })),
  };
}

function memoryLogger(lines: string[]): Logger {
  return pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
}

export interface SignOptions {
  readonly app?: Pick<App, 'key' | 'secret'>;
  /** Replaces or adds parameters before signing; undefined leaves one out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly timestamp?: number;
}

/** The query string of a signed request, as the server SDKs build it. */
export function signedQuery(
  method: string,
  path: string,
  body: string | Buffer | null,
  options: SignOptions = {},
): string {
  const { app = fakeApp(), timestamp = Math.floor(Date.now() / 1000) } = options;
  const parameters: Record<string, string | undefined> = {
    auth_key: app.key,
    auth_timestamp: String(timestamp),
    auth_version: '1.0',
    body_md5: body === null ? undefined : createHash('md5').update(body).digest('hex'),
    ...options.query,
  };
  const names = Object.keys(parameters)
    .filter((name) => parameters[name] !== undefined)
    .sort();
  const canonical = names
    .map((name) => `${name.toLowerCase()}=${parameters[name]}`)
    .sort()
    .join('&');
  const signature = createHmac('sha256', app.secret).update(`${method}\n${path}\n${canonical}`).digest('hex');
  const encoded = names.map((name) => `${name}=${encodeURIComponent(parameters[name] ?? '')}`).join('&');
  return `${encoded}&auth_signature=${signature}`;
}
