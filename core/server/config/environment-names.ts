// The environment variables that set one setting each, with Sockudo's names (http.md section 15). Variables with a meaning
// of their own (apps, aliases, log filters) are in environment.ts and environment-app.ts.

const FCM = 'project_id service_account_json service_account_json_path provider_token endpoint';
const APNS = 'topic team_id key_id private_key private_key_path provider_token endpoint';
const HMS = 'app_id provider_token endpoint';
const PUSH_PROVIDERS = ['fcm', 'apns', 'webpush', 'hms', 'wns', 'realtime'];

/** Groups of variables: `PREFIX_NAME` sets `section.name`, for every name listed. */
const GROUPS: readonly (readonly [prefix: string, section: string, names: string])[] = [
  ['METRICS', 'metrics', 'enabled host port driver'],
  ['METRICS_TCP_EXPORTER', 'metrics.tcp_exporter', 'enabled host port buffer_size'],
  ['SSL', 'ssl', 'enabled cert_path key_path redirect_http http_port'],
  ['UNIX_SOCKET', 'unix_socket', 'enabled path permission_mode'],
  [
    'CLEANUP',
    'cleanup',
    'async_enabled fallback_to_sync queue_buffer_size batch_size batch_timeout_ms worker_threads max_retry_attempts',
  ],
  [
    'ADAPTER',
    'adapter',
    'driver fallback_to_local enable_socket_counting aggregate_counts fast_presence_transitions buffer_multiplier_per_cpu',
  ],
  [
    'WEBSOCKET',
    'websocket',
    'max_messages max_bytes disconnect_on_buffer_full max_message_size max_frame_size write_buffer_size max_backpressure auto_ping ping_interval idle_timeout compression',
  ],
  [
    'PRESENCE',
    'presence',
    'update_rate_limit_per_member_per_second ungraceful_timeout_seconds v2_ungraceful_timeout_seconds',
  ],
  [
    'HISTORY',
    'history',
    'enabled rewind_enabled backend retention_window_seconds max_page_size max_messages_per_channel max_bytes_per_channel writer_shards writer_queue_capacity purge_interval_seconds purge_batch_size max_purge_per_tick',
  ],
  ['HISTORY_POSTGRES', 'history.postgres', 'table_prefix write_timeout_ms'],
  [
    'PRESENCE_HISTORY',
    'presence_history',
    'enabled retention_window_seconds max_page_size max_events_per_channel max_bytes_per_channel',
  ],
  [
    'VERSIONED_MESSAGES',
    'versioned_messages',
    'enabled driver max_page_size retention_window_seconds purge_interval_seconds purge_batch_size max_purge_per_tick',
  ],
  ['ANNOTATIONS', 'annotations', 'enabled'],
  ['IDEMPOTENCY', 'idempotency', 'enabled ttl_seconds max_key_length'],
  ['EPHEMERAL', 'ephemeral', 'enabled'],
  ['ECHO_CONTROL', 'echo_control', 'enabled default_echo_messages'],
  ['EVENT_NAME_FILTERING', 'event_name_filtering', 'enabled max_events_per_filter max_event_name_length'],
  ['TAG_FILTERING', 'tag_filtering', 'enabled'],
  ['CONNECTION_RECOVERY', 'connection_recovery', 'enabled max_buffer_size'],
  [
    'AI_TRANSPORT',
    'ai_transport',
    'enabled max_accumulated_message_bytes max_appends_per_message max_open_streaming_messages_per_channel',
  ],
  [
    'AI_TRANSPORT_ROLLUP',
    'ai_transport.rollup',
    'enabled default_window_ms min_window_ms max_window_ms orphan_ttl_ms wheel_tick_ms shards',
  ],
  ['WEBHOOK_BATCHING', 'webhooks.batching', 'enabled duration size'],
  [
    'QUEUE',
    'queue.reliability',
    'max_attempts retry_base_delay_ms retry_max_delay_ms retry_jitter lease_duration_ms lease_renew_interval_ms stalled_batch_size worker_poll_interval_ms worker_prefetch shutdown_timeout_ms completed_retention failed_retention event_retention deduplication_ttl_ms memory_capacity max_batch_size',
  ],
  [
    'PUSH',
    'push',
    'storage_driver queue_driver allow_memory_drivers fcm_enabled apns_enabled webpush_enabled hms_enabled wns_enabled credential_encryption_key fanout_fast_threshold fanout_shard_size fanout_sync_threshold backpressure_lag_threshold_secs publish_status_ttl_days retry_worker_count dispatch_max_outbound_requests scheduler_interval_secs repair_interval_secs repair_min_age_secs repair_batch_size cleanup_interval_secs cleanup_batch_size cleanup_max_deleted_per_tick stale_device_max_age_days analytics_enabled',
  ],
  [
    'PUSH_RETRY',
    'push.retry',
    'max_attempts initial_backoff_ms max_backoff_ms max_elapsed_secs jitter jitter_ratio_percent respect_retry_after',
  ],
  ['PUSH_FCM', 'push.fcm', FCM],
  ['FCM', 'push.fcm', FCM],
  ['PUSH_APNS', 'push.apns', APNS],
  ['APNS', 'push.apns', APNS],
  ['PUSH_WEBPUSH', 'push.webpush', 'vapid_private_key vapid_contact allowed_hosts denied_hosts'],
  ['PUSH_HMS', 'push.hms', HMS],
  ['HMS', 'push.hms', HMS],
  ['PUSH_WNS', 'push.wns', 'provider_token'],
  ['WNS', 'push.wns', 'provider_token'],
  ['PUSH_DEFAULT', 'push.default_quotas', 'acceptance_rps delivery_quota_daily fanout_max inflight_max'],
  ['DATABASE_MYSQL', 'database.mysql', 'host port username password database table_name pool_min pool_max'],
  ['DATABASE_POSTGRES', 'database.postgres', 'host port username password database pool_min pool_max'],
  [
    'DATABASE_REDIS',
    'database.redis',
    'host port username password db key_prefix sentinel_username sentinel_password',
  ],
  [
    'DATABASE_REDIS_SENTINEL_TLS',
    'database.redis.sentinel_tls',
    'enabled accept_invalid_certs ca_path client_cert_path client_key_path',
  ],
  [
    'DATABASE_REDIS_MASTER_TLS',
    'database.redis.master_tls',
    'enabled accept_invalid_certs ca_path client_cert_path client_key_path',
  ],
];

