// The whole way of a push, through a real server with SQLite and the backend SDK to a push service that decrypts as a browser does.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sockudo } from '../../core/backend/index.ts';
import { generateVapidKeys } from '../../push/index.ts';
import { FakeWebPush } from '../../push/testing/fakes/fake-web-push.ts';
import { pushConfig } from '../support/push-config.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

let server: TestServer;
let service: FakeWebPush;
let sockudo: Sockudo;

beforeAll(async () => {
  service = await FakeWebPush.start();
  server = await startTestServer({
    config: {
      ...pushConfig(),
      push_rules: [{ channel_pattern: 'notifications:*', event_filter: ['done'] }],
    },
  });
  const { host, port, app } = server;
  sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
});

afterAll(async () => {
  await server.close();
  await service.close();
});

beforeEach(() => {
  service.received.length = 0;
});

/** A browser of a user, registered and subscribed. */
async function browser(id: string, channel: string, clientId = 'ann'): Promise<string> {
  const { deviceIdentityToken, tokenHash } = await sockudo.activateDevice({
    id,
    clientId,
    formFactor: 'desktop',
    platform: 'browser',
    timezone: 'UTC',
    locale: 'en',
    push: { recipient: service.subscribe(id) },
  });
  const subscription = { channel, deviceId: id, provider: 'webPush', tokenHash } as const;
  await sockudo.upsertChannelPushSubscription(subscription, deviceIdentityToken);
  return deviceIdentityToken ?? '';
}

const ended = async (publishId: string) => {
  await expect
    .poll(async () => (await sockudo.getPublishStatus(publishId)).state, { timeout: 20_000 })
    .not.toMatch(/queued|planning|dispatching/);
  return sockudo.getPublishStatus(publishId);
};

describe('a push', () => {
  it('reaches each browser of a channel, encrypted, signed, once', async () => {
    await browser('one', 'news');
    await browser('two', 'news');
    const { publishId } = await sockudo.publishPush({
      recipients: [
        { type: 'channel', channel: 'news' },
        { type: 'device', deviceId: 'one' },
        { type: 'client', clientId: 'ann' },
      ],
      payload: { title: 'Hi {{ data.name }}', body: 'x', templateData: { name: 'Ann' }, collapseKey: 'k' },
    });
    expect(await ended(publishId)).toMatchObject({
      state: 'succeeded',
      counters: { planned: 2, dispatched: 2, succeeded: 2 },
    });
    expect(service.received.map(({ id }) => id).toSorted()).toEqual(['one', 'two']);
    expect(service.received[0]).toMatchObject({
      topic: expect.any(String),
      message: { notification: { title: 'Hi Ann', body: 'x' }, data: { name: 'Ann' } },
    });
  });

  it('removes a browser that unsubscribed, and tells it of none', async () => {
    await browser('three', 'leaving');
    service.unsubscribe('three');
    const { publishId } = await sockudo.publishPush({
      recipients: [{ type: 'channel', channel: 'leaving' }],
      payload: { title: 'T' },
    });
    expect(await ended(publishId)).toMatchObject({ state: 'failed', counters: { failed: 1 } });
    await expect(sockudo.getDeviceRegistration('three')).rejects.toMatchObject({ status: 404 });
    expect((await sockudo.listChannelPushSubscriptions({ channel: 'leaving' })).items).toEqual([]);
  });

  it('that was scheduled is not sent once it is cancelled', async () => {
    await browser('four', 'later');
    const recipients = [{ type: 'channel', channel: 'later' }] as const;
    const { publishId } = await sockudo.schedulePush({
      recipients,
      payload: { title: 'cancelled' },
      notBeforeMs: Date.now() + 200,
    });
    await sockudo.cancelScheduledPush(publishId);
    const other = await sockudo.schedulePush({
      recipients,
      payload: { title: 'sent' },
      notBeforeMs: Date.now() + 400,
    });
    // Comes later than the other would have.
    expect(await ended(other.publishId)).toMatchObject({ state: 'succeeded' });
    expect(await sockudo.getPublishStatus(publishId)).toMatchObject({ state: 'cancelled' });
    expect(service.received.map(({ message }) => message.notification.title)).toEqual(['sent']);
  });

  it('comes of an event, by its extras or by a rule', async () => {
    await browser('five', 'notifications:ann');
    const arrived = (count: number) =>
      expect.poll(() => service.received.length, { timeout: 20_000 }).toBe(count);
    await server.publish('notifications:ann', 'other', 'x', { extras: { push: { title: 'by extras' } } });
    await arrived(1);
    await server.publish('notifications:ann', 'done', { title: 'by rule', body: 'b', sessionId: 's1' });
    await arrived(2);
    expect(service.received.map(({ message }) => message.notification.title)).toEqual([
      'by extras',
      'by rule',
    ]);
    expect(service.received[1]?.message.data).toEqual({ data: { sessionId: 's1' } });
  });

  it('is signed with the credential of the app as soon as there is one', async () => {
    await browser('six', 'signed');
    await sockudo.putPushCredential('webpush', { ...generateVapidKeys(), contact: 'mailto:app@b.example' });
    const { publishId } = await sockudo.publishPush({
      recipients: [{ type: 'device', deviceId: 'six' }],
      payload: { title: 'T' },
    });
    await ended(publishId);
    expect(service.received.map(({ contact }) => contact)).toEqual(['mailto:app@b.example']);
    expect((await sockudo.listPushCredentials()).items).toMatchObject([{ credential_id: 'webpush' }]);
  });
});

describe('the SDK', () => {
  it('lists, changes and removes devices, templates and batches', async () => {
    const token = await browser('sdk', 'sdk', 'ben');
    const ids: string[] = [];
    for await (const { id } of await sockudo.listDeviceRegistrations({ limit: 2 })) ids.push(id);
    expect(ids).toContain('sdk');
    expect(await sockudo.getDeviceRegistration('sdk', token)).toMatchObject({ clientId: 'ben' });
    expect((await sockudo.listChannelPushSubscriptionChannels()).items).toContain('sdk');
    const template = {
      templateId: 'a/b',
      defaultLocale: 'en',
      locales: { en: { title: 'Hi', body: 'there' } },
    };
    await sockudo.putPushTemplate(template);
    expect(await sockudo.getPushTemplate('a/b')).toMatchObject(template);
    const recipients = [{ type: 'client', clientId: 'ben' }] as const;
    const { items } = await sockudo.publishPushBatch([
      { recipients, payload: { templateId: 'a/b' } },
      { recipients, payload: { title: 'T' } },
    ]);
    for (const { publishId } of items) expect(await ended(publishId)).toMatchObject({ state: 'succeeded' });
    await sockudo.deletePushTemplate('a/b');
    expect((await sockudo.listPushTemplates()).items).toEqual([]);
    expect(await sockudo.deleteChannelPushSubscriptions({ deviceId: 'sdk' }, token)).toEqual({ deleted: 1 });
    await sockudo.deleteDeviceRegistration('sdk', token);
    expect(await sockudo.removeDeviceRegistrationsByClient('ben')).toMatchObject({ deleted: 0 });
    expect((await sockudo.listPushDeadLetters()).items).toEqual([]);
    const event = { publishId: 'p', eventId: 'e', occurredAtMs: 1 };
    const result = { provider: 'apns', outcome: 'accepted' };
    expect(await sockudo.postPushDeliveryStatus({ ...event, result })).toMatchObject(event);
  });
});
