// The chat notifies a user who is away, in real Chromium with its real service worker. Real: the bell, the permission, registering
// through the backend, the server's delivery up to the encrypted request, which a push service on loopback checks and decrypts; the
// notification that the worker shows; the answer that its button posts, and what follows from it. Not real: the browser's side of a
// push service (none can be reached: `pushManager` gives the page a subscription of the local one), so the test hands the decrypted push
// to the worker through the debugging protocol; and the press on a notification, which no protocol can make: the worker gets an event
// of the same form, and is asked which page it opens.
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startExample } from '../../examples/chat/start.ts';
import { FakeWebPush, type ReceivedPush } from '../../push/testing/fakes/fake-web-push.ts';
import { screenshot, type Window } from './browser.ts';
import { ChatModel, plain } from './chat-model.ts';
import { answers, composer, say, settled, shownText } from './chat-page.ts';
import { exampleInBrowser, withoutNetworkErrors } from './example-windows.ts';

const EMAIL = 'Send an email to ann@example.com, subject: "Lunch", body: "Friday at noon?"';
const bell = (page: Page): Locator => page.getByRole('button', { name: /^Notify me when I’m away/ });

describe('the chat, for a user who is away', () => {
  const model = new ChatModel();
  let web: FakeWebPush;
  // Before the example, so that they are closed after it.
  afterAll(async () => {
    await model.close();
    await web?.close();
  });
  const chat = exampleInBrowser(startExample, async () => {
    web = await FakeWebPush.start();
    const env = await model.listen('speed=max');
    return { ...env, AWAY_MS: '0', PUSH_ALLOW_LOCAL_WEB_PUSH_ENDPOINTS: 'true' };
  });
  let window: Window;
  let page: Page;

  beforeEach(async () => {
    model.reset();
    window = await chat.open();
    page = window.page;
    await page.context().grantPermissions(['notifications'], { origin: new URL(chat.example.url).origin });
    await page.addInitScript(usePushService, web.subscribe());
    await page.reload();
    await bell(page).click();
    await expect.poll(() => bell(page).getAttribute('aria-pressed')).toBe('true');
  });

  it('is turned on and off by its bell', async () => {
    await screenshot(window, 'chat-bell-on');
    await page.reload();
    await expect.poll(() => bell(page).getAttribute('aria-pressed')).toBe('true');
    await bell(page).click();
    await expect.poll(() => bell(page).getAttribute('aria-pressed')).toBe('false');
    await screenshot(window, 'chat-bell-off');
    expect(withoutNetworkErrors(window.errors)).toEqual([]);
  });

  it('notifies once of an answer that ended while nobody looked, and leads to it', async () => {
    const hold = model.holdAt(5);
    await say(page, 'Tell me about the river.');
    await hold.reached;
    const address = page.url();
    await leave(page);
    const arrived = nextPush(web);
    hold.release();
    const push = await arrived;
    expect(push.message.notification).toMatchObject({ title: 'Your answer is ready' });
    const away = await deliver(page, push);
    expect(await away.shown()).toEqual([['Your answer is ready', []]]);
    const target = await away.press('');
    expect(target).toBe(address);
    await page.goto(target);
    await settled(page, 1);
    expect(await shownText(answers(page).first())).toBe(plain(model.calls[0]?.text ?? ''));
    expect(web.received.filter(({ id }) => id === push.id)).toHaveLength(1);
    expect(withoutNetworkErrors(window.errors)).toEqual([]);
  });

  it.each([
    ['approve', 'done'],
    ['deny', 'denied'],
  ])('has a call answered from the notification: %s', async (action, outcome) => {
    const hold = model.holdAt(0);
    await say(page, EMAIL);
    await hold.reached;
    const address = page.url();
    await leave(page);
    const asked = nextPush(web);
    hold.release();
    const away = await deliver(page, await asked);
    expect(await away.shown()).toEqual([['May I use send_email?', ['Approve', 'Deny']]]);
    const ended = nextPush(web);
    await away.press(action);
    const finished = await ended;
    expect(finished.message.notification.title).toBe('Your answer is ready');
    // The token counts once, and its question has one answer.
    const tokens: { action: string; token: string }[] = (await asked).message.data.actions;
    const repeated = tokens.map(({ token }) =>
      page.request.post(new URL('/backend/answer', address).href, { data: { token } }),
    );
    const statuses = (await Promise.all(repeated)).map((response) => response.status());
    expect(statuses).toEqual(action === 'approve' ? [200, 409] : [409, 200]);
    await page.goto(address);
    await settled(page, 1);
    await page.getByText(outcome, { exact: true }).waitFor();
    expect(model.calls).toHaveLength(2);
    expect(withoutNetworkErrors(window.errors)).toEqual([]);
  });

  it('says nothing to a user who looks', async () => {
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    // Had the first one been told of, it would be there before the second.
    const hold = model.holdAt(2);
    await say(page, 'And the boats?');
    await hold.reached;
    await leave(page);
    const arrived = nextPush(web);
    hold.release();
    const push = await arrived;
    const body = plain(push.message.notification.body).slice(0, 60);
    expect(plain(model.calls[1]?.text ?? '').startsWith(body)).toBe(true);
    expect(web.received.filter(({ id }) => id === push.id)).toHaveLength(1);
  });

  it('stays as it was where there is no push', async () => {
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'PushManager'));
    await page.reload();
    await composer(page).waitFor();
    expect(await bell(page).isDisabled()).toBe(true);
    expect(await bell(page).getAttribute('aria-label')).toContain('This browser has no notifications');
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    expect(withoutNetworkErrors(window.errors)).toEqual([]);
  });
});

