import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../contracts.ts';
import { credentialOf, deliveryTo, noSignal } from '../../testing/delivery.ts';
import { FakeWebPush } from '../../testing/fakes/fake-web-push.ts';
import { Exchange } from '../exchange.ts';
import { WebPushProvider } from './provider.ts';
import { generateVapidKeys } from './vapid.ts';

let service: FakeWebPush;
let exchange: Exchange;
let provider: WebPushProvider;
const keys = generateVapidKeys();
const credential = credentialOf({ provider: 'webPush', ...keys, contact: 'mailto:ops@example.com' });

beforeEach(async () => {
  service = await FakeWebPush.start();
  exchange = new Exchange({ allowPrivateNetworks: true });
  provider = new WebPushProvider(exchange);
});
afterEach(async () => {
  await exchange.close();
  await service.close();
});

function send(rest: Partial<Delivery> = {}, recipient = service.subscribe('laptop')) {
  return provider.send(deliveryTo(recipient, credential, rest), noSignal);
}

describe('WebPushProvider', () => {
  it('sends what only the browser can read, signed with the VAPID key', async () => {
    const payload = {
      headers: { ttl: 60, urgency: 'high', topic: 'order-19' },
      notification: { title: 'Packed' },
    };
    expect(await send({ payload })).toEqual({
      kind: 'accepted',
      providerMessageId: `${service.origin}/message/1`,
    });
    expect(service.received).toEqual([
      {
        id: 'laptop',
        message: payload,
        topic: 'order-19',
        urgency: 'high',
        ttl: 60,
        audience: service.origin,
        contact: 'mailto:ops@example.com',
      },
    ]);
  });

  it('lets a push live no longer than its publish', async () => {
    await send({ ttlSeconds: 30 });
    await send({ ttlSeconds: 30, payload: { headers: { ttl: '5' } } });
    await send();
    expect(service.received.map(({ ttl }) => ttl)).toEqual([30, 5, 2_419_200]);
  });

  it('has a push replaced by one with the same collapse key, and by a repeat of itself', async () => {
    const long = 'a collapse key that is no topic for a push service';
    for (const collapseKey of ['run-1', long, long]) await send({ collapseKey });
    for (const publishId of ['p1', 'p1', 'p2']) await send({ publishId });
    const topics = service.received.map(({ topic }) => topic ?? '');
    expect(topics.every((topic) => /^[A-Za-z0-9_-]{1,32}$/.test(topic))).toBe(true);
    expect(topics[0]).toBe('run-1');
    expect(topics[1]).toBe(topics[2]);
    expect(topics[3]).toBe(topics[4]);
    expect(new Set(topics).size).toBe(4);
  });

  it('is declarative where the payload names a page to open, and stays readable for workers', async () => {
    const payload = {
      headers: { topic: 'run-1' },
      notification: { title: 'Done', body: 'Your answer is ready' },
      data: { url: 'https://chat.example.com/s/1' },
    };
    await send({ payload });
    expect(service.received[0]?.message).toEqual({
      ...payload,
      web_push: 8030,
      mutable: true,
      notification: {
        ...payload.notification,
        navigate: 'https://chat.example.com/s/1',
        tag: 'run-1',
        data: payload.data,
      },
    });
  });

  it.each([
    ['no page', { notification: { title: 'Done' }, data: { url: 'javascript:alert(1)' } }],
    ['no title', { notification: { body: 'x' }, data: { url: 'https://chat.example.com/' } }],
  ])('is not declarative with %s', async (_, payload) => {
    await send({ payload });
    expect(service.received[0]?.message).toEqual(payload);
  });

  it.each([404, 410])('retires the device at %i', async (status) => {
    service.script.once({ status });
    expect(await send()).toMatchObject({
      kind: 'rejected',
      failureClass: 'device_terminal',
      removesDevice: true,
    });
  });

  it('waits as long as the push service says, in seconds or as a date', async () => {
    const inTenSeconds = new Date(Date.now() + 10_000).toUTCString();
    service.script.once(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 503, headers: { 'retry-after': inTenSeconds } },
      { status: 500 },
    );
    const results = [await send(), await send(), await send()];
    expect(results[0]).toMatchObject({ kind: 'retry', failureClass: 'provider_quota', retryAfterMs: 7000 });
    expect(results[1]).toMatchObject({ kind: 'retry', failureClass: 'provider_transient' });
    expect(results[2]).not.toHaveProperty('retryAfterMs');
    const second = results[1]?.kind === 'retry' ? (results[1].retryAfterMs ?? 0) : 0;
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThanOrEqual(10_000);
  });

  it('says what is too large, without asking where that is known', async () => {
    service.script.once({ status: 413 });
    expect(await send()).toEqual({ kind: 'too-large' });
    expect(await send({ payload: { data: 'x'.repeat(4000) } })).toEqual({ kind: 'too-large' });
    expect(service.received).toEqual([]);
  });

  it.each([401, 403])('takes %i for a fault of the credential', async (status) => {
    service.script.once({ status });
    expect(await send()).toMatchObject({ kind: 'rejected', failureClass: 'credential_auth' });
  });

  it('does not follow a redirect', async () => {
    const elsewhere = service.subscribe('elsewhere').endpoint;
    service.script.once({ status: 307, headers: { location: elsewhere } });
    expect(await send()).toMatchObject({ kind: 'rejected', failureClass: 'unknown' });
    expect(service.received).toEqual([]);
  });

  it('retries what the network lost', async () => {
    const recipient = service.subscribe();
    await service.close();
    expect(await send({}, recipient)).toMatchObject({ kind: 'retry', failureClass: 'network_transport' });
  });

  it('does not reach into the private network, and keeps the device', async () => {
    const guarded = new Exchange({ allowPrivateNetworks: false });
    const result = await new WebPushProvider(guarded).send(
      deliveryTo(service.subscribe(), credential),
      noSignal,
    );
    expect(result).toEqual({ kind: 'rejected', failureClass: 'unknown', reason: 'address not allowed' });
    await guarded.close();
  });

  it('refuses keys that are none without asking anybody', async () => {
    const recipient = { ...service.subscribe(), p256dh: 'AAAA' };
    expect(await send({}, recipient)).toMatchObject({ kind: 'rejected', failureClass: 'caller_payload' });
    const broken = credentialOf({ provider: 'webPush', ...keys, contact: 'nobody' });
    const delivery = deliveryTo(service.subscribe(), broken);
    expect(await provider.send(delivery, noSignal)).toMatchObject({ failureClass: 'credential_auth' });
  });

  it('uses its connections again', async () => {
    for (let count = 0; count < 10; count += 1) await send();
    expect(service.received).toHaveLength(10);
    // The second is opened when a push comes while the first is still being read.
    expect(service.connections).toBeLessThanOrEqual(2);
  });
});
