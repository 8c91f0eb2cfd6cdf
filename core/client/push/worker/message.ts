/**
 * A push as it arrives, read: Sockudo's payload (`notification`, `data`, `headers.topic`) and declarative Web Push (`web_push: 8030`).
 * Pure. Whatever is of another form is left out; nothing here throws.
 */

/** A button. With `url` and `token` its press is an answer that the worker posts; without, it opens `navigate`, or the page of the push. */
export interface PushAction {
  /** Name, handed to the backend with the answer. */
  readonly action: string;
  readonly title: string;
  readonly icon?: string;
  readonly url?: string;
  readonly token?: string;
  readonly navigate?: string;
}

export interface PushMessage {
  /** Null: nothing to show. */
  readonly title: string | null;
  readonly body?: string;
  readonly icon?: string;
  readonly image?: string;
  readonly badge?: string;
  readonly lang?: string;
  readonly isSilent: boolean;
  readonly needsInteraction: boolean;
  /** A notification replaces the one that has the same. */
  readonly tag?: string;
  /** Page to open. */
  readonly url?: string;
  /** Tag of a notification that is to be taken back. */
  readonly withdraw?: string;
  readonly actions: readonly PushAction[];
  /** As it was published. */
  readonly data: Readonly<Record<string, unknown>>;
}

type JsonObject = Readonly<Record<string, unknown>>;

const MOST_ACTIONS = 4;

export function readPush(text: string): PushMessage {
  const payload = parsed(text);
  const notification = objectOf(payload.notification);
  const data = { ...objectOf(notification.data), ...objectOf(payload.data) };
  const members = {
    body: textOf(notification.body),
    icon: textOf(notification.icon),
    image: textOf(notification.image),
    badge: textOf(notification.badge),
    lang: textOf(notification.lang),
    tag: textOf(objectOf(payload.headers).topic) ?? textOf(notification.tag) ?? textOf(data.tag),
    url: textOf(data.url) ?? textOf(notification.navigate) ?? textOf(data.navigate),
    withdraw: textOf(data.withdraw),
  };
  return {
    title: textOf(notification.title) ?? null,
    ...without(members),
    isSilent: notification.silent === true,
    needsInteraction: notification.requireInteraction === true || notification.require_interaction === true,
    actions: actionsOf(data.actions ?? notification.actions),
    data,
  };
}

function actionsOf(value: unknown): readonly PushAction[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_ACTIONS).flatMap((item: unknown): PushAction[] => {
    const given = objectOf(item);
    const action = textOf(given.action);
    const title = textOf(given.title);
    if (action === undefined || title === undefined) return [];
    const { icon, url, token, navigate } = given;
    const more = { icon: textOf(icon), url: textOf(url), token: textOf(token), navigate: textOf(navigate) };
    return [{ action, title, ...without(more) }];
  });
}

function parsed(text: string): JsonObject {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): JsonObject {
  // CAST: a non-null object that is no array has members by name.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

type Present<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

function without<Members extends object>(members: Members): Present<Members> {
  // CAST: only members that have no value are left out.
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Present<Members>;
}
