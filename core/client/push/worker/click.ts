/** A click on a notification or on one of its buttons: a page is shown, or an answer posted. */
import type { PushHeaders } from '../backend.ts';
import { PushError } from '../errors.ts';
import { type Attempt, retried, type Waiting } from '../retries.ts';
import type { PushAction } from './message.ts';
import { shownDataOf } from './notification.ts';
import { type NotificationClickEvent, type WindowClient, type WorkerScope, windowsOf } from './scope.ts';

export interface ClickOptions {
  readonly headers: PushHeaders | undefined;
  readonly waiting: Waiting;
  /** What is shown where an answer did not arrive; a click on it opens the page. */
  readonly answerFailed: { readonly title: string; readonly body: string };
}

const TIMEOUT_MS = 15_000;

export async function handleClick(
  scope: WorkerScope,
  { action: name, notification }: NotificationClickEvent,
  options: ClickOptions,
): Promise<void> {
  notification.close();
  const { url, actions = [] } = shownDataOf(notification);
  const pressed = actions.find(({ action }) => action === name);
  const answerUrl = pressed?.token === undefined ? null : ownUrl(scope, pressed.url);
  if (pressed === undefined || answerUrl === null) return openPage(scope, pressed?.navigate ?? url);
  try {
    await postAnswer(answerUrl, pressed, options);
  } catch {
    const { title, body } = options.answerFailed;
    const { tag } = notification;
    await scope.registration.showNotification(title, { body, ...(tag !== '' && { tag }), data: { url } });
  }
}

/** Focuses a window that shows the page, else takes one of the application's there, else opens one. */
export async function openPage(scope: WorkerScope, url: string | undefined): Promise<void> {
  const target = URL.parse(url ?? '', scope.registration.scope);
  // Pages only: whoever may publish pushes may not run scripts.
  if (target === null || !/^https?:$/.test(target.protocol)) return;
  const windows = (await windowsOf(scope)).filter((client) => new URL(client.url).origin === target.origin);
  const showing = windows.find((client) => client.url === target.href);
  if (showing !== undefined) return void (await showing.focus());
  const [any] = windows;
  if (any === undefined) return void (await scope.clients.openWindow(target.href));
  await any.focus();
  await lead(scope, any, target.href);
}

/** A window that this worker does not control cannot be led elsewhere by it. */
async function lead(scope: WorkerScope, window: WindowClient, url: string): Promise<void> {
  try {
    await window.navigate(url);
  } catch {
    await scope.clients.openWindow(url);
  }
}

/** Answers go to the application itself and nowhere else. */
function ownUrl({ location }: WorkerScope, url: string | undefined): string | null {
  const target = URL.parse(url ?? '', location.href);
  return url !== undefined && target?.origin === location.origin ? target.href : null;
}

/** `POST {token, action}`; the token makes a repetition harmless. */
function postAnswer(
  url: string,
  { token, action }: PushAction,
  { headers = {}, waiting }: ClickOptions,
): Promise<void> {
  return retried(waiting, async (): Promise<Attempt<void>> => {
    const own = typeof headers === 'function' ? await headers() : headers;
    try {
      const { ok, status } = await fetch(url, {
        method: 'POST',
        headers: { ...own, 'content-type': 'application/json' },
        body: JSON.stringify({ token, action }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (ok) return { kind: 'done', value: undefined };
      const error = new PushError('refused', `The answer was refused with ${status}`, { status });
      return { kind: status === 429 || status >= 500 ? 'again' : 'failed', error };
    } catch (cause) {
      return { kind: 'again', error: new PushError('unavailable', 'The answer did not arrive', { cause }) };
    }
  });
}
