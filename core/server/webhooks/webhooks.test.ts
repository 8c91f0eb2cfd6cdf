import { Sockudo } from 'sockudo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookEndpoint } from '../apps/app.ts';
import { createMemoryWorkQueue } from '../memory/work-queue.ts';
import { createCounters } from '../metrics/counters.ts';
import type { WorkQueue } from '../ports/work-queue.ts';
import { endpoint, QUICK_RETRY, type Receiver, startReceiver, webhookApp } from './testing/webhook-app.ts';
import { createWebhooks, WEBHOOK_QUEUE, type Webhooks, type WebhooksOptions } from './webhooks.ts';

let receiver: Receiver;
let queue: WorkQueue;
const opened: Webhooks[] = [];
beforeEach(async () => {
  receiver = await startReceiver();
  queue = createMemoryWorkQueue();
});
afterEach(async () => {
  for (const webhooks of opened.splice(0)) await webhooks.close();
  await queue.close();
  await receiver.close();
});

function start(options: Partial<WebhooksOptions> = {}) {
  const counters = createCounters();
  const logged: string[] = [];
  const log = (fields: object, text: string) => void logged.push(`${text} ${JSON.stringify(fields)}`);
  const webhooks = createWebhooks({
    queue,
    counters,
    logger: { debug: log, warn: log, error: log },
    settings: { batch: { enabled: true, durationMs: 1, maxEvents: 100 }, allowPrivateNetworks: true },
    ...options,
  });
  opened.push(webhooks);
  return { webhooks, logged, counts: () => counters.of('4242') };
}

function to(path: string, fields: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return endpoint({ url: new URL(path, receiver.url).href, ...fields });
}

const occupied = { name: 'channel_occupied', channel: 'room-1' } as const;
const vacated = { name: 'channel_vacated', channel: 'room-1' } as const;

describe('emit', () => {
  it('delivers events that the SDK verifies', async () => {
    const { webhooks, counts } = start();
    webhooks.emit(webhookApp([to('/hook')]), occupied);
    webhooks.emit(webhookApp([to('/hook')]), { name: 'cache_miss', channel: 'cache-a', data: '{}' });
    await webhooks.close();
    const [request] = receiver.received;
    const sockudo = new Sockudo({ appId: '4242', key: 'k-demo', secret: 's-demo-0001' });
    const webhook = sockudo.webhook({ headers: request?.headers ?? {}, rawBody: request?.body ?? '' });
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toEqual([occupied]);
    expect(receiver.received).toHaveLength(1);
    expect(counts()).toMatchObject({ webhooksDelivered: 1, webhooksFailed: 0, webhooksDropped: 0 });
  });

  it('delivers to both of two endpoints with one address', async () => {
    const { webhooks } = start();
    const app = webhookApp([
      to('/hook', { headers: { 'X-Env': 'a' } }),
      to('/hook', { headers: { 'X-Env': 'b' } }),
    ]);
    webhooks.emit(app, occupied);
    await receiver.count(2);
    expect(receiver.received.map(({ headers }) => headers['x-env']).sort()).toEqual(['a', 'b']);
  });

  it('repeats a delivery until it is taken, without holding up the others', async () => {
    let failures = 0;
    receiver.answer((response, { path }) => {
      const isFailing = path === '/bad' && failures < 3;
      if (isFailing) failures += 1;
      response.writeHead(isFailing ? 503 : 200).end();
    });
    const { webhooks, counts } = start();
    webhooks.emit(webhookApp([to('/bad'), to('/good')]), occupied);
    await receiver.count(5);
    await webhooks.close();
    expect(counts()).toMatchObject({ webhooksDelivered: 2, webhooksRetried: 3, webhooksFailed: 0 });
    const bodies = receiver.received.filter(({ path }) => path === '/bad').map(({ body }) => body);
    expect(new Set(bodies).size).toBe(1);
  });

  it('keeps what was refused as a dead letter and says so without the path', async () => {
    receiver.answer((response) => response.writeHead(410).end());
    const { webhooks, logged, counts } = start();
    webhooks.emit(webhookApp([to('/T0/hush?token=hush')]), occupied);
    await webhooks.close();
    const letters = await queue.deadLetters(WEBHOOK_QUEUE, { limit: 10 });
    expect(letters).toMatchObject([{ reason: 'HTTP 410', attempts: 1 }]);
    expect(counts().webhooksFailed).toBe(1);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('a webhook was given up');
    expect(logged[0]).not.toContain('hush');
  });

  it('reaches no private address unless that is allowed', async () => {
    const settings = {
      batch: { enabled: false, durationMs: 50, maxEvents: 100 },
      allowPrivateNetworks: false,
    };
    const { webhooks, counts } = start({ settings });
    webhooks.emit(webhookApp([to('/hook')]), occupied);
    await webhooks.close();
    expect(receiver.received).toHaveLength(0);
    expect(counts().webhooksFailed).toBe(1);
  });

  it('has at most twenty requests under way', async () => {
    let open = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    receiver.answer(async (response) => {
      open += 1;
      most = Math.max(most, open);
      if (open === 20) gate.resolve();
      await gate.promise;
      open -= 1;
      response.end();
    });
    const { webhooks } = start({
      settings: { batch: { enabled: false, durationMs: 50, maxEvents: 100 }, allowPrivateNetworks: true },
    });
    const app = webhookApp([to('/hook')]);
    for (let count = 0; count < 30; count += 1) webhooks.emit(app, occupied);
    await webhooks.close();
    expect(receiver.received).toHaveLength(30);
    expect(most).toBe(20);
  });
});

