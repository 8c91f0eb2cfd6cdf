// Pushes in real Chromium with a real service worker: registering, staying registered, showing, clicking. Real: permission, service
// worker, IndexedDB, locks, notifications, the server and its delivery up to the encrypted request. Not real: the push service and
// `pushManager` (a test has none that it could reach); the browser is handed the decrypted push by its debugging protocol; a click on
// a notification, which no protocol can make, is an event of the same form, with the windows' focus recorded.
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from './browser.ts';
import { type PushHost, startPushHost } from './push-host.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

interface Visit {
  readonly host: PushHost;
  readonly context: BrowserContext;
  readonly page: Page;
  permit(setting: 'denied' | 'granted'): Promise<void>;
  /** Runs the expression in the page. */
  run<Value>(expression: string): Promise<Value>;
  /** Clicks the button of the page, and answers what `enable` came to. */
  enable(): Promise<string>;
  /** Runs the expression in the service worker. */
  inWorker<Value>(expression: string): Promise<Value>;
  /** The worker gets a push, and has handled it. */
  deliver(message: unknown): Promise<void>;
  shown(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

async function visit(query = ''): Promise<Visit> {
  const host = await startPushHost();
  onTestFinished(() => host.close());
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`${host.origin}/${query}`);
  const debug = await context.newCDPSession(page);
  const registrationId = watchRegistration(debug);
  const { targetInfo } = await debug.send('Target.getTargetInfo');
  const whole = await browser.newBrowserCDPSession();
  const run = <Value>(expression: string): Promise<Value> => page.evaluate(expression);
  const inWorker = async <Value>(expression: string): Promise<Value> => {
    const [worker = await context.waitForEvent('serviceworker')] = context.serviceWorkers();
    return worker.evaluate(expression);
  };
  return {
    host,
    context,
    page,
    run,
    inWorker,
    async permit(setting) {
      const permission = { name: 'notifications' };
      const { browserContextId = '' } = targetInfo;
      await whole.send('Browser.setPermission', {
        permission,
        setting,
        origin: host.origin,
        browserContextId,
      });
    },
    async enable() {
      await page.evaluate('delete globalThis.outcome');
      await page.click('button');
      const outcome = await page.waitForFunction('globalThis.outcome');
      return String(await outcome.jsonValue());
    },
    async deliver(message) {
      const count = await run<number>('notices.length');
      const data = JSON.stringify(message);
      const { origin } = host;
      await debug.send('ServiceWorker.deliverPushMessage', {
        origin,
        registrationId: await registrationId,
        data,
      });
      await page.waitForFunction(`notices.length > ${count}`);
    },
    shown: () =>
      run(`navigator.serviceWorker.ready.then(async (registration) =>
        (await registration.getNotifications()).map(({ title, body, tag, data, actions }) =>
          ({ title, body, tag, url: data.url, actions: actions.map(({ action, title }) => [action, title]) })))`),
  };
}

function watchRegistration(debug: CDPSession): Promise<string> {
  return new Promise((resolve, reject) => {
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first !== undefined) resolve(first.registrationId);
    });
    debug.send('ServiceWorker.enable').catch(reject);
  });
}

/** The worker handles an event of a click, as far as one can be made: what it wants to focus and open is recorded. */
const click = ({ inWorker }: Visit, action = ''): Promise<unknown> =>
  inWorker(`(async () => {
    const [notification] = await registration.getNotifications();
    const work = [];
    const seen = [];
    clients.openWindow = async (url) => void seen.push(['open', url]);
    WindowClient.prototype.focus = async function () { seen.push(['focus', this.url]); };
    WindowClient.prototype.navigate = async function (url) { seen.push(['navigate', url]); };
    dispatchEvent(Object.assign(new Event('notificationclick'), {
      action: '${action}', notification, waitUntil: (promise) => work.push(promise),
    }));
    await Promise.all(work);
    return seen;
  })()`);

const change = ({ inWorker }: Visit): Promise<unknown> =>
  inWorker(`(async () => {
    const work = [];
    dispatchEvent(Object.assign(new Event('pushsubscriptionchange'), { waitUntil: (one) => work.push(one) }));
    await Promise.all(work);
  })()`);

