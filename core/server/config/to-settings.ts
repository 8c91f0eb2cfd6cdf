// The configuration as the server's modules see it: Sockudo's names and units become ours, defaults that depend on other
// settings are resolved. Nothing is judged here: refusals.ts did.
import type { RateLimit, Settings } from '../settings.ts';
import { admitsEveryOrigin } from './patterns.ts';
import { redisAddress } from './redis-address.ts';
import { usesDurableLog } from './refusals.ts';
import { needsSharedLog } from './refusals-cluster.ts';
import type { ServerConfig } from './schema.ts';
import { ROLLUP_WINDOWS_MS } from './sections/ai-transport.ts';
import { appOf } from './to-app.ts';
import { algorithmOf, conflationPathOf } from './to-delta-rules.ts';
import { pushOf } from './to-push.ts';

const SECOND_MS = 1000;
const KIB = 1024;
const MIB = 1024 * 1024;
const OUTBOX_BYTES = 16 * MIB;
const PRESENCE_UPDATE_MAX_BYTES = 1024;

/** What the loader decided beside the schema. */
export interface Resolved {
  readonly host: string;
  readonly metricsHost: string;
  readonly processId: string;
  readonly tagsInFrames: boolean;
  /** Absolute. */
  readonly databasePath: string;
}

function rateLimit(config: ServerConfig, which: 'api_rate_limit' | 'websocket_rate_limit'): RateLimit {
  const limit = config.rate_limiter[which];
  return {
    enabled: config.rate_limiter.enabled,
    max: limit.max_requests,
    windowMs: limit.window_seconds * SECOND_MS,
    trustHops: limit.trust_hops,
  };
}

function listening(config: ServerConfig, resolved: Resolved) {
  const { metrics, cors, logging, http_api: http } = config;
  const isDevelopment = config.mode === 'development';
  return {
    mode: isDevelopment ? ('development' as const) : ('production' as const),
    host: resolved.host,
    port: config.port,
    tls: config.ssl.enabled ? { certPath: config.ssl.cert_path, keyPath: config.ssl.key_path } : null,
    maxConnections: config.max_connections,
    activityTimeoutSeconds: config.activity_timeout,
    userAuthenticationTimeoutMs: config.user_authentication_timeout * SECOND_MS,
    shutdownGraceMs: config.shutdown_grace_period * SECOND_MS,
    nodeId: resolved.processId,
    log: { level: logging.level ?? (config.debug ? 'debug' : 'info'), pretty: logging.format === 'text' },
    http: {
      maxBodyBytes: http.request_limit_in_mb * MIB,
      usageEnabled: http.usage_enabled,
      healthCheckTimeoutMs: config.health_check_timeout_ms,
    },
    cors: {
      origins: cors.origin,
      methods: cors.methods,
      headers: cors.allowed_headers,
      credentials: cors.credentials && !admitsEveryOrigin(cors.origin),
    },
    rateLimits: {
      api: rateLimit(config, 'api_rate_limit'),
      websocket: rateLimit(config, 'websocket_rate_limit'),
    },
    metrics: {
      enabled: metrics.enabled,
      host: resolved.metricsHost,
      port: metrics.port,
      prefix: metrics.prometheus.prefix,
    },
  };
}

/** A native ping never comes sooner than half the activity time-out, or 5 s (realtime.md section 1.4). */
function nativePingIntervalMs(config: ServerConfig): number {
  const { auto_ping: isOn, ping_interval: seconds } = config.websocket;
  if (!isOn || seconds === 0) return Number.POSITIVE_INFINITY;
  return Math.max(seconds, Math.floor(config.activity_timeout / 2), 5) * SECOND_MS;
}

function sockets(config: ServerConfig) {
  const {
    max_messages: messages,
    max_bytes: bytes = 0,
    max_message_size,
    idle_timeout: idle,
  } = config.websocket;
  const bodyBytes = config.http_api.request_limit_in_mb * MIB;
  return {
    maxFrameBytes: Math.min(config.websocket_max_payload_kb * KIB, max_message_size),
    outbox: {
      maxMessages: messages === 0 ? Number.POSITIVE_INFINITY : messages,
      // One publish of the largest size must fit, or every reader of it would be closed.
      maxBytes: bytes === 0 ? Math.max(OUTBOX_BYTES, 2 * bodyBytes) : bytes,
    },
    nativePingIntervalMs: nativePingIntervalMs(config),
    idleTimeoutMs: idle === 0 ? Number.POSITIVE_INFINITY : idle * SECOND_MS,
  };
}

function deltaOf({ delta_compression: delta }: ServerConfig): Settings['delta'] {
  return {
    enabled: delta.enabled,
    algorithm: algorithmOf(delta.algorithm),
    fullMessageInterval: delta.full_message_interval,
    minMessageBytes: delta.min_message_size,
    maxStateAgeMs: delta.max_state_age_secs * SECOND_MS,
    maxChannelsPerConnection: delta.max_channel_states_per_socket,
    maxSeriesPerChannel: delta.max_conflation_states_per_channel,
    conflationPath: conflationPathOf(delta.conflation_key_path),
    omitAlgorithm: delta.omit_delta_algorithm,
  };
}

