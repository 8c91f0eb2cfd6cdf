// Sections that choose drivers: adapter, cache, queue, app manager. The lists name every driver Sockudo knows; refusals.ts
// says which of them this version has.
import { z } from 'zod';
import { app } from './apps.ts';
import { brokers, prefix, redisTls, requestTimeout } from './brokers.ts';
import { flag, integer, positive, secret, text, texts } from './fields.ts';

export const adapter = z
  .strictObject({
    driver: z
      .enum([
        'local',
        'redis',
        'redis-cluster',
        'nats',
        'pulsar',
        'rabbitmq',
        'google-pubsub',
        'kafka',
        'iggy',
      ])
      .describe('How nodes reach each other; this version has `local` (one node) and `redis`')
      .default('local'),
    redis: z
      .strictObject({
        requests_timeout: requestTimeout,
        prefix,
        redis_pub_options: z.record(z.string(), z.unknown()).describe('Options of the client').optional(),
        redis_sub_options: z.record(z.string(), z.unknown()).describe('Options of the client').optional(),
        cluster_mode: flag('Use a cluster').optional(),
      })
      .optional(),
    cluster: z
      .strictObject({
        nodes: texts('Addresses').optional(),
        prefix,
        request_timeout_ms: requestTimeout,
        use_connection_manager: flag('Reconnect by itself').optional(),
        use_sharded_pubsub: flag('Sharded pub/sub').optional(),
        tls: redisTls,
      })
      .optional(),
    ...brokers(),
    buffer_multiplier_per_cpu: positive('Accepted for compatibility').default(64),
    cluster_health: z
      .strictObject({
        enabled: flag('Watch the other nodes').default(true),
        heartbeat_interval_ms: positive(
          'Pause between heartbeats, in ms; at most a third of the time-out',
        ).default(10_000),
        node_timeout_ms: positive('Silence after which a node is dead, in ms').default(30_000),
        cleanup_interval_ms: positive('Pause between sweeps, in ms; at most the time-out').default(10_000),
      })
      .prefault({}),
    enable_socket_counting: flag('Connection quotas count the whole cluster').default(true),
    fallback_to_local: flag('Run alone when the adapter cannot be reached').default(false),
    aggregate_counts: flag('Nodes exchange channel counts').default(false),
    fast_presence_transitions: flag('Joins and leaves are decided from the replicated registry').default(
      false,
    ),
  })
  .prefault({});

export const cache = z
  .strictObject({
    driver: z
      .enum(['memory', 'sqlite', 'redis', 'redis-cluster', 'none'])
      .describe('Store of cached events and windows; this version has `memory`, `sqlite` and `redis`')
      .default('memory'),
    redis: z
      .strictObject({
        prefix,
        url_override: secret('Address').optional(),
        cluster_mode: flag('Cluster').optional(),
      })
      .optional(),
    memory: z
      .strictObject({
        ttl: positive('Accepted for compatibility: every key has its own life time').default(300),
        cleanup_interval: positive('Accepted for compatibility').default(60),
        max_capacity: positive('Most keys').default(10_000),
      })
      .prefault({}),
  })
  .prefault({});

export const queue = z
  .strictObject({
    driver: z
      .enum([
        'memory',
        'sqlite',
        'postgres',
        'redis',
        'redis-cluster',
        'nats',
        'pulsar',
        'rabbitmq',
        'google-pubsub',
        'kafka',
        'iggy',
        'sqs',
        'sns',
        'none',
      ])
      .describe(
        'Queue of webhooks and push; this version has `sqlite`, `postgres`, `memory` and `none` (no webhooks)',
      )
      .default('sqlite'),
    reliability: z
      .strictObject({
        max_attempts: positive('Attempts before a job is dead').default(5),
        retry_base_delay_ms: positive('First pause, in ms').default(1000),
        retry_max_delay_ms: positive('Longest pause, in ms').default(60_000),
        retry_jitter: z.number().min(0).max(1).describe('Spread of the pauses').default(0.2),
        lease_duration_ms: positive('How long a worker holds a job, in ms').default(30_000),
        lease_renew_interval_ms: positive('Pause between renewals, in ms').default(10_000),
        stalled_batch_size: positive('Stalled jobs taken at a time').default(100),
        worker_poll_interval_ms: positive('Pause between polls, in ms').default(500),
        worker_prefetch: positive('Jobs held by a worker').default(16),
        shutdown_timeout_ms: positive('Time for open jobs at shutdown, in ms').default(30_000),
        completed_retention: integer('Finished jobs kept', 0).default(1000),
        failed_retention: integer('Dead jobs kept', 0).default(10_000),
        event_retention: integer('Job events kept', 0).default(10_000),
        deduplication_ttl_ms: positive('How long job ids are remembered, in ms').default(300_000),
        memory_capacity: positive('Most jobs of the memory driver').default(100_000),
        max_batch_size: positive('Jobs of one write').default(1000),
      })
      .prefault({}),
    redis: z
      .strictObject({
        concurrency: positive('Workers').optional(),
        prefix,
        url_override: secret('Address').optional(),
        cluster_mode: flag('Cluster').optional(),
        response_timeout_ms: requestTimeout,
      })
      .optional(),
    redis_cluster: z
      .strictObject({
        concurrency: positive('Workers').optional(),
        prefix,
        nodes: texts('Addresses').optional(),
        request_timeout_ms: requestTimeout,
      })
      .optional(),
    ...brokers(),
    sqs: z
      .strictObject({
        region: text('Region').optional(),
        queue_url_prefix: prefix,
        visibility_timeout: positive('Seconds').optional(),
        endpoint_url: text('Address').optional(),
        max_messages: positive('Messages of one request').optional(),
        wait_time_seconds: integer('Seconds', 0).optional(),
        concurrency: positive('Workers').optional(),
        fifo: flag('FIFO').optional(),
        message_group_id: text('Group').optional(),
      })
      .optional(),
    sns: z
      .strictObject({
        region: text('Region').optional(),
        topic_arn: text('Topic').optional(),
        endpoint_url: text('Address').optional(),
      })
      .optional(),
  })
  .prefault({});

export const appManager = z
  .strictObject({
    driver: z
      .enum(['memory', 'mysql', 'pgsql', 'postgres', 'dynamodb', 'surrealdb', 'scylladb'])
      .describe('Where apps are kept; this version has `memory` (the apps of this configuration)')
      .default('memory'),
    array: z.strictObject({ apps: z.array(app).describe('The apps').default([]) }).prefault({}),
    cache: z
      .strictObject({
        enabled: flag('Accepted for compatibility').default(true),
        ttl: positive('Accepted for compatibility').default(300),
      })
      .prefault({}),
    scylladb: z.record(z.string(), z.unknown()).describe('Options of that driver').optional(),
  })
  .prefault({});