const devicesOf = async ({ host }: Visit): Promise<{ id: string; clientId: string; tokenHash: string }[]> => {
  const { text } = await host.server.request('GET', '/push/deviceRegistrations');
  return JSON.parse(text).items.map(
    ({ id, clientId, recipient }: { id: string; clientId: string; recipient: { tokenHash: string } }) => ({
      id,
      clientId,
      tokenHash: recipient.tokenHash,
    }),
  );
};

it('asks from a click only, and says what the user answered', async () => {
  const there = await visit('?enable');
  const outcome = await there.page.waitForFunction('globalThis.outcome');
  expect(await outcome.jsonValue()).toBe('needs_gesture');
  expect(await there.run('[push.permission, ...states]')).toEqual(['default', 'off']);
  expect(await there.run('push.subscribe("orders-ann").catch(({ code }) => code)')).toBe('not_registered');
  await there.permit('denied');
  expect(await there.enable()).toBe('denied');
  expect(await there.run('states')).toEqual(['off', 'asking', 'denied']);
  expect(await devicesOf(there)).toEqual([]);
});

it('registers, gets a push of the server, and shows it', async () => {
  const there = await visit();
  await there.permit('granted');
  expect(await there.enable()).toBe('granted');
  expect(await there.run('states')).toEqual(['off', 'asking', 'working', 'on']);
  expect(await devicesOf(there)).toMatchObject([{ clientId: 'ann' }]);
  await there.run('push.subscribe("orders-ann")');
  expect(await there.run('push.subscribe("orders-bob").catch(({ code }) => code)')).toBe('unauthorized');
  expect(await there.run('push.channels()')).toEqual(['orders-ann']);

  const url = `${there.host.origin}/orders/19`;
  const payload = {
    title: 'Packed',
    body: 'It leaves today',
    collapseKey: 'order-19',
    templateData: { url },
  };
  const { message } = await there.host.publish('ann', payload);
  await there.deliver(message);
  expect(await there.shown()).toMatchObject([
    { title: 'Packed', body: 'It leaves today', tag: 'order-19', url },
  ]);
  await there.deliver({ ...message, notification: { title: 'Sent' } });
  expect(await there.shown()).toMatchObject([{ title: 'Sent', tag: 'order-19' }]);
  await there.deliver({ data: { withdraw: 'order-19' } });
  expect(await there.shown()).toEqual([]);
});

it('shows declarative pushes, and leaves out what the application does not want', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  const navigate = 'https://app.example/a';
  await there.deliver({ web_push: 8030, notification: { title: 'A', navigate, tag: 'a' } });
  await there.deliver({ notification: { title: 'B' }, data: { quiet: true } });
  expect(await there.shown()).toMatchObject([{ title: 'A', tag: 'a', url: navigate }]);
});

it('leads a click to a window that shows the page, one of the application, or a new one', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  const { origin } = there.host;
  const push = (url: string): Promise<void> =>
    there.deliver({ notification: { title: 'A' }, data: { url }, headers: { topic: 'a' } });
  await push('/');
  expect(await click(there)).toEqual([['focus', `${origin}/`]]);
  expect(await there.shown()).toEqual([]);
  await push('/orders/19');
  expect(await click(there)).toEqual([
    ['focus', `${origin}/`],
    ['navigate', `${origin}/orders/19`],
  ]);
  await push('https://elsewhere.example/');
  expect(await click(there)).toEqual([['open', 'https://elsewhere.example/']]);
  await push('javascript:alert(1)');
  expect(await click(there)).toEqual([]);
});