/** To a page that shows nothing of the chat: the connection is gone, and the server knows. */
const leave = (page: Page): Promise<unknown> => page.goto(new URL('/live', page.url()).href);

const nextPush = (web: FakeWebPush): Promise<ReceivedPush> =>
  new Promise((resolve) => {
    web.onPush = (push) => {
      web.onPush = null;
      resolve(push);
    };
  });

/** Hands a push to the service worker, as the browser would, and waits until it is shown. */
async function deliver(page: Page, { message }: ReceivedPush) {
  const context = page.context();
  const worker = await workerOf(context);
  const debug = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await debug.send('ServiceWorker.enable');
  const { origin } = new URL(page.url());
  const data = JSON.stringify(message);
  await debug.send('ServiceWorker.deliverPushMessage', {
    origin,
    registrationId: await registered,
    data,
  });
  const shown = () =>
    worker.evaluate<[string, string[]][]>(
      `registration.getNotifications().then((all) =>
        all.map(({ title, actions }) => [title, actions.map((action) => action.title)]))`,
    );
  await expect.poll(async () => (await shown()).length).toBe(1);
  return {
    shown,
    /** Presses a button, or the notification itself; the address of the page that is opened, or an empty text. */
    press: (action: string) =>
      worker.evaluate<string>(`(async () => {
        const [notification] = await registration.getNotifications();
        const work = [];
        let opened = '';
        clients.openWindow = async (url) => void (opened = url);
        WindowClient.prototype.focus = async function () {};
        WindowClient.prototype.navigate = async (url) => void (opened = url);
        dispatchEvent(Object.assign(new Event('notificationclick'), {
          action: '${action}', notification, waitUntil: (promise) => work.push(promise),
        }));
        await Promise.all(work);
        return opened;
      })()`),
  };
}

async function workerOf(context: BrowserContext) {
  const [worker = await context.waitForEvent('serviceworker')] = context.serviceWorkers();
  return worker;
}

/** In the page: the browser's push service is the test's, where this browser has the given subscription. */
function usePushService(given: { endpoint: string; p256dh: string; auth: string }): void {
  const bytes = (text: string): ArrayBuffer =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0)).buffer;
  const KEY = 'test-push-key';
  const subscription = () => {
    const key = localStorage.getItem(KEY);
    if (key === null) return null;
    return {
      endpoint: given.endpoint,
      options: { userVisibleOnly: true, applicationServerKey: new Uint8Array(JSON.parse(key)).buffer },
      getKey: (name: 'p256dh' | 'auth') => bytes(given[name]),
      unsubscribe: async () => {
        localStorage.removeItem(KEY);
        return true;
      },
    };
  };
  if (!('PushManager' in globalThis)) return;
  Object.assign(PushManager.prototype, {
    getSubscription: async () => subscription(),
    async subscribe({ applicationServerKey }: { applicationServerKey: Uint8Array }) {
      localStorage.setItem(KEY, JSON.stringify([...applicationServerKey]));
      return subscription();
    },
  });
}
