// The one schema of the configuration, in Sockudo's names (http.md sections 12 and 13). Strict: refusing unknown keys is
// divergence D83. What the sections mean to the server is the business of to-settings.ts.
import { z } from 'zod';
import { aiTransport } from './sections/ai-transport.ts';
import { database, databasePooling } from './sections/database.ts';
import { adapter, appManager, cache, queue } from './sections/drivers.ts';
import * as features from './sections/features.ts';
import * as network from './sections/network.ts';
import { push, pushRules } from './sections/push.ts';
import { ablyCompat, cleanup, root } from './sections/server.ts';
import { webhooks } from './sections/webhooks.ts';

export const serverConfig = z.strictObject({
  ...root,
  instance: network.instance,
  logging: network.logging,
  http_api: network.httpApi,
  cors: network.cors,
  ssl: network.ssl,
  unix_socket: network.unixSocket,
  rate_limiter: network.rateLimiter,
  metrics: network.metrics,
  websocket: network.websocket,
  adapter,
  cache,
  queue,
  database,
  database_pooling: databasePooling,
  app_manager: appManager,
  presence: features.presence,
  event_limits: features.eventLimits,
  channel_limits: features.channelLimits,
  idempotency: features.idempotency,
  connection_recovery: features.connectionRecovery,
  history: features.history,
  presence_history: features.presenceHistory,
  versioned_messages: features.versionedMessages,
  annotations: features.annotations,
  ephemeral: features.ephemeral,
  echo_control: features.echoControl,
  event_name_filtering: features.eventNameFiltering,
  tag_filtering: features.tagFiltering,
  delta_compression: features.deltaCompression,
  ai_transport: aiTransport,
  webhooks,
  push,
  push_rules: pushRules,
  cleanup,
  ably_compat: ablyCompat,
});

/** The whole configuration in Sockudo's names, every default filled in. */
export type ServerConfig = z.output<typeof serverConfig>;
