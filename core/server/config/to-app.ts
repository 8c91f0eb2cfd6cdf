// One app of the configuration as the server's modules see it: overrides resolved, units in names.
// Policy resolution: http.md sections 5, 6 and 12; realtime.md section 6.0.
import type { App, AppLimits, Namespace, TokenTrust, WebhookEndpoint, WebhookFilter } from '../apps/app.ts';
import type { Retention } from '../ports/channel-log.ts';
import { KEY_SET_ALGORITHMS, parseKeySet } from '../tokens/key-set.ts';
import { admitsEveryOrigin, compilePattern } from './patterns.ts';
import type { ServerConfig } from './schema.ts';
import {
  type AppConfig,
  type AppPolicyConfig,
  type NamespaceConfig,
  policyOf,
  type TokensConfig,
  type WebhookConfig,
} from './sections/apps.ts';
import { deltaRulesOf } from './to-delta-rules.ts';

const SECOND_MS = 1000;
/** Names are bounded even where nobody said so (realtime.md section 8.1). */
const NAME_MAX_BYTES = 200;

interface RetentionConfig {
  readonly retention_window_seconds?: number | undefined;
  readonly max_messages_per_channel?: number | undefined;
  readonly max_events_per_channel?: number | undefined;
  readonly max_bytes_per_channel?: number | undefined;
}

