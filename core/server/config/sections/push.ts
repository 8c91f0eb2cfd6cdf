// The `push` section and push rules, as Sockudo names them (push.md section 10). Push is on where one of its providers is enabled.
import { z } from 'zod';
import { flag, integer, positive, secret, text } from './fields.ts';
import { protectionSections, providerSections } from './push-providers.ts';

function providerFlags() {
  return {
    fcm_enabled: flag('Deliver through FCM').default(false),
    apns_enabled: flag('Deliver through APNs').default(false),
    webpush_enabled: flag('Deliver through Web Push').default(false),
    hms_enabled: flag('Deliver through HMS').default(false),
    wns_enabled: flag('Deliver through WNS').default(false),
  };
}

function credentialRef() {
  return secret('Accepted for compatibility; no effect').optional();
}

export const push = z
  .strictObject({
    storage_driver: z
      .enum(['memory', 'sqlite', 'postgres', 'mysql', 'dynamodb', 'surrealdb', 'scylladb'])
      .describe('Must be `memory` or the store of history.backend, which keeps push as well')
      .default('memory'),
    queue_driver: text('Accepted for compatibility; no effect: deliveries are in queue.driver').default(
      'memory',
    ),
    allow_memory_drivers: flag('Allow memory drivers in production').default(false),
    ...providerFlags(),
    ...providerSections,
    ...protectionSections,
    allow_local_endpoints: flag(
      'Let pushes go to loopback and private addresses, without TLS too: for tests only',
    ).default(false),
    fcm_credential_ref: credentialRef(),
    apns_credential_ref: credentialRef(),
    webpush_credential_ref: credentialRef(),
    hms_credential_ref: credentialRef(),
    wns_credential_ref: credentialRef(),
    accept_worker_count: positive('Accepted for compatibility; no effect').default(1),
    planner_worker_count: integer('Planners', 0).default(1),
    shard_worker_count: integer('Shard workers', 0).default(1),
    dispatch_worker_count: integer('Dispatchers', 0).default(1),
    dispatch_max_outbound_requests: positive('Requests to providers at a time').default(32),
    feedback_worker_count: integer('Feedback workers', 0).default(1),
    retry_worker_count: integer('Retry workers', 0).default(1),
    queue_partition_count: positive('Accepted for compatibility; no effect').default(1),
    channel_shard_count: positive('Accepted for compatibility; no effect').default(1),
    fanout_fast_threshold: positive('Recipients planned without shards').default(10_000),
    fanout_shard_size: positive('Recipients of one shard').default(100_000),
    fanout_sync_threshold: integer('Accepted for compatibility; no effect', 0).default(0),
    backpressure_lag_threshold_secs: integer('Lag that refuses publishes, in seconds; 0: never', 0).default(
      60,
    ),
    publish_status_ttl_days: positive('How long the state of a publish is kept, in days').default(30),
    stale_device_max_age_days: positive('Accepted for compatibility; no effect').default(90),
    retry: z
      .strictObject({
        max_attempts: positive('Most attempts').default(5),
        initial_backoff_ms: positive('First pause, in ms').default(1000),
        max_backoff_ms: positive('Longest pause, in ms').default(60_000),
        max_elapsed_secs: positive('Time after which a delivery is given up, in seconds').default(86_400),
        jitter: flag('Spread the pauses').default(true),
        jitter_ratio_percent: integer('By how much, in percent', 0, 100).default(20),
        respect_retry_after: flag('Honour a provider’s Retry-After').default(true),
      })
      .prefault({}),
    circuit_breaker: z
      .strictObject({
        failure_threshold: positive('Accepted for compatibility; no effect').default(5),
        cooldown_secs: positive('Accepted for compatibility; no effect').default(60),
        half_open_max_inflight: positive('Accepted for compatibility; no effect').default(10),
      })
      .prefault({}),
    default_quotas: z
      .strictObject({
        acceptance_rps: positive('Publishes of one app in a second').default(100),
        delivery_quota_daily: integer('Deliveries of one app in a day (UTC); 0: no limit', 0).default(0),
        fanout_max: integer('Expected recipients of one publish; 0: no limit', 0).default(0),
        inflight_max: integer('Accepted for compatibility; no effect', 0).default(1000),
      })
      .prefault({}),
    credential_encryption_key: secret('Key that encrypts stored credentials').optional(),
    kms_key_ref: secret('Accepted for compatibility; no effect').optional(),
    vault_secret_ref: secret('Accepted for compatibility; no effect').optional(),
    dry_run: flag('Accepted for compatibility; no effect').default(false),
    analytics_enabled: flag('Accepted for compatibility; no effect').default(false),
    analytics_retention_days: positive('How long delivery events are kept, in days').default(30),
    payload_redaction: z
      .strictObject({
        redact_payload: flag('Accepted for compatibility; no effect').default(true),
        redact_template_data: flag('Accepted for compatibility; no effect').default(true),
        redact_provider_overrides: flag('Accepted for compatibility; no effect').default(true),
        allow_debug_payload_logging: flag('Accepted for compatibility; no effect').default(false),
      })
      .prefault({}),
    scheduler_interval_secs: positive('Accepted for compatibility; no effect').default(5),
    repair_interval_secs: integer('Pause between repairs, in seconds; 0: none', 0).default(30),
    repair_min_age_secs: positive('Age from which work is repaired, in seconds').default(30),
    repair_batch_size: positive('Rows of one repair').default(100),
    cleanup_interval_secs: integer('Accepted for compatibility; no effect: the store cleans up', 0).default(
      300,
    ),
    cleanup_batch_size: positive('Accepted for compatibility; no effect').default(1000),
    cleanup_max_deleted_per_tick: positive('Accepted for compatibility; no effect').default(100_000),
  })
  .prefault({});

export const pushRules = z
  .array(
    z.strictObject({
      enabled: flag('Use this rule').default(true),
      channel_pattern: text('Channels the rule is for: a name, `*`, or a beginning with `*` at its end')
        .min(1)
        .max(256)
        .regex(/^[^*]*\*?$/),
      event_filter: z
        .array(z.string().min(1).max(200))
        .min(1)
        .max(32)
        .describe('Names of the events the rule is for'),
      payload_mapping: z
        .strictObject({
          title_field: text('Member of the data that is the title').min(1).default('title'),
          body_field: text('Member of the data that is the body').min(1).default('body'),
          template_data_field: text('Member of templateData that the rest is put into')
            .min(1)
            .default('data'),
          include_remaining_fields: flag('Pass the other members on').default(true),
        })
        .prefault({}),
      rate_limit_per_second: positive('Pushes of this rule in a second').default(100),
    }),
  )
  .describe('Pushes made from published events')
  .default([]);
