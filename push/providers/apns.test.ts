import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../contracts.ts';
import { credentialOf, deliveryTo, noSignal } from '../testing/delivery.ts';
import { FakeApns } from '../testing/fakes/fake-apns.ts';
import { ApnsProvider } from './apns.ts';

const MINUTE = 60_000;
let service: FakeApns;
let provider: ApnsProvider;
let nowMs: number;

beforeEach(async () => {
  service = await FakeApns.start();
  nowMs = Date.now();
  provider = providerFor({ allowPrivateNetworks: true });
});
afterEach(async () => {
  await provider.close();
  await service.close();
});

function providerFor(settings: { allowPrivateNetworks: boolean; apnsTopic?: string }): ApnsProvider {
  const whole = { apnsTopic: 'com.example.app', endpoints: { apns: service.origin }, ...settings };
  return new ApnsProvider(whole, () => nowMs);
}

const payload = {
  headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-topic': 'ignored' },
  aps: { alert: { title: 'Packed' } },
  data: { order: 19 },
};

function send(rest: Partial<Delivery> = {}) {
  const recipient = { transportType: 'apns', deviceToken: 'aa11' } as const;
  return provider.send(deliveryTo(recipient, credentialOf(service.material), { payload, ...rest }), noSignal);
}

describe('ApnsProvider', () => {
  it('sends aps and data, and the headers that the payload and the publish say', async () => {
    expect(await send({ ttlSeconds: 60, collapseKey: 'run-1' })).toEqual({
      kind: 'accepted',
      providerMessageId: 'apns-1',
    });
    const [taken] = service.taken;
    expect(taken?.deviceToken).toBe('aa11');
    expect(taken?.body).toEqual({ aps: payload.aps, data: payload.data });
    expect(taken?.headers).toMatchObject({
      'apns-topic': 'com.example.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': 'run-1',
      'apns-expiration': String(Math.floor(nowMs / 1000) + 60),
    });
  });

  it('sends all on one connection with one token, for 55 minutes', async () => {
    await Promise.all(Array.from({ length: 20 }, () => send()));
    nowMs += 54 * MINUTE;
    await send();
    expect(service.providerTokens.size).toBe(1);
    nowMs += MINUTE;
    await send();
    expect(service.providerTokens.size).toBe(2);
    expect(service.connections).toBe(1);
  });

  it('makes another token once when Apple calls it expired', async () => {
    service.script.once({ status: 403, body: { reason: 'ExpiredProviderToken' } });
    expect((await send()).kind).toBe('accepted');
    service.script.always = () => ({ status: 403, body: { reason: 'ExpiredProviderToken' } });
    expect(await send()).toMatchObject({ kind: 'retry', failureClass: 'credential_auth' });
  });

  it.each([
    [410, 'Unregistered', { failureClass: 'device_terminal', removesDevice: true }],
    [400, 'BadDeviceToken', { failureClass: 'device_terminal', removesDevice: true }],
    [400, 'DeviceTokenNotForTopic', { kind: 'rejected', failureClass: 'credential_auth' }],
    [400, 'BadExpirationDate', { kind: 'rejected', failureClass: 'caller_payload' }],
    [403, 'InvalidProviderToken', { kind: 'rejected', failureClass: 'credential_auth' }],
    [403, 'TooManyProviderTokenUpdates', { kind: 'retry', failureClass: 'credential_auth' }],
    [413, 'PayloadTooLarge', { kind: 'too-large' }],
    [429, 'TooManyRequests', { kind: 'retry', failureClass: 'provider_quota' }],
    [503, 'ServiceUnavailable', { kind: 'retry', failureClass: 'provider_transient' }],
    [405, 'MethodNotAllowed', { kind: 'rejected', failureClass: 'unknown' }],
  ])('understands %i %s', async (status, reason, expected) => {
    service.script.once({ status, body: { reason } });
    const result = await send();
    expect(result).toMatchObject(expected);
    expect('removesDevice' in result).toBe('removesDevice' in expected);
    if ('reason' in result) expect(result.reason).toBe(reason);
  });

  it('retries what the network lost, and connects again', async () => {
    await send();
    service.disconnect();
    const after = [await send(), await send()];
    expect(after[1]).toMatchObject({ kind: 'accepted' });
    await service.close();
    expect(await send()).toMatchObject({ kind: 'retry', failureClass: 'network_transport' });
  });

  it('needs a topic, a key that is one, and a public address', async () => {
    const recipient = { transportType: 'apns', deviceToken: 'aa11' } as const;
    const withoutTopic = new ApnsProvider({ allowPrivateNetworks: true });
    const delivery = deliveryTo(recipient, credentialOf(service.material), { payload });
    expect(await withoutTopic.send(delivery, noSignal)).toMatchObject({ failureClass: 'credential_auth' });
    const broken = credentialOf({ ...service.material, privateKey: 'none' });
    expect(await provider.send({ ...delivery, credential: broken }, noSignal)).toMatchObject({
      failureClass: 'credential_auth',
    });
    const guarded = providerFor({ allowPrivateNetworks: false });
    expect(await guarded.send(delivery, noSignal)).toMatchObject({ reason: 'address not allowed' });
    expect(service.taken).toEqual([]);
  });
});