it('posts an answer, again where that failed, and says where it did not arrive', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  const button = { action: 'approve', title: 'Approve', url: '/answers', token: 'one-time' };
  const stolen = { action: 'deny', title: 'Deny', url: 'https://elsewhere.example/', token: 'secret' };
  const push = (): Promise<void> =>
    there.deliver({ notification: { title: 'Pay?' }, data: { url: '/pay', actions: [button, stolen] } });
  await push();
  expect(await there.shown()).toMatchObject([
    {
      actions: [
        ['approve', 'Approve'],
        ['deny', 'Deny'],
      ],
    },
  ]);
  there.host.answerStatus.push(503);
  expect(await click(there, 'approve')).toEqual([]);
  const answer = { token: 'one-time', action: 'approve' };
  expect(there.host.answers).toEqual([answer, answer]);
  expect(await there.shown()).toEqual([]);
  await push();
  there.host.answerStatus.push(410);
  await click(there, 'approve');
  expect(await there.shown()).toMatchObject([{ title: 'Your answer did not arrive', url: '/pay' }]);
  // Answers go to the application only: this button opens the page.
  await push();
  await there.run(`navigator.serviceWorker.ready.then(async (registration) =>
    (await registration.getNotifications({ tag: '' })).forEach((one) => one.title !== 'Pay?' && one.close()))`);
  expect(await click(there, 'deny')).toEqual([
    ['focus', `${there.host.origin}/`],
    ['navigate', `${there.host.origin}/pay`],
  ]);
  expect(there.host.answers).toHaveLength(3);
});

it('keeps a subscription that the browser changed or lost, or whose key was replaced', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  await there.run('push.subscribe("orders-ann")');
  const [first] = await devicesOf(there);
  // The worker alone: no page takes part.
  there.host.loseSubscription();
  await change(there);
  const [renewed, ...none] = await devicesOf(there);
  expect(none).toEqual([]);
  expect(renewed?.id).toBe(first?.id);
  expect(renewed?.tokenHash).not.toBe(first?.tokenHash);
  // The next time that the application is opened.
  there.host.loseSubscription();
  await there.page.reload();
  expect(await there.run('push.open()')).toBe('on');
  const [opened] = await devicesOf(there);
  expect(opened?.id).toBe(first?.id);
  expect(opened?.tokenHash).not.toBe(renewed?.tokenHash);
  there.host.vapidPublicKey = `B${'A'.repeat(86)}`;
  expect(await there.run('push.open()')).toBe('on');
  const [moved] = await devicesOf(there);
  expect(moved?.tokenHash).not.toBe(opened?.tokenHash);
  expect(await there.run('push.open()')).toBe('on');
  expect(await devicesOf(there)).toEqual([moved]);
});

it('registers anew, with its channels, where the server lost the device, and follows the user', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  await there.run('push.subscribe("orders-ann")');
  const [first] = await devicesOf(there);
  await there.host.server.request('DELETE', `/push/deviceRegistrations/${first?.id}`);
  await there.run('push.subscribe("news-ann")');
  const { text } = await there.host.server.request('GET', '/push/channelSubscriptions');
  const channels = JSON.parse(text).items.map(({ channel }: { channel: string }) => channel);
  expect(channels.sort()).toEqual(['news-ann', 'orders-ann']);
  there.host.user = null;
  there.host.loseSubscription();
  expect(await there.run('push.open().catch(({ code }) => code)')).toBe('unauthorized');
  expect(await there.run('[push.state, push.error.status]')).toEqual(['failed', 401]);
  there.host.user = 'bob';
  expect(await there.run('push.open()')).toBe('on');
  expect(await devicesOf(there)).toMatchObject([{ clientId: 'bob' }]);
  expect(await there.run('push.channels()')).toEqual([]);
});

it('unregisters here, and everywhere', async () => {
  const there = await visit();
  await there.permit('granted');
  await there.enable();
  await there.run('push.disable()');
  expect(await devicesOf(there)).toEqual([]);
  expect(await there.run('push.state')).toBe('off');
  expect(await there.run('push.open()')).toBe('off');
  await there.enable();
  const recipient = there.host.web.subscribe();
  const phone = {
    id: 'phone',
    clientId: 'ann',
    formFactor: 'phone',
    platform: 'browser',
    timezone: 'UTC',
    locale: 'en',
  };
  const body = { ...phone, push: { recipient } };
  await there.host.server.request('POST', '/push/deviceRegistrations', { body });
  expect(await devicesOf(there)).toHaveLength(2);
  await there.run('push.disable({ everywhere: true })');
  expect(await devicesOf(there)).toEqual([]);
});