function features(config: ServerConfig, resolved: Resolved) {
  const { presence, event_name_filtering: names, webhooks, ai_transport: ai } = config;
  return {
    presence: {
      updatesPerSecond: presence.update_rate_limit_per_member_per_second,
      maxUpdateBytes: PRESENCE_UPDATE_MAX_BYTES,
      leaveGraceMs: {
        v1: presence.ungraceful_timeout_seconds * SECOND_MS,
        v2: presence.v2_ungraceful_timeout_seconds * SECOND_MS,
      },
    },
    filters: {
      eventNamesEnabled: names.enabled,
      tagsEnabled: config.tag_filtering.enabled,
      tagsInFrames: resolved.tagsInFrames,
      maxEvents: names.max_events_per_filter,
      maxEventNameBytes: names.max_event_name_length,
    },
    delta: deltaOf(config),
    echo: { enabled: config.echo_control.enabled, defaultEcho: config.echo_control.default_echo_messages },
    ephemeralEnabled: config.ephemeral.enabled,
    cachedEventTtlMs: config.channel_limits.cache_ttl * SECOND_MS,
    versionsEnabled: config.versioned_messages.enabled,
    annotationsEnabled: config.annotations.enabled,
    webhooks: {
      batch: {
        enabled: webhooks.batching.enabled,
        durationMs: webhooks.batching.duration,
        maxEvents: webhooks.batching.size,
      },
      allowPrivateNetworks: webhooks.allow_private_networks,
    },
    pages: {
      history: config.history.max_page_size,
      versions: config.versioned_messages.max_page_size,
      presenceHistory: config.presence_history.max_page_size,
    },
    appendRollupWindowsMs: ROLLUP_WINDOWS_MS.filter(
      (window) => window >= ai.rollup.min_window_ms && window <= ai.rollup.max_window_ms,
    ),
    aiTransport: aiTransportOf(config),
    push: pushOf(config),
  };
}

function aiTransportOf({ ai_transport: ai }: ServerConfig): Settings['aiTransport'] {
  if (!ai.enabled) return null;
  return {
    prefixes: ai.channels.map(({ prefix }) => prefix),
    maxMessageBytes: ai.max_accumulated_message_bytes,
    maxAppendsPerMessage: ai.max_appends_per_message,
    maxOpenStreamsPerChannel: ai.max_open_streaming_messages_per_channel,
    maxTransportValueBytes: ai.max_transport_value_bytes,
    maxSteerListBytes: ai.max_steer_codec_message_ids_bytes,
    rollup: ai.rollup.enabled ? { defaultWindowMs: ai.rollup.default_window_ms } : null,
    orphanTtlMs: ai.rollup.orphan_ttl_ms,
  };
}

function stores(config: ServerConfig, resolved: Resolved) {
  const jobs = config.queue.reliability;
  return {
    cacheMaxKeys: config.cache.memory.max_capacity,
    queue: {
      maxAttempts: jobs.max_attempts,
      retryBaseDelayMs: jobs.retry_base_delay_ms,
      retryMaxDelayMs: jobs.retry_max_delay_ms,
      retryJitter: jobs.retry_jitter,
      leaseMs: jobs.lease_duration_ms,
      leaseRenewMs: jobs.lease_renew_interval_ms,
      pollIntervalMs: jobs.worker_poll_interval_ms,
      prefetch: jobs.worker_prefetch,
      shutdownTimeoutMs: jobs.shutdown_timeout_ms,
      deduplicationTtlMs: jobs.deduplication_ttl_ms,
      failedRetention: jobs.failed_retention,
      memoryCapacity: jobs.memory_capacity,
    },
    drivers: {
      channelLog: logDriver(config),
      workQueue: config.queue.driver,
      cache: config.cache.driver,
      fanout: config.adapter.driver,
    },
    databasePath: resolved.databasePath,
    postgres: postgresOf(config),
    ...redisOf(config),
  };
}

/** A backend nothing is kept in may name any driver: sample files do. Positions then live in memory. */
function logDriver(config: ServerConfig): string {
  const { backend } = config.history;
  const keepsMessages = usesDurableLog(config);
  if (config.adapter.driver !== 'local') return needsSharedLog(config, keepsMessages) ? backend : 'memory';
  return keepsMessages || backend === 'sqlite' ? backend : 'memory';
}

const POSTGRES_SCHEMA = 'sockudo';
const POSTGRES_TIMEOUT_MS = 10_000;

function postgresOf({ database, history }: ServerConfig): Settings['postgres'] {
  const {
    host,
    port,
    username,
    password,
    database: name,
    pool_max,
    connection_pool_size,
  } = database.postgres;
  return {
    host,
    port,
    user: username,
    password,
    database: name,
    schema: history.postgres?.table_prefix ?? POSTGRES_SCHEMA,
    maxConnections: pool_max ?? connection_pool_size,
    statementTimeoutMs: history.postgres?.write_timeout_ms ?? POSTGRES_TIMEOUT_MS,
  };
}

function redisOf({ adapter, cache, database }: ServerConfig) {
  const { heartbeat_interval_ms, node_timeout_ms, cleanup_interval_ms } = adapter.cluster_health;
  const { key_prefix: prefix } = database.redis;
  return {
    redis: {
      address: redisAddress(database.redis, database.redis.url),
      cacheAddress: redisAddress(database.redis, cache.redis?.url_override ?? database.redis.url),
      prefix: adapter.redis?.prefix ?? prefix,
      cachePrefix: cache.redis?.prefix ?? prefix,
    },
    nodeHealth: {
      heartbeatMs: heartbeat_interval_ms,
      timeoutMs: node_timeout_ms,
      sweepMs: cleanup_interval_ms,
    },
  };
}

export function settingsOf(config: ServerConfig, resolved: Resolved): Settings {
  return {
    ...listening(config, resolved),
    ...sockets(config),
    ...features(config, resolved),
    ...stores(config, resolved),
    apps: config.app_manager.array.apps.map((app) => appOf(app, config)),
  };
}