/** Each bound from the nearest level that states it: namespace, app, server. */
function retentionOf(...levels: (RetentionConfig | undefined)[]): Retention {
  const nearest = (read: (level: RetentionConfig) => number | undefined) => {
    for (const level of levels) {
      const value = level === undefined ? undefined : read(level);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const seconds = nearest((level) => level.retention_window_seconds);
  const messages = nearest((level) => level.max_messages_per_channel ?? level.max_events_per_channel);
  const bytes = nearest((level) => level.max_bytes_per_channel);
  return {
    ...(seconds === undefined ? {} : { ageMs: seconds * SECOND_MS }),
    ...(messages === undefined ? {} : { messages }),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

/** Versions may be kept longer, or less long, than their messages stay in the history; 0 seconds: for ever. */
function withVersions(retention: Retention, { versioned_messages: versions }: ServerConfig): Retention {
  const seconds = versions.retention_window_seconds;
  const versionsAgeMs = seconds === 0 ? Number.MAX_SAFE_INTEGER : seconds * SECOND_MS;
  return !versions.enabled || versionsAgeMs === retention.ageMs ? retention : { ...retention, versionsAgeMs };
}

function limitsOf(limits: AppPolicyConfig['limits']): AppLimits {
  const rate = limits.message_rate_limit;
  return {
    maxConnections: limits.max_connections,
    maxClientEventsPerWindow: limits.max_client_events_per_second,
    clientEventWindowMs: (limits.decay_seconds ?? 1) * SECOND_MS,
    closeOnClientEventLimit: limits.terminate_on_limit,
    messageRate:
      rate?.enabled === true
        ? {
            max: rate.max_attempts,
            windowMs: rate.decay_seconds * SECOND_MS,
            closeOnLimit: rate.terminate_on_limit,
          }
        : null,
    maxPresenceMembersPerChannel: limits.max_presence_members_per_channel ?? null,
    maxPresenceMemberSizeKb: limits.max_presence_member_size_in_kb ?? null,
    maxChannelNameBytes: limits.max_channel_name_length ?? NAME_MAX_BYTES,
    maxEventNameBytes: limits.max_event_name_length ?? NAME_MAX_BYTES,
    maxEventPayloadBytes:
      limits.max_event_payload_in_kb === undefined ? null : limits.max_event_payload_in_kb * 1024,
    maxEventChannels: limits.max_event_channels_at_once ?? null,
    maxBatchEvents: limits.max_event_batch_size ?? null,
  };
}

function namespaceOf(config: NamespaceConfig, policy: AppPolicyConfig, server: ServerConfig): Namespace {
  const own = config.annotations_enabled;
  const presence = config.presence_history;
  return {
    name: config.name,
    channelPattern:
      config.channel_name_pattern === undefined ? null : compilePattern(config.channel_name_pattern),
    maxChannelNameBytes: config.max_channel_name_length ?? null,
    allowUserLimitedChannels: config.allow_user_limited_channels ?? false,
    allowSubscribeForClient: config.allow_subscribe_for_client ?? true,
    allowPublishForClient: config.allow_publish_for_client ?? true,
    allowPresenceForClient: config.allow_presence_for_client ?? true,
    annotationsEnabled: own === undefined ? null : own && server.annotations.enabled,
    retention:
      config.history === undefined
        ? null
        : withVersions(retentionOf(config.history, policy.history, server.history), server),
    rewindEnabled: config.history?.rewind_enabled ?? null,
    presenceHistory:
      presence === undefined
        ? null
        : {
            enabled: presence.enabled ?? policy.presence_history?.enabled ?? server.presence_history.enabled,
            retention: retentionOf(presence, policy.presence_history, server.presence_history),
          },
  };
}

function filterOf(filter: NonNullable<WebhookConfig['filter']>): WebhookFilter {
  const pattern = filter.channel_pattern === undefined ? null : compilePattern(filter.channel_pattern);
  const names = [
    ...(filter.channel_namespace === undefined ? [] : [filter.channel_namespace]),
    ...(filter.channel_namespaces ?? []),
  ];
  const hasNamespaces = filter.channel_namespace !== undefined || filter.channel_namespaces !== undefined;
  return {
    ...(filter.channel_prefix === undefined ? {} : { channelPrefix: filter.channel_prefix }),
    ...(filter.channel_suffix === undefined ? {} : { channelSuffix: filter.channel_suffix }),
    ...(pattern === null ? {} : { channelPattern: pattern }),
    ...(hasNamespaces ? { channelNamespaces: names } : {}),
  };
}

function webhookOf(config: WebhookConfig, server: ServerConfig): WebhookEndpoint {
  const { retry, request_timeout_ms: timeout } = server.webhooks;
  const own = config.retry;
  return {
    url: config.url ?? '',
    eventTypes: config.event_types,
    filter: config.filter === undefined ? null : filterOf(config.filter),
    headers: config.headers ?? {},
    retry: {
      enabled: own?.enabled ?? retry.enabled,
      maxAttempts: own?.max_attempts ?? retry.max_attempts ?? null,
      maxElapsedMs: own?.max_elapsed_time_ms ?? retry.max_elapsed_time_ms,
      initialBackoffMs: own?.initial_backoff_ms ?? retry.initial_backoff_ms,
      maxBackoffMs: own?.max_backoff_ms ?? retry.max_backoff_ms,
    },
    requestTimeoutMs: config.request_timeout_ms ?? timeout,
  };
}

/** Null without a key set: then `refusals-apps.ts` has something to say, or nothing was asked for. */
function trustOf(config: TokensConfig | undefined): TokenTrust | null {
  if (config === undefined) return null;
  const { jwks_url: url, jwks, allow_private_networks: allowPrivateNetworks } = config;
  const keys = url === undefined ? jwks && { inline: parseKeySet(jwks) } : { url, allowPrivateNetworks };
  if (keys === undefined) return null;
  return {
    keys,
    algorithms: config.algorithms ?? KEY_SET_ALGORITHMS,
    issuer: config.issuer ?? null,
    audience: config.audience ?? null,
  };
}

function durabilityOf(policy: AppPolicyConfig, server: ServerConfig) {
  const annotates = policy.channels.annotations_enabled === true;
  // Annotations need the message they are about, so allowing them keeps history on (http.md section 5).
  const hasHistory = annotates || (policy.history?.enabled ?? server.history.enabled);
  const someNamespaceAnnotates =
    policy.channels.channel_namespaces?.some((namespace) => namespace.annotations_enabled) ?? false;
  const recovery = policy.connection_recovery;
  return {
    history: {
      enabled: hasHistory,
      rewindEnabled: policy.history?.rewind_enabled ?? server.history.rewind_enabled,
      retention: withVersions(retentionOf(policy.history, server.history), server),
    },
    recovery: {
      enabled: server.connection_recovery.enabled && (recovery?.enabled ?? true),
      windowMs: (recovery?.buffer_ttl_seconds ?? server.connection_recovery.buffer_ttl_seconds) * SECOND_MS,
      maxMessages: recovery?.max_buffer_size ?? server.connection_recovery.max_buffer_size,
    },
    versionsEnabled: server.versioned_messages.enabled && (hasHistory || someNamespaceAnnotates),
    annotationsEnabled: server.annotations.enabled && annotates,
    presenceHistory: {
      enabled: policy.presence_history?.enabled ?? server.presence_history.enabled,
      retention: retentionOf(policy.presence_history, server.presence_history),
    },
  };
}

/** The app record of one configured app; its patterns were checked before (refusals-apps.ts). */
export function appOf(config: AppConfig, server: ServerConfig): App {
  const policy = policyOf(config);
  const { features, channels } = policy;
  const origins = channels.allowed_origins ?? [];
  const namespaces = (channels.channel_namespaces ?? []).map((entry) => namespaceOf(entry, policy, server));
  return {
    id: config.id,
    key: config.key,
    secret: config.secret,
    enabled: config.enabled,
    limits: limitsOf(policy.limits),
    clientMessagesEnabled: features.enable_client_messages,
    userAuthenticationEnabled: features.enable_user_authentication ?? false,
    watchlistEnabled: features.enable_watchlist_events ?? false,
    allowedOrigins: admitsEveryOrigin(origins) ? [] : origins,
    namespaces: new Map(namespaces.map((namespace) => [namespace.name, namespace])),
    deltaRules: deltaRulesOf(channels.channel_delta_compression ?? {}),
    webhooks: (policy.webhooks ?? []).map((webhook) => webhookOf(webhook, server)),
    tokens: trustOf(policy.tokens),
    idempotency: {
      enabled: policy.idempotency?.enabled ?? server.idempotency.enabled,
      ttlMs: (policy.idempotency?.ttl_seconds ?? server.idempotency.ttl_seconds) * SECOND_MS,
      maxKeyBytes: server.idempotency.max_key_length,
    },
    ...durabilityOf(policy, server),
  };
}
