// Webhook settings: the server's defaults and the endpoints of an app. Names: http.md sections 11.3 and 11.4.
import { z } from 'zod';
import { flag, integer, positive, secret, text, texts } from './fields.ts';

export const webhooks = z
  .strictObject({
    batching: z
      .strictObject({
        enabled: flag('Send the events of a short time together').default(true),
        duration: positive('How long events are collected, in ms', 60_000).default(50),
        size: positive('Most events of one request', 10_000).default(100),
      })
      .prefault({}),
    retry: z
      .strictObject({
        enabled: flag('Repeat deliveries that failed for a passing reason').default(true),
        max_attempts: positive('Most attempts; absent: bounded by time alone').optional(),
        max_elapsed_time_ms: positive('Time after which a delivery is given up, in ms').default(300_000),
        initial_backoff_ms: positive('First pause, in ms; it doubles').default(1000),
        max_backoff_ms: positive('Longest pause, in ms').default(60_000),
      })
      .prefault({}),
    request_timeout_ms: positive('Time-out of one request, in ms', 600_000).default(10_000),
    allow_private_networks: flag('Endpoints may resolve to private and loopback addresses (ours)').default(
      false,
    ),
  })
  .prefault({});

export const webhookEndpoint = z.strictObject({
  url: text('HTTP(S) address').optional(),
  lambda: z
    .strictObject({ function_name: text('Name'), region: text('Region').optional() })
    .describe('Not available in this version')
    .optional(),
  lambda_function: text('Not available in this version').optional(),
  event_types: texts('Names of the events that are sent'),
  filter: z
    .strictObject({
      channel_prefix: text('Channels that begin so').optional(),
      channel_suffix: text('Channels that end so').optional(),
      channel_pattern: text('Channels that match this regular expression').optional(),
      channel_namespace: text('Channels of this namespace').optional(),
      channel_namespaces: texts('Channels of these namespaces').optional(),
    })
    .describe('All conditions given must hold')
    .optional(),
  headers: z
    .record(z.string(), secret('Value of a header'))
    .describe('Headers added to each request')
    .optional(),
  retry: z
    .strictObject({
      enabled: flag('Overrides webhooks.retry.enabled').optional(),
      max_attempts: positive('Overrides webhooks.retry.max_attempts').optional(),
      max_elapsed_time_ms: positive('Overrides webhooks.retry.max_elapsed_time_ms').optional(),
      initial_backoff_ms: positive('Overrides webhooks.retry.initial_backoff_ms').optional(),
      max_backoff_ms: positive('Overrides webhooks.retry.max_backoff_ms').optional(),
    })
    .optional(),
  request_timeout_ms: integer('Overrides webhooks.request_timeout_ms', 1, 600_000).optional(),
});
