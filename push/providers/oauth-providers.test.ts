// FCM, HMS and WNS against fakes that check who asks for a token and take no other.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialMaterial, Provider, Recipient, SendResult } from '../contracts.ts';
import { credentialOf, deliveryTo, noSignal } from '../testing/delivery.ts';
import {
  type FakeOauthService,
  startFakeFcm,
  startFakeHms,
  startFakeWns,
} from '../testing/fakes/fake-oauth-services.ts';
import { Exchange } from './exchange.ts';
import { FcmProvider } from './fcm.ts';
import { HmsProvider } from './hms.ts';
import { WnsProvider } from './wns.ts';

interface Setup {
  readonly service: FakeOauthService;
  readonly provider: Provider;
  readonly recipient: Recipient;
  readonly material: CredentialMaterial;
  /** Somebody else's. */
  readonly wrong: CredentialMaterial;
}

let exchange: Exchange;
let nowMs: number;
const now = () => nowMs;
const started: FakeOauthService[] = [];

beforeEach(() => {
  exchange = new Exchange({ allowPrivateNetworks: true });
  nowMs = Date.now();
});
afterEach(async () => {
  await exchange.close();
  for (const service of started.splice(0)) await service.close();
});

async function fcm(): Promise<Setup> {
  const [{ service, material }, other] = [await startFakeFcm(), await startFakeFcm()];
  started.push(service, other.service);
  const stolen = { ...('serviceAccount' in other.material && other.material.serviceAccount) };
  return {
    service,
    provider: new FcmProvider(exchange, { fcm: service.origin, fcmToken: service.tokenUrl }, now),
    recipient: { transportType: 'gcm', registrationToken: 'phone' },
    material,
    wrong: { provider: 'fcm', serviceAccount: { ...stolen, token_uri: service.tokenUrl } },
  };
}

async function hms(): Promise<Setup> {
  const service = await startFakeHms('app-1', 'secret');
  started.push(service);
  return {
    service,
    provider: new HmsProvider(exchange, { hms: service.origin, hmsToken: service.tokenUrl }, now),
    recipient: { transportType: 'hms', registrationToken: 'phone' },
    material: { provider: 'hms', hmsAppId: 'app-1', clientSecret: 'secret' },
    wrong: { provider: 'hms', hmsAppId: 'app-1', clientSecret: 'guess' },
  };
}

async function wns(): Promise<Setup> {
  const service = await startFakeWns('ms-app://s-1', 'secret');
  started.push(service);
  return {
    service,
    provider: new WnsProvider(exchange, { wnsToken: service.tokenUrl }, now),
    recipient: { transportType: 'wns', channelUri: `${service.origin}/channel/pc` },
    material: { provider: 'wns', packageSid: 'ms-app://s-1', clientSecret: 'secret' },
    wrong: { provider: 'wns', packageSid: 'ms-app://s-1', clientSecret: 'guess' },
  };
}

function send({ provider, recipient, material }: Setup, payload = {}): Promise<SendResult> {
  return provider.send(deliveryTo(recipient, credentialOf(material), { payload }), noSignal);
}

describe.each([
  ['fcm', fcm],
  ['hms', hms],
  ['wns', wns],
])('%s', (_, setUp) => {
  it('asks for one token and sends with it until five minutes before it runs out', async () => {
    const setup = await setUp();
    const results = await Promise.all([send(setup), send(setup), send(setup)]);
    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(setup.service.tokens).toBe(1);
    nowMs += 54 * 60 * 1000;
    await send(setup);
    expect(setup.service.tokens).toBe(1);
    nowMs += 60 * 1000;
    await send(setup);
    expect(setup.service.tokens).toBe(2);
  });

  it('asks for another token once when the service does not take the one it has', async () => {
    const setup = await setUp();
    await send(setup);
    setup.service.expireTokens();
    expect((await send(setup)).kind).toBe('accepted');
    expect(setup.service.tokens).toBe(2);
  });

  it('tries again later when the token server fails, and gives up when it refuses', async () => {
    const setup = await setUp();
    setup.service.tokenScript.once({ status: 503 });
    expect(await send(setup)).toMatchObject({ kind: 'retry', failureClass: 'provider_transient' });
    expect(await send({ ...setup, material: setup.wrong })).toMatchObject({
      kind: 'rejected',
      failureClass: 'credential_auth',
    });
  });

  it.each([
    [429, { kind: 'retry', failureClass: 'provider_quota', retryAfterMs: 3000 }],
    [503, { kind: 'retry', failureClass: 'provider_transient', retryAfterMs: 3000 }],
    [413, { kind: 'too-large' }],
    [403, { kind: 'rejected', failureClass: 'credential_auth' }],
    [302, { kind: 'rejected', failureClass: 'unknown' }],
  ])('understands status %i', async (status, expected) => {
    const setup = await setUp();
    setup.service.script.always = () => ({ status, headers: { 'retry-after': '3' } });
    expect(await send(setup)).toMatchObject(expected);
  });
});