describe('emitLater', () => {
  it('sends what is still true', async () => {
    const { webhooks } = start();
    const app = webhookApp([to('/hook')]);
    webhooks.emitLater(app, { ...vacated, channel: 'back' }, 1, () => false);
    webhooks.emitLater(app, vacated, 1, async () => true);
    await receiver.count(1);
    expect(receiver.received[0]?.body).toContain('"channel":"room-1"');
    expect(receiver.received[0]?.body).not.toContain('back');
  });

  it('does not ask about events that nobody wants', async () => {
    const { webhooks } = start();
    let asked = 0;
    webhooks.emitLater(webhookApp([to('/', { eventTypes: ['cache_miss'] })]), vacated, 0, () => {
      asked += 1;
      return true;
    });
    await webhooks.close();
    expect(asked).toBe(0);
  });
});

describe('close', () => {
  it('delivers what is batched and what is delayed', async () => {
    const settings = {
      batch: { enabled: true, durationMs: 3_600_000, maxEvents: 100 },
      allowPrivateNetworks: true,
    };
    const { webhooks } = start({ settings });
    const app = webhookApp([to('/hook')]);
    webhooks.emit(app, occupied);
    webhooks.emitLater(app, vacated, 3_600_000, () => true);
    await webhooks.close();
    expect(receiver.received).toHaveLength(1);
    expect(JSON.parse(receiver.received[0]?.body ?? '').events).toEqual([occupied, vacated]);
  });

  it('leaves in the queue what an endpoint does not take in time', async () => {
    receiver.answer(() => {});
    const { webhooks } = start({ closeTimeoutMs: 20 });
    webhooks.emit(webhookApp([to('/slow', { retry: QUICK_RETRY })]), occupied);
    await receiver.count(1);
    await webhooks.close();
    expect(await queue.counts(WEBHOOK_QUEUE)).toEqual({ waiting: 1, running: 0, dead: 0 });
  });

  it('counts and reports what the queue did not take', async () => {
    await queue.close();
    queue = createMemoryWorkQueue({ maxJobs: 0 });
    const { webhooks, logged, counts } = start({ closeTimeoutMs: 20 });
    webhooks.emit(webhookApp([to('/hook')]), occupied);
    await webhooks.close();
    expect(counts().webhooksDropped).toBe(1);
    expect(logged.some((line) => line.startsWith('webhook events are dropped'))).toBe(true);
  });
});
