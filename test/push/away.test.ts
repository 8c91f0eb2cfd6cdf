// Pushes for users who look at nothing, through a real server with SQLite to a push service that decrypts as a browser does.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sockudo as Backend } from '../../core/backend/index.ts';
import { Sockudo } from '../../core/client/index.ts';
import { defaultRuntime } from '../../core/client/runtime.ts';
import { FakeWebPush } from '../../push/testing/fakes/fake-web-push.ts';
import { pushConfig } from '../support/push-config.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

let server: TestServer;
let service: FakeWebPush;
let backend: Backend;
const pages: Page[] = [];

beforeAll(async () => {
  service = await FakeWebPush.start();
  server = await startTestServer({
    config: pushConfig(),
  });
  const { host, port, app } = server;
  backend = new Backend({ appId: app.id, key: app.key, secret: app.secret, host, port });
});

afterAll(async () => {
  await server.close();
  await service.close();
});

beforeEach(() => {
  service.received.length = 0;
});

afterEach(() => {
  for (const page of pages.splice(0)) page.client.disconnect();
});

interface Page {
  readonly client: Sockudo;
  /** Resolves when the server has dealt with it. */
  show(isVisible: boolean): Promise<void>;
}

/** A page that is visible, of a user who signs in. */
async function open(id: string): Promise<Page> {
  let listener: (isVisible: boolean) => void = () => {};
  const client = new Sockudo(
    server.app.key,
    {
      wsHost: server.host,
      wsPort: server.port,
      forceTLS: false,
      protocolVersion: 2,
      reportVisibility: true,
      userAuthentication: {
        customHandler: async ({ socketId }) => backend.authenticateUser(socketId, { id }),
      },
    },
    {
      ...defaultRuntime,
      watchVisibility(given) {
        listener = given;
        given(true);
        return () => {};
      },
    },
  );
  client.signin();
  const page: Page = {
    client,
    show(isVisible) {
      listener(isVisible);
      return passed(client);
    },
  };
  pages.push(page);
  await new Promise<void>((resolve) => {
    client.bind('sockudo:signin_success', () => resolve());
  });
  await passed(client);
  return page;
}

/** Everything that the client sent before has been dealt with: frames of one connection are taken in order. */
function passed(client: Sockudo): Promise<void> {
  return new Promise((resolve) => {
    const channel = client.subscribe(`fence-${Math.random()}`);
    channel.bind('sockudo:subscription_succeeded', () => resolve());
  });
}

async function device(id: string, clientId: string, lastActiveAtMs = 0): Promise<void> {
  await backend.activateDevice({
    id,
    clientId,
    formFactor: 'desktop',
    platform: 'browser',
    timezone: 'UTC',
    locale: 'en',
    lastActiveAtMs,
    push: { recipient: service.subscribe(id) },
  });
}

const ended = async (publishId: string) => {
  await expect
    .poll(async () => (await backend.getPublishStatus(publishId)).state, { timeout: 20_000 })
    .not.toMatch(/queued|planning|dispatching/);
  return backend.getPublishStatus(publishId);
};

const received = () => service.received.map(({ id }) => id).toSorted();

const notify = (clientId: string, more: object = {}) =>
  backend.publishPush({
    recipients: [{ type: 'client', clientId }],
    payload: { title: 'Done', collapseKey: `of-${clientId}` },
    ...more,
  });

describe('a push for whoever is away', () => {
  it('goes to nobody while the user looks, once when the page is hidden, once when it is gone', async () => {
    await device('ann-1', 'ann');
    const page = await open('ann');
    const away = { afterMs: 0 };
    const seen = await ended((await notify('ann', { away })).publishId);
    expect(seen).toMatchObject({ state: 'succeeded', counters: { planned: 0, succeeded: 0 } });
    await page.show(false);
    const hidden = await ended((await notify('ann', { away })).publishId);
    expect(hidden).toMatchObject({ state: 'succeeded', counters: { planned: 1, succeeded: 1 } });
    await page.show(true);
    expect(await ended((await notify('ann', { away })).publishId)).toMatchObject({
      counters: { planned: 0 },
    });
    page.client.disconnect();
    // The server hears of it on its own connection.
    await expect
      .poll(async () => (await ended((await notify('ann', { away })).publishId)).counters.planned)
      .toBe(1);
    expect(received()).toEqual(['ann-1', 'ann-1']);
  });

  it('reaches those who never say, and devices of nobody', async () => {
    await device('ben-1', 'ben');
    const one = await notify('ben', { away: { afterMs: 50 } });
    expect(await ended(one.publishId)).toMatchObject({ state: 'succeeded', counters: { succeeded: 1 } });
  });

  it('goes to nobody where the user came back meanwhile', async () => {
    await device('cid-1', 'cid');
    const { publishId } = await notify('cid', { away: { afterMs: 1500 } });
    expect(await backend.getPublishStatus(publishId)).toMatchObject({ state: 'queued' });
    await open('cid');
    expect(await ended(publishId)).toMatchObject({ state: 'succeeded', counters: { planned: 0 } });
    expect(service.received).toEqual([]);
  });

  it('takes nothing but true and false for an answer', async () => {
    const { client } = await open('eli');
    const refused = new Promise((resolve) => client.bind('sockudo:error', resolve));
    client.send_event('sockudo:visibility', { visible: 'yes' });
    expect(await refused).toMatchObject({ code: 4000 });
    expect(server.complaints).toEqual([]);
  });

  it.each([
    { away: { afterMs: 600_001 } },
    { away: { after_ms: -1 } },
    { devices: 'some' },
    { othersAfterMs: 5 },
  ])('is refused with %j', async (more) => {
    await expect(notify('ann', more)).rejects.toMatchObject({ status: 400 });
  });
});

