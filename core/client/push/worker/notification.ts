/** Notifications of this worker: shown, replaced by tag, taken back. */
import type { PushAction, PushMessage } from './message.ts';
import type { WorkerScope } from './scope.ts';

/** What a notification carries to whoever handles a click on it. */
export interface ShownData {
  readonly url?: string;
  readonly actions?: readonly PushAction[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Texts and pictures where a push brings none. */
export interface NotificationDefaults {
  readonly title?: string | undefined;
  readonly icon?: string | undefined;
  readonly badge?: string | undefined;
}

/** `NotificationOptions` with what service workers may add. */
interface PersistentOptions extends NotificationOptions {
  readonly image?: string;
  readonly actions?: readonly { readonly action: string; readonly title: string; readonly icon?: string }[];
  readonly renotify?: boolean;
}

export async function showPush(
  { registration }: WorkerScope,
  message: PushMessage,
  defaults: NotificationDefaults,
): Promise<void> {
  const { title, tag } = message;
  const isReplacing = tag !== undefined && (await registration.getNotifications({ tag })).length > 0;
  await registration.showNotification(
    title ?? defaults.title ?? '',
    optionsOf(message, defaults, isReplacing),
  );
}

/** Closes what is shown under the tag. */
export async function withdraw({ registration }: WorkerScope, tag: string): Promise<void> {
  for (const notification of await registration.getNotifications({ tag })) notification.close();
}

function optionsOf(
  message: PushMessage,
  defaults: NotificationDefaults,
  isReplacing: boolean,
): PersistentOptions {
  const { body, image, lang, tag, url, actions, data, isSilent, needsInteraction } = message;
  const icon = message.icon ?? defaults.icon;
  const badge = message.badge ?? defaults.badge;
  const shown: ShownData = { ...(url !== undefined && { url }), actions, data };
  return {
    ...(body !== undefined && { body }),
    ...(icon !== undefined && { icon }),
    ...(badge !== undefined && { badge }),
    ...(image !== undefined && { image }),
    ...(lang !== undefined && { lang }),
    ...(tag !== undefined && { tag }),
    // Without it a replacement is seen by nobody who does not look. Refused by browsers where there is no tag.
    ...(isReplacing && !isSilent && { renotify: true }),
    silent: isSilent,
    requireInteraction: needsInteraction,
    actions: actions.map(({ action, title, icon: picture }) => ({
      action,
      title,
      ...(picture !== undefined && { icon: picture }),
    })),
    data: shown,
  };
}

/** What `showPush` gave a notification; a notification of others has nothing that is understood. */
export function shownDataOf({ data }: Notification): ShownData {
  // CAST: whatever it is, each member is checked or was put there above.
  return typeof data === 'object' && data !== null ? (data as ShownData) : {};
}
