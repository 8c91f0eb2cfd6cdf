// Setting and variable names that circulate in documentation but were never read by Sockudo (http.md section 19), with
// the names that are. Divergence D83: they are refused, and the right name is in the text.

/** Dotted paths; `*` stands for one key or index. The most telling entry of a subtree is its root. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['recovery', '`connection_recovery`'],
  ['delta', '`delta_compression`'],
  ['cluster_health', '`adapter.cluster_health`'],
  ['rate_limiter.limits', '`rate_limiter.api_rate_limit` and `rate_limiter.websocket_rate_limit`'],
  ['history.retention_seconds', '`history.retention_window_seconds`'],
  ['history.max_items_per_channel', '`history.max_messages_per_channel`'],
  ['presence_history.retention_seconds', '`presence_history.retention_window_seconds`'],
  ['presence_history.max_items_per_channel', '`presence_history.max_events_per_channel`'],
  ['app_manager.array.apps.*.policy.history.retention_seconds', '`retention_window_seconds`'],
  ['app_manager.array.apps.*.policy.history.max_items_per_channel', '`max_messages_per_channel`'],
  ['app_manager.array.apps.*.policy.recovery', '`connection_recovery`'],
  ['webhooks.enabled', 'nothing: webhooks are on for an app that has `webhooks` entries'],
  ['webhooks.batching_enabled', '`webhooks.batching.enabled`'],
  ['webhooks.max_batch_size', '`webhooks.batching.size`'],
  ['webhooks.flush_interval_ms', '`webhooks.batching.duration`'],
  ['webhooks.timeout_ms', '`webhooks.request_timeout_ms`'],
  ['adapter.redis.host', '`database.redis.host`'],
  ['adapter.redis.port', '`database.redis.port`'],
  ['adapter.redis.password', '`database.redis.password`'],
  ['push.providers', '`push.fcm_enabled`, `push.apns_enabled` and so on'],
]);

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['CLUSTER_HEALTH_ENABLED', 'the setting `adapter.cluster_health.enabled`'],
  ['CLUSTER_HEALTH_HEARTBEAT_INTERVAL', 'the setting `adapter.cluster_health.heartbeat_interval_ms`'],
  ['CLUSTER_HEALTH_NODE_TIMEOUT', 'the setting `adapter.cluster_health.node_timeout_ms`'],
  ['CLUSTER_HEALTH_CLEANUP_INTERVAL', 'the setting `adapter.cluster_health.cleanup_interval_ms`'],
]);

/** The right name for a wrongly documented setting, in words, or null. */
export function rightNameOfSetting(path: readonly (string | number)[]): string | null {
  const key = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.');
  return SETTINGS.get(key) ?? null;
}

/** The right name for a wrongly documented environment variable, in words, or null. */
export function rightNameOfVariable(name: string): string | null {
  const known = VARIABLES.get(name);
  if (known !== undefined) return known;
  return name.startsWith('CLUSTER_HEALTH_') ? 'the section `adapter.cluster_health`' : null;
}
