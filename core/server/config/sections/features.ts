// Sections of the server's features. Names: http.md section 13. Where a default differs from Sockudo's, the divergence is
// named: history, recovery and versions are on, because the embedded store is durable (D82).
import { z } from 'zod';
import { flag, integer, positive, text } from './fields.ts';

const DAY_SECONDS = 86_400;
const STORES = ['memory', 'sqlite', 'postgres', 'mysql', 'dynamodb', 'surrealdb', 'scylladb'] as const;

const postgresStore = z
  .strictObject({
    table_prefix: text('Schema that holds the tables; absent: `sockudo`')
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a letter or _, then up to 62 letters, digits or _')
      .optional(),
    write_timeout_ms: positive('Time-out of a statement, in ms; absent: 10 s').optional(),
  })
  .optional();

function foreignStore() {
  return z
    .strictObject({
      table_prefix: text('Prefix of the tables').min(1).optional(),
      write_timeout_ms: positive('Time-out of a write, in ms').optional(),
    })
    .optional();
}

const purge = {
  purge_interval_seconds: positive('Accepted for compatibility; the store trims on its own clock').default(
    300,
  ),
  purge_batch_size: positive('Accepted for compatibility').default(1000),
  max_purge_per_tick: positive('Accepted for compatibility').default(100_000),
};

export const history = z
  .strictObject({
    enabled: flag('Keep published events in the durable log of their channel').default(true),
    rewind_enabled: flag('Allow `rewind` when subscribing').default(true),
    backend: z
      .enum(STORES)
      .describe('Store of the channel logs; this version has `sqlite`, `postgres` and `memory`')
      .default('sqlite'),
    retention_window_seconds: positive('How long events are kept, in seconds').default(DAY_SECONDS),
    max_page_size: positive('Most rows of one page', 10_000).default(100),
    max_messages_per_channel: positive('Most events kept of one channel; absent: no bound').optional(),
    max_bytes_per_channel: positive('Most bytes kept of one channel; absent: no bound').optional(),
    writer_shards: positive('Accepted for compatibility').default(16),
    writer_queue_capacity: positive('Accepted for compatibility').default(4096),
    ...purge,
    postgres: postgresStore,
    mysql: foreignStore(),
    dynamodb: foreignStore(),
    surrealdb: foreignStore(),
    scylladb: foreignStore(),
  })
  .prefault({});

export const presenceHistory = z
  .strictObject({
    enabled: flag('Keep joins and leaves of presence channels').default(false),
    retention_window_seconds: positive('How long they are kept, in seconds').default(DAY_SECONDS),
    max_page_size: positive('Most rows of one page', 10_000).default(100),
    max_events_per_channel: positive('Most events kept of one channel; absent: no bound').optional(),
    max_bytes_per_channel: positive('Most bytes kept of one channel; absent: no bound').optional(),
  })
  .prefault({});

export const versionedMessages = z
  .strictObject({
    enabled: flag('Messages of durable channels can be updated, appended to and deleted').default(true),
    driver: z
      .enum(STORES)
      .describe('Accepted for compatibility: versions live in the store of `history.backend`')
      .optional(),
    max_page_size: positive('Most versions of one page', 10_000).default(100),
    retention_window_seconds: integer('How long versions are kept, in seconds; 0: for ever', 0).default(
      DAY_SECONDS,
    ),
    ...purge,
  })
  .prefault({});

export const annotations = z
  .strictObject({
    enabled: flag(
      'Allow annotations where an app or namespace allows them; needs versioned messages',
    ).default(false),
  })
  .prefault({});

export const connectionRecovery = z
  .strictObject({
    enabled: flag('Messages carry serials and can be replayed after a reconnect').default(true),
    buffer_ttl_seconds: positive('How long a position can be resumed without history, in seconds').default(
      120,
    ),
    max_buffer_size: positive('Most messages replayed for one channel').default(100),
  })
  .prefault({});

