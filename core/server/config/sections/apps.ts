// The app object in its two accepted shapes: nested `policy`, and the older flat fields. Names: http.md section 12.
import { z } from 'zod';
import { KEY_SET_ALGORITHMS } from '../../tokens/key-set.ts';
import { flag, integer, positive, secret, text, texts } from './fields.ts';
import { webhookEndpoint } from './webhooks.ts';

const messageRateLimit = z.strictObject({
  enabled: flag('Limit all inbound frames of a connection').default(false),
  max_attempts: positive('Frames in a window').default(60),
  decay_seconds: positive('Length of the window, in seconds').default(60),
  terminate_on_limit: flag('Close the connection instead of refusing the frame').default(false),
});

const limits = {
  max_connections: integer('Connections of the app; 0: no limit', 0).default(0),
  max_client_events_per_second: integer(
    'Client events of one connection in a window; 0: no limit',
    0,
  ).default(0),
  max_backend_events_per_second: integer('Accepted for compatibility; not enforced', 0).optional(),
  max_read_requests_per_second: integer('Accepted for compatibility; not enforced', 0).optional(),
  max_presence_members_per_channel: positive('Users of one presence channel').optional(),
  max_presence_member_size_in_kb: positive('Size of one member, in KB').optional(),
  max_channel_name_length: positive('Longest channel name, in bytes; 200 when absent').optional(),
  max_event_channels_at_once: positive('Channels of one publish').optional(),
  max_event_name_length: positive('Longest event name, in bytes; 200 when absent').optional(),
  max_event_payload_in_kb: positive('Largest event data, in KB').optional(),
  max_event_batch_size: positive('Events of one batch').optional(),
  decay_seconds: positive('Window of the client event limit, in seconds; 1 when absent').optional(),
  terminate_on_limit: flag('Close a connection that exceeds the client event limit').default(false),
  message_rate_limit: messageRateLimit.optional(),
};

const features = {
  enable_client_messages: flag('Allow client events').default(false),
  enable_user_authentication: flag('Allow sign-in').optional(),
  enable_watchlist_events: flag('Tell signed-in users about their watchlist').optional(),
};

const retention = {
  retention_window_seconds: positive('Overrides retention, in seconds').optional(),
  max_bytes_per_channel: positive('Overrides the bytes kept of one channel').optional(),
};
const historyRetention = {
  ...retention,
  rewind_enabled: flag('Overrides history.rewind_enabled').optional(),
  max_messages_per_channel: positive('Overrides the messages kept of one channel').optional(),
};
const presenceHistory = z.strictObject({
  enabled: flag('Overrides presence_history.enabled').optional(),
  ...retention,
  max_events_per_channel: positive('Overrides the events kept of one channel').optional(),
});

const namespace = z.strictObject({
  name: text('Text before the first `:` of a channel name'),
  channel_name_pattern: text('Regular expression that the channel name must match').optional(),
  max_channel_name_length: positive('Longest channel name, in bytes').optional(),
  annotations_enabled: flag('Allow annotations; keeps history on').optional(),
  allow_user_limited_channels: flag('Allow names that end in `#user,user`').optional(),
  allow_subscribe_for_client: flag('Clients may subscribe; true when absent').optional(),
  allow_publish_for_client: flag('Clients may publish; true when absent').optional(),
  allow_presence_for_client: flag('Clients may use presence; true when absent').optional(),
  history: z.strictObject(historyRetention).optional(),
  presence_history: presenceHistory.optional(),
});

const channelDelta = z.union([
  z.enum(['inherit', 'disabled', 'fossil', 'xdelta3']),
  z.strictObject({
    enabled: flag('Deltas on these channels').optional(),
    algorithm: z.enum(['Fossil', 'Xdelta3', 'fossil', 'xdelta3']).optional(),
    conflation_key: text('Path of the conflation key').optional(),
    max_messages_per_key: positive('No effect: the last message of a key is its only base').optional(),
    max_conflation_keys: positive('Keys of one channel').optional(),
    enable_tags: flag('No effect: tag_filtering.enable_tags counts for all channels').optional(),
  }),
]);

