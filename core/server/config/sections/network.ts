// Sections about listening, the HTTP API and what limits or watches it. Names and defaults: http.md sections 1 and 13.
import { z } from 'zod';
import { flag, integer, port, positive, secret, text, texts } from './fields.ts';

export const httpApi = z
  .strictObject({
    request_limit_in_mb: positive('Largest HTTP request body, in MiB', 1024).default(10),
    usage_enabled: flag('Serve /usage, /stats and /operator/stats').default(true),
    accept_traffic: z
      .strictObject({
        memory_threshold: z
          .number()
          .min(0)
          .max(1)
          .describe('Accepted for compatibility; no effect')
          .default(0.9),
      })
      .prefault({}),
  })
  .prefault({});

export const cors = z
  .strictObject({
    credentials: flag('Allow credentials; ignored while an origin is `*` or `any`').default(true),
    origin: texts('Allowed origins: exact, without scheme, with one `*`, or `*` for all').default(['*']),
    methods: texts('Allowed methods').default(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
    allowed_headers: texts('Allowed request headers').default([
      'Authorization',
      'Content-Type',
      'X-Requested-With',
      'Accept',
      'X-Ably-ClientId',
      'X-Ably-Version',
      'X-Ably-Lib',
      'X-Ably-DeviceToken',
      'Ably-Agent',
      'Ably-Version',
      'Ably-ClientId',
      'X-Idempotency-Key',
    ]),
  })
  .prefault({});

export const ssl = z
  .strictObject({
    enabled: flag('Serve TLS on the main port; needs both paths').default(false),
    cert_path: text('Certificate chain, PEM').default(''),
    key_path: text('Private key, PEM').default(''),
    passphrase: secret('Accepted for compatibility; no effect').optional(),
    ca_path: text('Accepted for compatibility; no effect').optional(),
    redirect_http: flag('Not available in this version').default(false),
    http_port: port('Port of the redirect to HTTPS').optional(),
  })
  .prefault({});

export const unixSocket = z
  .strictObject({
    enabled: flag('Not available in this version').default(false),
    path: text('Absolute path of the socket').default('/var/run/sockudo/sockudo.sock'),
    permission_mode: z
      .string()
      .regex(/^[0-7]{1,4}$/)
      .describe('File mode as octal text, at most 777')
      .default('660'),
  })
  .prefault({});

function rateLimit(defaultMax: number) {
  return z
    .strictObject({
      max_requests: positive('Requests of one address in a window').default(defaultMax),
      window_seconds: positive('Length of the window, in seconds').default(60),
      identifier: text('Accepted for compatibility; no effect').optional(),
      trust_hops: integer(
        'Proxies in front of the server: their X-Forwarded-For entry names the client; 0: the socket does',
        0,
        32,
      ).default(0),
    })
    .prefault({});
}

export const rateLimiter = z
  .strictObject({
    enabled: flag('Limit API requests and WebSocket upgrades by address').default(true),
    driver: z
      .enum(['memory', 'redis', 'redis-cluster'])
      .describe(
        'Where windows are counted; this version has `memory` (the cache of this node) and `redis` (a cache in Redis)',
      )
      .default('memory'),
    api_rate_limit: rateLimit(100),
    websocket_rate_limit: rateLimit(20),
    redis: z
      .strictObject({
        prefix: text('Key prefix').optional(),
        url_override: secret('Connection URL').optional(),
        cluster_mode: flag('Use a cluster').optional(),
      })
      .optional(),
  })
  .prefault({});

export const metrics = z
  .strictObject({
    enabled: flag('Serve Prometheus metrics on a port of their own').default(true),
    driver: z.enum(['prometheus']).describe('Format of the metrics').default('prometheus'),
    host: text('Address of the metrics listener; 0.0.0.0, in development 127.0.0.1').optional(),
    port: port('Port of the metrics listener').default(9601),
    prometheus: z.strictObject({ prefix: text('Prefix of every metric').default('sockudo_') }).prefault({}),
    tcp_exporter: z
      .strictObject({
        enabled: flag('Not available in this version').default(false),
        host: text('Address').default('127.0.0.1'),
        port: port('Port').default(5000),
        buffer_size: positive('Events buffered').default(1024),
      })
      .prefault({}),
  })
  .prefault({});

export const logging = z
  .strictObject({
    colors_enabled: flag('Colours in text logs; accepted for compatibility').default(true),
    include_target: flag('Accepted for compatibility; no effect').default(true),
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .describe('Lowest level that is written (ours)')
      .optional(),
    format: z.enum(['text', 'json']).describe('Format of log lines (ours)').default('text'),
  })
  .prefault({});

export const instance = z
  .strictObject({
    process_id: text('Name of this process in serials and logs; a random UUID when absent').optional(),
  })
  .prefault({});

export const websocket = z
  .strictObject({
    max_messages: integer(
      'Frames queued for one connection before it is closed with 4100; 0: no bound by count',
      0,
    ).default(1000),
    max_bytes: integer(
      'Bytes queued for one connection before it is closed with 4100; absent or 0: 16 MiB, or twice the request limit if more',
      0,
    ).optional(),
    disconnect_on_buffer_full: flag('Always true in effect: messages are never dropped').default(true),
    max_message_size: positive('Upper bound of an inbound message, in bytes').default(64 * 1024 * 1024),
    max_frame_size: positive('Accepted for compatibility; no effect').default(16 * 1024 * 1024),
    write_buffer_size: positive('Accepted for compatibility; no effect').default(16 * 1024),
    max_backpressure: positive('Accepted for compatibility; no effect').default(1024 * 1024),
    auto_ping: flag('Send native pings to silent protocol 2 connections').default(true),
    ping_interval: integer(
      'Silence before a native ping, in seconds; at least half of activity_timeout counts; 0: none',
      0,
      86_400,
    ).default(30),
    idle_timeout: integer(
      'Silence after which a protocol 2 connection is closed, in seconds; 0: never',
      0,
      86_400,
    ).default(120),
    compression: z
      .enum([
        'disabled',
        'dedicated',
        'shared',
        'window256b',
        'window1kb',
        'window2kb',
        'window4kb',
        'window8kb',
        'window16kb',
        'window32kb',
      ])
      .describe('Per-message compression; this version has `disabled`')
      .default('disabled'),
  })
  .prefault({});
