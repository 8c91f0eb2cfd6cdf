// Answers of the routes that tell about channels (http.md 4), checked at this edge so that callers get typed values.
// Members this version does not know stay on the objects.

/** Attributes of one channel; each is there only if `info` asked for it. */
export interface ChannelAttributes {
  readonly user_count?: number;
  readonly subscription_count?: number;
}

/** Answer of `channels()`: occupied channels by name. */
export interface ChannelList {
  readonly channels: Readonly<Record<string, ChannelAttributes>>;
}

/** Answer of `channel()`. */
export interface ChannelState extends ChannelAttributes {
  readonly occupied: boolean;
  /** false: some node of the cluster did not answer. */
  readonly subscription_count_complete?: boolean;
  /** The cached event of a cache channel: JSON text of `{event, channel, data}`, and seconds until it expires. */
  readonly cache?: { readonly data: string; readonly ttl: number };
}

/** Answer of `channelUsers()`. */
export interface ChannelUsers {
  readonly users: readonly { readonly id: string }[];
}

/** Attributes to ask for, as a list or as the comma-separated text of the wire. */
export type InfoParam = string | readonly string[];

export function infoText(info: InfoParam | undefined): string | undefined {
  return typeof info === 'string' || info === undefined ? info : info.join(',');
}

export function isChannelList(value: unknown): value is ChannelList {
  return (
    hasMember(value, 'channels') && isObject(value.channels) && Object.values(value.channels).every(isObject)
  );
}

export function isChannelState(value: unknown): value is ChannelState {
  return hasMember(value, 'occupied') && typeof value.occupied === 'boolean';
}

export function isChannelUsers(value: unknown): value is ChannelUsers {
  if (!hasMember(value, 'users') || !Array.isArray(value.users)) return false;
  return value.users.every((user) => hasMember(user, 'id') && typeof user.id === 'string');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasMember<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return isObject(value) && Object.hasOwn(value, name);
}
