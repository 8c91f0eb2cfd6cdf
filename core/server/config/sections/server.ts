// Top-level scalars and sections that exist for compatibility alone.
import { z } from 'zod';
import { flag, integer, port, positive, text } from './fields.ts';

/** Keys of the root. */
export const root = {
  $schema: text('Address of this schema, for editors').optional(),
  debug: flag('Log at level debug').default(false),
  host: text('Address to listen on; 0.0.0.0, in development 127.0.0.1').min(1).optional(),
  port: port('Port to listen on; 0: any free one').default(6001),
  mode: text('`production` or `development`; any other word counts as production')
    .min(1)
    .default('production'),
  server_role: z
    .enum(['default', 'api'])
    .describe('`api` needs a cluster adapter and is not available in this version')
    .default('default'),
  path_prefix: text('Accepted for compatibility; no effect').default('/'),
  max_connections: integer(
    'Connections of this node; 0: no limit; beyond it they are closed with 4100',
    0,
  ).default(0),
  activity_timeout: positive('Silence after which a connection is probed, in seconds', 86_400).default(120),
  user_authentication_timeout: positive('Time to sign in where it is required, in seconds', 86_400).default(
    3600,
  ),
  shutdown_grace_period: integer('Over how long closes are spread at shutdown, in seconds', 0, 3600).default(
    10,
  ),
  websocket_max_payload_kb: positive('Largest inbound WebSocket message, in KiB', 64 * 1024).default(64),
  health_check_timeout_ms: positive('Time-out of each check of /up, in ms', 600_000).default(2000),
};

export const cleanup = z
  .strictObject({
    async_enabled: flag('Accepted for compatibility; no effect').default(true),
    fallback_to_sync: flag('Accepted for compatibility; no effect').default(true),
    queue_buffer_size: positive('Accepted for compatibility; no effect').default(1024),
    batch_size: positive('Accepted for compatibility; no effect').default(64),
    batch_timeout_ms: positive('Accepted for compatibility; no effect').default(100),
    worker_threads: z
      .union([z.enum(['auto']), positive('Threads')])
      .describe('Accepted for compatibility; no effect')
      .default('auto'),
    max_retry_attempts: integer('Accepted for compatibility; no effect', 0).default(3),
  })
  .prefault({});

export const ablyCompat = z
  .looseObject({ enabled: flag('Not available in this version').default(false) })
  .describe('Other keys of this section are not looked at')
  .prefault({});