const channels = {
  allowed_origins: texts('Origins that may connect; absent: all').optional(),
  annotations_enabled: flag('Allow annotations on every channel; keeps history on').optional(),
  channel_delta_compression: z
    .record(z.string(), channelDelta)
    .describe('Delta settings by channel pattern')
    .optional(),
  channel_namespaces: z
    .array(namespace)
    .describe('Namespaces; with at least one, `:` in a name needs one')
    .optional(),
};

const idempotency = z.strictObject({
  enabled: flag('Overrides idempotency.enabled').optional(),
  ttl_seconds: positive('Overrides idempotency.ttl_seconds').optional(),
});
const recovery = z.strictObject({
  enabled: flag('False switches recovery off for the app').optional(),
  buffer_ttl_seconds: positive('Overrides connection_recovery.buffer_ttl_seconds').optional(),
  max_buffer_size: positive('Overrides connection_recovery.max_buffer_size').optional(),
});

const tokens = z.strictObject({
  jwks_url: text('Address of the JWKS whose keys sign capability tokens (ours)').optional(),
  jwks: z
    .strictObject({
      keys: z.array(z.record(z.string(), z.unknown())).describe('Public keys (JWK), instead of an address'),
    })
    .optional(),
  issuer: text('What `iss` of such a token has to be; absent: anything').optional(),
  audience: text('What `aud` of such a token has to be or hold; absent: anything').optional(),
  algorithms: z
    .array(z.enum(KEY_SET_ALGORITHMS))
    .describe(`Algorithms of such tokens; absent: ${KEY_SET_ALGORITHMS.join(', ')}`)
    .optional(),
  allow_private_networks: flag(
    'The address may begin with http:// and resolve to private and loopback addresses',
  ).default(false),
});

const endpoints = z.array(webhookEndpoint).describe('Webhook endpoints').optional();

const policy = z.strictObject({
  limits: z.strictObject(limits).prefault({}),
  features: z.strictObject(features).prefault({}),
  channels: z.strictObject(channels).prefault({}),
  webhooks: endpoints,
  tokens: tokens.optional(),
  idempotency: idempotency.optional(),
  connection_recovery: recovery.optional(),
  history: z
    .strictObject({ enabled: flag('Overrides history.enabled').optional(), ...historyRetention })
    .optional(),
  presence_history: presenceHistory.optional(),
});

export const app = z.strictObject({
  id: text('Id, used in HTTP paths').min(1),
  key: text('Key, used by clients').min(1),
  secret: secret('Secret, known to trusted backends alone').min(1),
  enabled: flag('A disabled app refuses connections and requests').default(false),
  policy: policy.describe('Preferred shape; if present, the flat fields are ignored').optional(),
  ...limits,
  ...features,
  ...channels,
  webhooks: endpoints,
  tokens: tokens.optional(),
  idempotency: idempotency.optional(),
  connection_recovery: recovery.optional(),
});

export type ChannelDeltaConfig = z.output<typeof channelDelta>;
export type AppConfig = z.output<typeof app>;
export type AppPolicyConfig = z.output<typeof policy>;
export type NamespaceConfig = z.output<typeof namespace>;
export type TokensConfig = z.output<typeof tokens>;
export type WebhookConfig = z.output<typeof webhookEndpoint>;

/** The policy of an app, whichever shape it was written in. */
export function policyOf(config: AppConfig): AppPolicyConfig {
  if (config.policy !== undefined) return config.policy;
  const { id: _id, key: _key, secret: _secret, enabled: _enabled, policy: _policy, ...flat } = config;
  const pick = <T extends object>(shape: T) =>
    Object.fromEntries(Object.entries(flat).filter(([name, value]) => name in shape && value !== undefined));
  return policy.parse({
    limits: pick(limits),
    features: pick(features),
    channels: pick(channels),
    webhooks: flat.webhooks,
    tokens: flat.tokens,
    idempotency: flat.idempotency,
    connection_recovery: flat.connection_recovery,
  });
}
