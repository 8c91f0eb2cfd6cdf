import { describe, expect, it } from 'vitest';
import { load } from './load-fixture.ts';
import { serverConfig } from './schema.ts';
import { configJsonSchema, isPlainObject } from './tree.ts';

const config = serverConfig.parse({});

function at(path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (isPlainObject(value) ? value[key] : undefined), config);
}

describe('defaults', () => {
  it.each([
    ['port', 6001],
    ['mode', 'production'],
    ['max_connections', 0],
    ['activity_timeout', 120],
    ['user_authentication_timeout', 3600],
    ['shutdown_grace_period', 10],
    ['websocket_max_payload_kb', 64],
    ['health_check_timeout_ms', 2000],
    ['http_api.request_limit_in_mb', 10],
    ['http_api.usage_enabled', true],
    ['cors.origin', ['*']],
    ['cors.credentials', true],
    ['rate_limiter.enabled', true],
    ['rate_limiter.api_rate_limit.max_requests', 100],
    ['rate_limiter.websocket_rate_limit.max_requests', 20],
    ['rate_limiter.api_rate_limit.window_seconds', 60],
    ['rate_limiter.api_rate_limit.trust_hops', 0],
    ['metrics.enabled', true],
    ['metrics.port', 9601],
    ['metrics.prometheus.prefix', 'sockudo_'],
    ['presence.update_rate_limit_per_member_per_second', 10],
    ['presence.ungraceful_timeout_seconds', 0],
    ['presence.v2_ungraceful_timeout_seconds', 15],
    ['idempotency.enabled', true],
    ['idempotency.ttl_seconds', 120],
    ['idempotency.max_key_length', 128],
    ['connection_recovery.buffer_ttl_seconds', 120],
    ['connection_recovery.max_buffer_size', 100],
    ['history.rewind_enabled', true],
    ['history.retention_window_seconds', 86_400],
    ['history.max_page_size', 100],
    ['presence_history.enabled', false],
    ['presence_history.retention_window_seconds', 86_400],
    ['versioned_messages.max_page_size', 100],
    ['annotations.enabled', false],
    ['ephemeral.enabled', true],
    ['echo_control.enabled', true],
    ['echo_control.default_echo_messages', true],
    ['event_name_filtering.max_events_per_filter', 50],
    ['event_name_filtering.max_event_name_length', 200],
    ['channel_limits.cache_ttl', 3600],
    ['delta_compression.enabled', true],
    ['delta_compression.full_message_interval', 10],
    ['ai_transport.enabled', false],
    ['ai_transport.rollup.default_window_ms', 40],
    ['webhooks.batching.enabled', true],
    ['webhooks.batching.duration', 50],
    ['webhooks.batching.size', 100],
    ['webhooks.retry.max_elapsed_time_ms', 300_000],
    ['webhooks.request_timeout_ms', 10_000],
    ['websocket.max_messages', 1000],
    ['websocket.ping_interval', 30],
    ['websocket.idle_timeout', 120],
    ['adapter.driver', 'local'],
    ['cache.driver', 'memory'],
    ['app_manager.driver', 'memory'],
    ['push.storage_driver', 'memory'],
    ['app_manager.array.apps', []],
  ])('%s is %j, as in Sockudo', (path, expected) => {
    expect(at(path)).toEqual(expected);
  });

  it.each([
    ['D39: filters work', 'tag_filtering.enabled', true],
    ['D81: no silent fallback', 'adapter.fallback_to_local', false],
    ['D82: history is on', 'history.enabled', true],
    ['D82: history is durable', 'history.backend', 'sqlite'],
    ['D82: recovery is on', 'connection_recovery.enabled', true],
    ['D82: versions are on', 'versioned_messages.enabled', true],
    ['D82: jobs are durable', 'queue.driver', 'sqlite'],
    ['D82: Postgres has its own port', 'database.postgres.port', 5432],
    ['our own: webhooks stay in public networks', 'webhooks.allow_private_networks', false],
    ['our own: file of the stores', 'database.sqlite.path', '.sockudo/sockudo.db'],
  ])('%s', (_title, path, expected) => {
    expect(at(path)).toEqual(expected);
  });

  it('listens on every address in production and on loopback in development', () => {
    expect(load({}).settings).toMatchObject({ host: '0.0.0.0', metrics: { host: '0.0.0.0' } });
    expect(load({ mode: 'development' }).settings).toMatchObject({
      host: '127.0.0.1',
      metrics: { host: '127.0.0.1' },
    });
    expect(load({ mode: 'development', host: '0.0.0.0' }).settings.host).toBe('0.0.0.0');
  });

  it('puts tags into frames only where the section is present', () => {
    expect(load({}).settings.filters).toMatchObject({ tagsEnabled: true, tagsInFrames: false });
    expect(load({ tag_filtering: {} }).settings.filters.tagsInFrames).toBe(true);
    expect(load({ tag_filtering: { enable_tags: false } }).settings.filters.tagsInFrames).toBe(false);
    const env = { TAG_FILTERING_ENABLED: 'true' };
    expect(load({}, { env }).settings.filters.tagsInFrames).toBe(false);
  });

  it('names every process differently', () => {
    expect(load({}).settings.nodeId).not.toBe(load({}).settings.nodeId);
    expect(load({ instance: { process_id: 'n1' } }).settings.nodeId).toBe('n1');
  });
});

describe('JSON Schema', () => {
  const schema = configJsonSchema();

  it('is strict and describes every setting', () => {
    expect(schema).toMatchObject({ additionalProperties: false, type: 'object' });
    const silent: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (!isPlainObject(node)) return;
      const isLeaf = node.properties === undefined && !isPlainObject(node.items);
      if (isLeaf && node.description === undefined && path !== '') silent.push(path);
      if (isPlainObject(node.items) && node.items.properties !== undefined) walk(node.items, `${path}[]`);
      for (const [key, child] of Object.entries(isPlainObject(node.properties) ? node.properties : {})) {
        walk(child, path === '' ? key : `${path}.${key}`);
      }
    };
    walk(schema, '');
    expect(silent).toEqual([]);
  });
});
