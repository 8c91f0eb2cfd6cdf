// A delivery as it lies in the queue: one request to one endpoint, signed. The app secret is used here and not stored, so the
// key and secret are those of the moment the event happened. Read back with a schema, since an earlier version may have written it.
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { WebhookEndpoint } from '../apps/app.ts';
import { RESERVED_WEBHOOK_HEADERS } from './reserved-headers.ts';
import type { WebhookEvent } from './webhook-event.ts';
import { eventsFor, type WebhookApp } from './webhook-filter.ts';

const deliveryJob = z.object({
  appId: z.string(),
  url: z.string(),
  /** All headers of the request, the server's own included. */
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  requestTimeoutMs: z.number(),
  retry: z.object({
    enabled: z.boolean(),
    maxAttempts: z.number().nullable(),
    maxElapsedMs: z.number(),
    initialBackoffMs: z.number(),
    maxBackoffMs: z.number(),
  }),
});

export type DeliveryJob = z.output<typeof deliveryJob>;

/** Events of one app that go out together. */
export interface EventBatch {
  readonly app: WebhookApp;
  /** When the first of them happened. */
  readonly timeMs: number;
  readonly events: readonly WebhookEvent[];
}

/** One job for each endpoint that wants at least one of the events; two endpoints with one URL get one each (divergence D67). */
export function deliveryJobs(batch: EventBatch): DeliveryJob[] {
  return batch.app.webhooks.flatMap((endpoint) => {
    const events = eventsFor(endpoint, batch.events);
    return events.length === 0 ? [] : [jobFor(batch, endpoint, events)];
  });
}

/** Null for a payload that is no delivery. */
export function parseDeliveryJob(payload: string): DeliveryJob | null {
  try {
    return deliveryJob.parse(JSON.parse(payload));
  } catch {
    // Neither error says anything to an operator that the dead letter itself does not.
    return null;
  }
}

function jobFor(
  { app, timeMs }: EventBatch,
  endpoint: WebhookEndpoint,
  events: readonly WebhookEvent[],
): DeliveryJob {
  const body = JSON.stringify({ time_ms: timeMs, events });
  return {
    appId: app.id,
    url: endpoint.url,
    headers: {
      ...ownHeaders(endpoint),
      'Content-Type': 'application/json',
      'X-Pusher-Key': app.key,
      'X-Pusher-Signature': createHmac('sha256', app.secret).update(body).digest('hex'),
    },
    body,
    requestTimeoutMs: endpoint.requestTimeoutMs,
    retry: endpoint.retry,
  };
}

/** The config check refuses reserved names; an app record that came another way must not send them twice (divergence D68). */
function ownHeaders(endpoint: WebhookEndpoint): Record<string, string> {
  const own = Object.entries(endpoint.headers).filter(
    ([name]) => !RESERVED_WEBHOOK_HEADERS.has(name.toLowerCase()),
  );
  return Object.fromEntries(own);
}
