/**
 * `@sockudo/client/push/worker`: what a service worker does with pushes. One call at the top of the worker:
 *
 *   handlePush(self);
 */
import { PushBackend, type PushHeaders } from '../backend.ts';
import { describeBrowser } from '../browser.ts';
import { alone, keepRegistered } from '../keeping.ts';
import { realWaiting, type Waiting } from '../retries.ts';
import { indexedDbStore, type PushStore } from '../store.ts';
import { type ClickOptions, handleClick } from './click.ts';
import { type PushMessage, readPush } from './message.ts';
import { type NotificationDefaults, showPush, withdraw } from './notification.ts';
import { type PushEvent, type WorkerScope, windowsOf } from './scope.ts';

export { type PushAction, type PushMessage, readPush } from './message.ts';
export type { WorkerScope } from './scope.ts';

export interface HandlePushOptions {
  /** Where a push has no title or pictures of its own. */
  readonly defaults?: NotificationDefaults;
  /**
   * Whether a push is shown; default: all are. `isVisible`: a window of the application is being looked at. Browsers take push away
   * from applications that show nothing while none is.
   */
  readonly shows?: (
    message: PushMessage,
    around: { readonly isVisible: boolean },
  ) => boolean | Promise<boolean>;
  /** For the backend, as in `createPushRegistration`. */
  readonly headers?: PushHeaders;
  /** The one that pages use; default: theirs. */
  readonly storage?: PushStore;
  /** Shown where an answer could not be posted. */
  readonly answerFailed?: ClickOptions['answerFailed'];
  /** For tests: pauses between attempts. */
  readonly waiting?: Waiting;
}

const ANSWER_FAILED = { title: 'Your answer did not arrive', body: 'Open the page to answer there.' };

/** Shows pushes, opens pages and posts answers on clicks, and subscribes anew where the browser changed the subscription. */
export function handlePush(scope: unknown, options: HandlePushOptions = {}): void {
  // CAST: `self` of a service worker, which has what WorkerScope lists; the compiler takes it for a window.
  const worker = scope as WorkerScope;
  const { headers, waiting = realWaiting, answerFailed = ANSWER_FAILED } = options;
  worker.addEventListener('push', (event) => event.waitUntil(receive(worker, event, options)));
  worker.addEventListener('notificationclick', (event) =>
    event.waitUntil(handleClick(worker, event, { headers, waiting, answerFailed })),
  );
  worker.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(worker, options)));
}

/** What windows of the application are told of each push. */
export interface PushNotice {
  readonly type: 'sockudo-push';
  readonly message: PushMessage;
}

async function receive(worker: WorkerScope, { data }: PushEvent, options: HandlePushOptions): Promise<void> {
  const message = readPush(data?.text() ?? '');
  const { defaults = {}, shows = () => true } = options;
  const windows = await windowsOf(worker);
  const notice: PushNotice = { type: 'sockudo-push', message };
  for (const window of windows) window.postMessage(notice);
  if (message.withdraw !== undefined) await withdraw(worker, message.withdraw);
  if (message.title === null && defaults.title === undefined) return;
  // Only a push that takes something back may say nothing.
  if (message.title === null && message.withdraw !== undefined) return;
  const isVisible = windows.some(({ visibilityState }) => visibilityState === 'visible');
  if (await shows(message, { isVisible })) await showPush(worker, message, defaults);
}

/** The browser gave the subscription up, or changed it: there need be no page that would notice. */
async function renew({ registration }: WorkerScope, options: HandlePushOptions): Promise<void> {
  const { storage: store = indexedDbStore(), headers, waiting = realWaiting } = options;
  await alone(async () => {
    const record = await store.read();
    if (record === null) return;
    const backend = new PushBackend({ endpoint: record.endpoint, headers, waiting });
    const manager = registration.pushManager;
    const keeping = { backend, store, manager, waiting, describe: describeBrowser };
    await keepRegistered({ ...keeping, now: () => Date.now(), newId: () => crypto.randomUUID() }, record, {
      isForced: true,
    });
  });
}