export const idempotency = z
  .strictObject({
    enabled: flag('Requests with an idempotency key are carried out once').default(true),
    ttl_seconds: positive('How long a key is remembered, in seconds').default(120),
    max_key_length: positive('Longest key, in bytes', 4096).default(128),
  })
  .prefault({});

export const ephemeral = z
  .strictObject({ enabled: flag('Honour `extras.ephemeral`: deliver without storing').default(true) })
  .prefault({});

export const echoControl = z
  .strictObject({
    enabled: flag('Connections may choose whether they hear their own messages').default(true),
    default_echo_messages: flag(
      'Protocol 2 connections hear their own messages unless they say otherwise',
    ).default(true),
  })
  .prefault({});

export const eventNameFiltering = z
  .strictObject({
    enabled: flag('Subscriptions may name the events they want').default(true),
    max_events_per_filter: positive('Most names of one filter', 10_000).default(50),
    max_event_name_length: positive('Longest name in a filter, in bytes', 4096).default(200),
  })
  .prefault({});

export const tagFiltering = z
  .strictObject({
    enabled: flag('Subscriptions may filter by tags and expressions').default(true),
    enable_tags: flag(
      'Frames carry their tags; true when this section is present in the file, else false',
    ).optional(),
  })
  .prefault({});

export const deltaCompression = z
  .strictObject({
    enabled: flag('Connections may ask for deltas').default(true),
    algorithm: z
      .enum(['fossil', 'xdelta3', 'Fossil', 'Xdelta3'])
      .describe('Default algorithm')
      .default('fossil'),
    full_message_interval: positive('After so many deltas a full message is sent').default(10),
    min_message_size: integer('Smallest message that is sent as a delta, in bytes', 0).default(100),
    max_state_age_secs: positive('Oldest base of a delta, in seconds').default(300),
    max_channel_states_per_socket: positive('Most channels with deltas on one connection').default(100),
    max_conflation_states_per_channel: positive(
      'Most series (event and conflation key) of one channel on one connection',
    ).default(100),
    conflation_key_path: text('Path of the conflation key in a message').optional(),
    cluster_coordination: flag('No effect: what a subscriber has is known where it is connected').default(
      false,
    ),
    coordination_backend: z
      .enum(['auto', 'redis', 'redis_cluster', 'nats'])
      .describe('No effect: nodes do not coordinate full messages')
      .default('auto'),
    omit_delta_algorithm: flag('Leave the algorithm out of delta frames').default(false),
  })
  .prefault({});

export const presence = z
  .strictObject({
    max_members_per_channel: positive('No effect, as in Sockudo: set the limit of the app').default(100),
    max_member_size_in_kb: positive('No effect, as in Sockudo: set the limit of the app').default(2),
    update_rate_limit_per_member_per_second: positive('Presence updates of one member in a second').default(
      10,
    ),
    ungraceful_timeout_seconds: integer(
      'How long a protocol 1 member that vanished without a close stays listed, in seconds',
      0,
      86_400,
    ).default(0),
    v2_ungraceful_timeout_seconds: integer('The same for protocol 2', 0, 86_400).default(15),
  })
  .prefault({});

export const eventLimits = z
  .strictObject({
    max_channels_at_once: positive('No effect, as in Sockudo: set the limit of the app').default(100),
    max_name_length: positive('No effect, as in Sockudo: set the limit of the app').default(200),
    max_payload_in_kb: positive('No effect, as in Sockudo: set the limit of the app').default(100),
    max_batch_size: positive('No effect, as in Sockudo: set the limit of the app').default(10),
  })
  .prefault({});

export const channelLimits = z
  .strictObject({
    max_name_length: positive('No effect, as in Sockudo: set the limit of the app').default(200),
    cache_ttl: positive('How long a cache channel keeps its last event, in seconds').default(3600),
  })
  .prefault({});