/** Variables whose name does not follow from the setting's. */
const SINGLES: readonly (readonly [name: string, setting: string])[] = [
  ['HOST', 'host'],
  ['PORT', 'port'],
  ['ENVIRONMENT', 'mode'],
  ['ACTIVITY_TIMEOUT', 'activity_timeout'],
  ['USER_AUTHENTICATION_TIMEOUT', 'user_authentication_timeout'],
  ['SHUTDOWN_GRACE_PERIOD', 'shutdown_grace_period'],
  ['WEBSOCKET_MAX_PAYLOAD_KB', 'websocket_max_payload_kb'],
  ['HEALTH_CHECK_TIMEOUT_MS', 'health_check_timeout_ms'],
  ['SOCKUDO_MAX_CONNECTIONS', 'max_connections'],
  ['SOCKUDO_SERVER_ROLE', 'server_role'],
  ['INSTANCE_PROCESS_ID', 'instance.process_id'],
  ['HTTP_API_USAGE_ENABLED', 'http_api.usage_enabled'],
  ['CACHE_DRIVER', 'cache.driver'],
  ['CACHE_TTL_SECONDS', 'cache.memory.ttl'],
  ['CACHE_CLEANUP_INTERVAL', 'cache.memory.cleanup_interval'],
  ['CACHE_MAX_CAPACITY', 'cache.memory.max_capacity'],
  ['QUEUE_DRIVER', 'queue.driver'],
  ['APP_MANAGER_DRIVER', 'app_manager.driver'],
  ['RATE_LIMITER_DRIVER', 'rate_limiter.driver'],
  ['RATE_LIMITER_ENABLED', 'rate_limiter.enabled'],
  ['RATE_LIMITER_API_MAX_REQUESTS', 'rate_limiter.api_rate_limit.max_requests'],
  ['RATE_LIMITER_API_WINDOW_SECONDS', 'rate_limiter.api_rate_limit.window_seconds'],
  ['RATE_LIMITER_API_TRUST_HOPS', 'rate_limiter.api_rate_limit.trust_hops'],
  ['RATE_LIMITER_WS_MAX_REQUESTS', 'rate_limiter.websocket_rate_limit.max_requests'],
  ['RATE_LIMITER_WS_WINDOW_SECONDS', 'rate_limiter.websocket_rate_limit.window_seconds'],
  ['RATE_LIMITER_WS_TRUST_HOPS', 'rate_limiter.websocket_rate_limit.trust_hops'],
  ['RATE_LIMITER_REDIS_PREFIX', 'rate_limiter.redis.prefix'],
  ['METRICS_PROMETHEUS_PREFIX', 'metrics.prometheus.prefix'],
  ['CORS_ORIGINS', 'cors.origin'],
  ['CORS_METHODS', 'cors.methods'],
  ['CORS_HEADERS', 'cors.allowed_headers'],
  ['CORS_CREDENTIALS', 'cors.credentials'],
  ['CONNECTION_RECOVERY_BUFFER_TTL', 'connection_recovery.buffer_ttl_seconds'],
  ['PUSH_ACCEPTANCE_RATE_LIMIT', 'push.default_quotas.acceptance_rps'],
  ['PUSH_FANOUT_MAX', 'push.default_quotas.fanout_max'],
  ['PUSH_DELIVERY_QUOTA_DAILY', 'push.default_quotas.delivery_quota_daily'],
  ['PUSH_BACKPRESSURE', 'push.backpressure.always'],
  ['PUSH_PUBLISH_LOG_MAX_LAG', 'push.backpressure.max_waiting_jobs'],
  ['PUSH_CRITICAL_QUEUE_MAX_LAG', 'push.backpressure.max_waiting_jobs'],
  ['PUSH_BACKPRESSURE_RETRY_AFTER_SECONDS', 'push.backpressure.retry_after_secs'],
  ['PUSH_ALLOW_LOCAL_WEB_PUSH_ENDPOINTS', 'push.allow_local_endpoints'],
  ['VAPID_PRIVATE_KEY', 'push.webpush.vapid_private_key'],
  ['VAPID_CONTACT', 'push.webpush.vapid_contact'],
  ...PUSH_PROVIDERS.flatMap((name): [string, string][] => [
    [`PUSH_PROVIDER_${name.toUpperCase()}_CEILING`, `push.provider_ceilings.${name}`],
    [`PUSH_PROVIDER_${name.toUpperCase()}_DAILY_QUOTA`, `push.provider_ceilings.${name}`],
  ]),
  ['PUSH_FAILURE_THRESHOLD', 'push.circuit_breaker.failure_threshold'],
  ['REDIS_URL', 'database.redis.url'],
  ['DATABASE_POOLING_ENABLED', 'database_pooling.enabled'],
  ['DATABASE_POOL_MIN', 'database_pooling.min'],
  ['DATABASE_POOL_MAX', 'database_pooling.max'],
  ['DATABASE_SQLITE_PATH', 'database.sqlite.path'],
  ['LOG_COLORS_ENABLED', 'logging.colors_enabled'],
  ['LOG_INCLUDE_TARGET', 'logging.include_target'],
  ['REVERB_SERVER_HOST', 'host'],
  ['REVERB_SERVER_PORT', 'port'],
];

/** Variable name → dotted setting; where two set the same, the first in this order wins. */
export const VARIABLES: ReadonlyMap<string, string> = new Map([
  ...SINGLES,
  ...GROUPS.flatMap(([prefix, section, names]) =>
    names
      .split(' ')
      .map((name): [string, string] => [`${prefix}_${name.toUpperCase()}`, `${section}.${name}`]),
  ),
  // Google's own name for it, which may be set for other programs: ours win.
  ['GOOGLE_APPLICATION_CREDENTIALS', 'push.fcm.service_account_json_path'],
]);

/** Dotted setting → the variables that set it, in order of precedence. */
export function variablesBySetting(): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  for (const [name, setting] of VARIABLES) settings.set(setting, [...(settings.get(setting) ?? []), name]);
  return settings;
}
