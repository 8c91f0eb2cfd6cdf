// The neutral settings of test/conformance/apps.json as a configuration of this server, in Sockudo's names. The words are
// read strictly: one that has no translation here fails, rather than being left out without a sound.
import { z } from 'zod';

const durableApp = z.union([
  z.boolean(),
  z.strictObject({ rewind: z.boolean().optional(), messages_per_channel_max: z.int().optional() }),
]);
const exceeded = z.enum(['reject the event', 'close the connection']);
const rate = z.strictObject({ count: z.int(), window_seconds: z.int(), when_exceeded: exceeded });

const appSettings = z.strictObject({
  enabled: z.boolean().default(true),
  client_events: z.boolean().default(false),
  user_authentication: z.boolean().default(false),
  watchlists: z.boolean().default(false),
  annotations: z.boolean().optional(),
  history: durableApp.optional(),
  recovery: z.union([z.boolean(), z.strictObject({ replay_messages_max: z.int() })]).optional(),
  idempotency: z.boolean().optional(),
  presence_history: z.boolean().optional(),
  allowed_origins: z.array(z.string()).optional(),
  limits: z
    .strictObject({
      connections: z.int().optional(),
      client_events: rate.optional(),
      inbound_messages: rate.optional(),
      presence_members_per_channel: z.int().optional(),
      presence_member_info_kb: z.int().optional(),
      channel_name_length: z.int().optional(),
      channels_per_event: z.int().optional(),
      event_name_length: z.int().optional(),
      event_payload_kb: z.int().optional(),
      events_per_batch: z.int().optional(),
    })
    .default({}),
  namespaces: z
    .array(
      z.strictObject({
        name: z.string(),
        channel_pattern: z.string().optional(),
        channel_name_length_max: z.int().optional(),
        user_limited_channels: z.boolean().optional(),
        client_publish: z.boolean().optional(),
        client_subscribe: z.boolean().optional(),
        client_presence: z.boolean().optional(),
      }),
    )
    .optional(),
});
type AppSettings = z.output<typeof appSettings>;

const serverSettings = z.strictObject({
  activity_timeout_seconds: z.int(),
  history: z.strictObject({
    enabled: z.boolean(),
    rewind: z.boolean(),
    page_size_max: z.int(),
    messages_per_channel_max: z.int(),
  }),
  versioned_messages: z.strictObject({ enabled: z.boolean(), page_size_max: z.int() }),
  recovery: z.strictObject({
    enabled: z.boolean(),
    hot_buffer_messages: z.int(),
    hot_buffer_seconds: z.int(),
    replay_messages_max: z.int(),
  }),
  presence_history: z.strictObject({
    enabled: z.boolean(),
    page_size_max: z.int(),
    events_per_channel_max: z.int(),
  }),
  annotations: z.strictObject({ allowed: z.boolean(), default_for_apps: z.boolean() }),
  ai: z.strictObject({
    enabled: z.boolean(),
    channel_prefixes: z.array(z.string()),
    accumulated_bytes_max: z.int(),
    appends_per_message_max: z.int(),
    open_streams_per_channel_max: z.int(),
    transport_value_bytes_max: z.int(),
    steer_codec_message_ids_bytes_max: z.int(),
    rollup_window_ms: z.int(),
    orphan_timeout_ms: z.int(),
  }),
  idempotency: z.strictObject({ enabled: z.boolean(), ttl_seconds: z.int(), key_length_max: z.int() }),
  filters: z.strictObject({
    tags: z.boolean(),
    expressions: z.boolean(),
    tags_in_frames: z.boolean(),
    events_max: z.int(),
    event_name_length_max: z.int(),
  }),
  delta: z.strictObject({
    enabled: z.boolean(),
    algorithm: z.string(),
    full_message_every: z.int(),
    message_bytes_min: z.int(),
    algorithm_named_in_frames: z.boolean(),
  }),
  presence: z.strictObject({
    updates_per_member_and_second_max: z.int(),
    abrupt_leave_grace_seconds: z.strictObject({ protocol_1: z.int(), protocol_2: z.int() }),
  }),
  ephemeral_messages: z.boolean(),
  echo_to_sender_default: z.strictObject({ protocol_1: z.literal(false), protocol_2: z.boolean() }),
  http: z.strictObject({ body_megabytes_max: z.int(), request_rate_limit: z.literal(false) }),
  push: z.strictObject({
    storage: z.literal('memory'),
    providers: z.strictObject({ web_push: z.string(), others: z.literal('disabled') }),
    credential_encryption: z.literal('not configured'),
  }),
  channel_name_length_max: z.int(),
  cached_event_seconds: z.int(),
});
type ServerSettings = z.output<typeof serverSettings>;

