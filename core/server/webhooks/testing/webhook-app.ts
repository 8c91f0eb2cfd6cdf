// App records and a receiver for the tests of webhooks.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEndpoint, WebhookRetry } from '../../apps/app.ts';
import type { WebhookApp } from '../webhook-filter.ts';

/** Quick, and bounded by attempts. */
export const QUICK_RETRY: WebhookRetry = {
  enabled: true,
  maxAttempts: 5,
  maxElapsedMs: 60_000,
  initialBackoffMs: 1,
  maxBackoffMs: 2,
};

export function endpoint(fields: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    url: 'http://127.0.0.1:9/',
    eventTypes: ['channel_occupied', 'channel_vacated'],
    filter: null,
    headers: {},
    retry: QUICK_RETRY,
    requestTimeoutMs: 5_000,
    ...fields,
  };
}

export function webhookApp(webhooks: readonly WebhookEndpoint[], id = '4242'): WebhookApp {
  return { id, key: 'k-demo', secret: 's-demo-0001', webhooks };
}

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** Answers the requests to come in place of a plain 200. */
  answer(handler: (response: ServerResponse, request: ReceivedWebhook) => void): void;
  /** Resolves once so many requests have come in all. */
  count(requests: number): Promise<void>;
  /** Resolves once a request has come whose body holds this text. */
  hears(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedWebhook[] = [];
  const waiting = new Set<() => void>();
  let respond = (response: ServerResponse, _: ReceivedWebhook): void => void response.end();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url = '', headers, rawHeaders } = request;
    const webhook = { path: url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') };
    received.push(webhook);
    respond(response, webhook);
    for (const check of waiting) check();
  });
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // CAST: a server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    received,
    answer: (handler) => {
      respond = handler;
    },
    count: (requests) => until(() => received.length >= requests),
    hears: (text) => until(() => received.some(({ body }) => body.includes(text))),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