describe('what was read', () => {
  it('on one device is taken back on the other, once', async () => {
    await device('dot-1', 'dot');
    await device('dot-2', 'dot');
    const { publishId } = await notify('dot');
    await ended(publishId);
    expect(received()).toEqual(['dot-1', 'dot-2']);
    service.received.length = 0;
    const reader = { clientId: 'dot', collapseKey: 'of-dot', deviceId: 'dot-1' };
    expect(await backend.readPushes(reader)).toEqual({ withdrawn: 1 });
    await expect.poll(received, { timeout: 20_000 }).toEqual(['dot-2']);
    expect(service.received[0]?.message).toMatchObject({ data: { withdraw: 'of-dot' } });
    expect(service.received[0]?.message.notification).toBeUndefined();
    expect(await backend.readPush(publishId, { deviceId: 'dot-1' })).toMatchObject({ withdrawn: 0 });
  });

  it('is not sent any more where it still waited', async () => {
    await device('eve-1', 'eve');
    const { publishId } = await notify('eve', { away: { afterMs: 500 } });
    expect(await backend.readPush(publishId)).toMatchObject({ withdrawn: 0 });
    expect(await ended(publishId)).toMatchObject({ state: 'succeeded', counters: { planned: 0 } });
    const later = await notify('eve', { notBeforeMs: Date.now() + 300 });
    await backend.readPushes({ clientId: 'eve', collapseKey: 'of-eve' });
    expect(await ended(later.publishId)).toMatchObject({ counters: { expired: 1, succeeded: 0 } });
    // The next one is news again.
    expect(await ended((await notify('eve')).publishId)).toMatchObject({ counters: { succeeded: 1 } });
    expect(service.received).toHaveLength(1);
  });

  it('needs a client where it went to a channel, and a publish that is known', async () => {
    const { publishId } = await backend.publishPush({
      recipients: [{ type: 'channel', channel: 'empty' }],
      payload: { title: 'T' },
    });
    await expect(backend.readPush(publishId)).rejects.toMatchObject({ status: 400 });
    expect(await backend.readPush(publishId, { clientId: 'eve' })).toMatchObject({ withdrawn: 0 });
    await expect(backend.readPush('unknown')).rejects.toMatchObject({ status: 404 });
  });
});

describe('the device that was used last', () => {
  it('comes first, the others later', async () => {
    await device('fay-1', 'fay', 1);
    await device('fay-2', 'fay', 3);
    await device('fay-3', 'fay', 2);
    const { publishId } = await notify('fay', { devices: 'last-used-first', othersAfterMs: 300 });
    expect(await ended(publishId)).toMatchObject({
      state: 'succeeded',
      counters: { planned: 3, succeeded: 3 },
    });
    expect(service.received[0]?.id).toBe('fay-2');
    expect(received()).toEqual(['fay-1', 'fay-2', 'fay-3']);
  });

  it('is the only one where it was read there', async () => {
    await device('gus-1', 'gus', 1);
    await device('gus-2', 'gus', 3);
    const { publishId } = await notify('gus', { devices: 'last-used-first', othersAfterMs: 1500 });
    await expect.poll(received, { timeout: 20_000 }).toEqual(['gus-2']);
    await backend.readPush(publishId, { deviceId: 'gus-2' });
    expect(await ended(publishId)).toMatchObject({ state: 'succeeded', counters: { planned: 1 } });
    expect(received()).toEqual(['gus-2']);
  });
});