const specSchema = z.strictObject({
  about: z.string(),
  server: serverSettings,
  apps: z.array(
    z.strictObject({
      name: z.string(),
      id: z.string(),
      key: z.string(),
      secret: z.string(),
      settings: appSettings.prefault({}),
    }),
  ),
});

/** A plain configuration object, without members that have no value. */
type Config = Record<string, unknown>;

function defined(members: Config): Config {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function appLimits({ limits }: AppSettings): Config {
  const { client_events: events, inbound_messages: messages } = limits;
  return defined({
    max_connections: limits.connections,
    max_client_events_per_second: events?.count,
    decay_seconds: events?.window_seconds,
    terminate_on_limit: events && events.when_exceeded === 'close the connection',
    message_rate_limit: messages && {
      enabled: true,
      max_attempts: messages.count,
      decay_seconds: messages.window_seconds,
      terminate_on_limit: messages.when_exceeded === 'close the connection',
    },
    max_presence_members_per_channel: limits.presence_members_per_channel,
    max_presence_member_size_in_kb: limits.presence_member_info_kb,
    max_channel_name_length: limits.channel_name_length,
    max_event_channels_at_once: limits.channels_per_event,
    max_event_name_length: limits.event_name_length,
    max_event_payload_in_kb: limits.event_payload_kb,
    max_event_batch_size: limits.events_per_batch,
  });
}

function appChannels(settings: AppSettings, annotationsByDefault: boolean): Config {
  return defined({
    allowed_origins: settings.allowed_origins,
    annotations_enabled: settings.annotations ?? annotationsByDefault,
    channel_namespaces: settings.namespaces?.map((namespace) =>
      defined({
        name: namespace.name,
        channel_name_pattern: namespace.channel_pattern,
        max_channel_name_length: namespace.channel_name_length_max,
        allow_user_limited_channels: namespace.user_limited_channels,
        allow_publish_for_client: namespace.client_publish,
        allow_subscribe_for_client: namespace.client_subscribe,
        allow_presence_for_client: namespace.client_presence,
      }),
    ),
  });
}

function appHistory(history: AppSettings['history']): Config | undefined {
  if (history === undefined) return undefined;
  if (typeof history === 'boolean') return { enabled: history };
  return defined({
    rewind_enabled: history.rewind,
    max_messages_per_channel: history.messages_per_channel_max,
  });
}

function appRecovery(recovery: AppSettings['recovery']): Config | undefined {
  if (recovery === undefined) return undefined;
  return typeof recovery === 'boolean'
    ? { enabled: recovery }
    : { max_buffer_size: recovery.replay_messages_max };
}

function appPolicy(settings: AppSettings, annotationsByDefault: boolean): Config {
  const switched = (value: boolean | undefined) => (value === undefined ? undefined : { enabled: value });
  return defined({
    limits: appLimits(settings),
    features: {
      enable_client_messages: settings.client_events,
      enable_user_authentication: settings.user_authentication,
      enable_watchlist_events: settings.watchlists,
    },
    channels: appChannels(settings, annotationsByDefault),
    history: appHistory(settings.history),
    connection_recovery: appRecovery(settings.recovery),
    idempotency: switched(settings.idempotency),
    presence_history: switched(settings.presence_history),
  });
}

function durable(server: ServerSettings): Config {
  const { history, versioned_messages: versions, recovery, presence_history: presence } = server;
  return {
    history: {
      enabled: history.enabled,
      rewind_enabled: history.rewind,
      max_page_size: history.page_size_max,
      max_messages_per_channel: history.messages_per_channel_max,
    },
    versioned_messages: { enabled: versions.enabled, max_page_size: versions.page_size_max },
    connection_recovery: {
      enabled: recovery.enabled,
      buffer_ttl_seconds: recovery.hot_buffer_seconds,
      max_buffer_size: Math.min(recovery.hot_buffer_messages, recovery.replay_messages_max),
    },
    presence_history: {
      enabled: presence.enabled,
      max_page_size: presence.page_size_max,
      max_events_per_channel: presence.events_per_channel_max,
    },
    annotations: { enabled: server.annotations.allowed },
  };
}

function features(server: ServerSettings): Config {
  const { filters, delta, presence, idempotency } = server;
  return {
    idempotency: {
      enabled: idempotency.enabled,
      ttl_seconds: idempotency.ttl_seconds,
      max_key_length: idempotency.key_length_max,
    },
    tag_filtering: { enabled: filters.tags && filters.expressions, enable_tags: filters.tags_in_frames },
    event_name_filtering: {
      max_events_per_filter: filters.events_max,
      max_event_name_length: filters.event_name_length_max,
    },
    delta_compression: {
      enabled: delta.enabled,
      algorithm: delta.algorithm,
      full_message_interval: delta.full_message_every,
      min_message_size: delta.message_bytes_min,
      omit_delta_algorithm: !delta.algorithm_named_in_frames,
    },
    presence: {
      update_rate_limit_per_member_per_second: presence.updates_per_member_and_second_max,
      ungraceful_timeout_seconds: presence.abrupt_leave_grace_seconds.protocol_1,
      v2_ungraceful_timeout_seconds: presence.abrupt_leave_grace_seconds.protocol_2,
    },
    ephemeral: { enabled: server.ephemeral_messages },
    echo_control: { default_echo_messages: server.echo_to_sender_default.protocol_2 },
    channel_limits: {
      max_name_length: server.channel_name_length_max,
      cache_ttl: server.cached_event_seconds,
    },
  };
}

function plugins({ ai }: ServerSettings): Config {
  return {
    ai_transport: {
      enabled: ai.enabled,
      channels: ai.channel_prefixes.map((prefix) => ({ prefix })),
      max_accumulated_message_bytes: ai.accumulated_bytes_max,
      max_appends_per_message: ai.appends_per_message_max,
      max_open_streaming_messages_per_channel: ai.open_streams_per_channel_max,
      max_transport_value_bytes: ai.transport_value_bytes_max,
      max_steer_codec_message_ids_bytes: ai.steer_codec_message_ids_bytes_max,
      rollup: { default_window_ms: ai.rollup_window_ms, orphan_ttl_ms: ai.orphan_timeout_ms },
    },
    push: {
      storage_driver: 'memory',
      queue_driver: 'memory',
      allow_memory_drivers: true,
      webpush_enabled: true,
      // Any key: no push of the suite reaches anybody.
      webpush: { vapid_private_key: 'CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo' },
    },
  };
}

export interface ConformanceOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Where state is kept; `memory` when absent. With `postgres` there is no queue, and nothing of the suite needs one. */
  readonly store?: 'memory' | 'sqlite' | 'postgres';
  /** File of the SQLite store. */
  readonly databasePath?: string;
}

/** The configuration the conformance suite wants the server to be started with; `spec` is the content of apps.json. */
export function conformanceConfig(spec: unknown, options: ConformanceOptions): Config {
  const { server, apps } = specSchema.parse(spec);
  const store = options.store ?? 'memory';
  const durableSections = durable(server);
  return {
    host: '127.0.0.1',
    port: options.port,
    activity_timeout: server.activity_timeout_seconds,
    http_api: { request_limit_in_mb: server.http.body_megabytes_max },
    rate_limiter: { enabled: server.http.request_rate_limit },
    metrics: { enabled: false },
    cache: { driver: 'memory' },
    queue: { driver: store },
    ...(options.databasePath === undefined ? {} : { database: { sqlite: { path: options.databasePath } } }),
    ...durableSections,
    // CAST: durable() makes this section as an object.
    history: { ...(durableSections.history as Config), backend: store },
    ...features(server),
    ...plugins(server),
    app_manager: {
      array: {
        apps: apps.map(({ id, key, secret, settings }) => ({
          id,
          key,
          secret,
          enabled: settings.enabled,
          policy: appPolicy(settings, server.annotations.default_for_apps),
        })),
      },
    },
  };
}