describe('FCM', () => {
  it('adds the token to the message and asks for the project of the account', async () => {
    const setup = await fcm();
    const payload = { message: { notification: { title: 'Packed' }, android: { collapse_key: 'k' } } };
    const { provider, recipient, material } = setup;
    const delivery = deliveryTo(recipient, credentialOf(material), { payload, ttlSeconds: 60 });
    expect(await provider.send(delivery, noSignal)).toEqual({
      kind: 'accepted',
      providerMessageId: 'projects/fake-project/messages/1',
    });
    const [taken] = setup.service.taken;
    expect(taken?.path).toBe('/v1/projects/fake-project/messages:send');
    expect(JSON.parse(taken?.body ?? '')).toEqual({
      message: {
        notification: { title: 'Packed' },
        android: { collapse_key: 'k', ttl: '60s' },
        token: 'phone',
      },
    });
  });

  it.each([
    [404, { error: { details: [{ errorCode: 'UNREGISTERED' }] } }, 'device_terminal'],
    [
      400,
      { error: { status: 'INVALID_ARGUMENT', message: 'The registration token is not a valid FCM token' } },
      'device_terminal',
    ],
    [
      400,
      { error: { status: 'INVALID_ARGUMENT', message: 'Invalid value at message.data' } },
      'caller_payload',
    ],
    [404, { error: { status: 'NOT_FOUND' } }, 'credential_auth'],
    [403, { error: { details: [{ errorCode: 'SENDER_ID_MISMATCH' }] } }, 'credential_auth'],
  ])('takes %i %j for %s', async (status, body, failureClass) => {
    const setup = await fcm();
    setup.service.script.always = () => ({ status, body });
    const result = await send(setup);
    expect(result).toMatchObject({ kind: 'rejected', failureClass });
    expect('removesDevice' in result).toBe(failureClass === 'device_terminal');
  });
});

describe('HMS', () => {
  it('sends a list of one token to the address of its app', async () => {
    const setup = await hms();
    expect(await send(setup, { message: { data: 'x' } })).toEqual({
      kind: 'accepted',
      providerMessageId: 'hms-1',
    });
    const [taken] = setup.service.taken;
    expect(taken?.path).toBe('/v1/app-1/messages:send');
    expect(JSON.parse(taken?.body ?? '')).toEqual({ message: { data: 'x', token: ['phone'] } });
  });

  it.each([
    ['80300007', { failureClass: 'device_terminal', removesDevice: true }],
    ['80200001', { kind: 'rejected', failureClass: 'credential_auth' }],
    ['80300008', { kind: 'too-large' }],
    ['81000001', { kind: 'retry', failureClass: 'provider_transient' }],
    ['80100001', { kind: 'rejected', failureClass: 'caller_payload' }],
  ])('understands code %s', async (code, expected) => {
    const setup = await hms();
    setup.service.script.always = () => ({
      status: 200,
      body: { code, msg: 'invalid oauth token, not exist' },
    });
    expect(await send(setup)).toMatchObject(expected);
  });
});

describe('WNS', () => {
  it('writes a toast as XML, with what it holds made safe', async () => {
    const setup = await wns();
    const payload = {
      type: 'toast',
      toast: {
        visual: { binding: { template: 'ToastGeneric', text: ['<Tom> & "Co"', 'body'] } },
        audio: { src: 's' },
      },
      data: { id: 1 },
    };
    expect(await send(setup, payload)).toEqual({ kind: 'accepted', providerMessageId: 'wns-1' });
    const [taken] = setup.service.taken;
    expect(taken?.headers).toMatchObject({ 'x-wns-type': 'wns/toast', 'content-type': 'text/xml' });
    expect(taken?.body).toBe(
      '<?xml version="1.0" encoding="utf-8"?><toast launch="{&quot;id&quot;:1}"><visual><binding template="ToastGeneric">' +
        '<text>&lt;Tom&gt; &amp; &quot;Co&quot;</text><text>body</text></binding></visual><audio src="s"/></toast>',
    );
  });

  it('sends a raw one as JSON', async () => {
    const setup = await wns();
    await send(setup, { type: 'raw', data: { id: 1 } });
    const [taken] = setup.service.taken;
    expect(taken?.headers).toMatchObject({
      'x-wns-type': 'wns/raw',
      'content-type': 'application/octet-stream',
    });
    expect(JSON.parse(taken?.body ?? '')).toEqual({ type: 'raw', data: { id: 1 } });
  });

  it.each([404, 410])('retires the device at %i', async (status) => {
    const setup = await wns();
    setup.service.script.always = () => ({ status });
    expect(await send(setup)).toMatchObject({ failureClass: 'device_terminal', removesDevice: true });
  });
});
