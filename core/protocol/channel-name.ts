/**
 * What a channel's name says: its kind, whether it needs authorisation, its namespace, its list of users, its meta base.
 * Must not know: which names are allowed (channel-rules.ts), apps, subscriptions. Nothing is cached here.
 * Sources: Pusher protocol (channel types), Sockudo 5.0.1 as recorded, divergences D11, D13, D14.
 */

/** Facts that follow from the name alone. The objects are shared and frozen. */
export interface ChannelKind {
  readonly kind: 'public' | 'private' | 'presence' | 'encrypted' | 'meta' | 'wildcard' | 'user';
  /** A cache channel: the last event is replayed to new subscribers. Documented prefixes only (divergence D11). */
  readonly isCache: boolean;
  /** A signature is needed to subscribe. A meta channel follows its base (divergence D14). */
  readonly needsAuth: boolean;
  /** Has members (divergence D13: presence-cache- as well). */
  readonly isPresence: boolean;
}

const kindOf = (
  kind: ChannelKind['kind'],
  isCache: boolean,
  needsAuth: boolean,
  isPresence: boolean,
): ChannelKind => Object.freeze({ kind, isCache, needsAuth, isPresence });

const PUBLIC = kindOf('public', false, false, false);
const CACHE = kindOf('public', true, false, false);
const PRIVATE = kindOf('private', false, true, false);
const PRIVATE_CACHE = kindOf('private', true, true, false);
const ENCRYPTED = kindOf('encrypted', false, true, false);
const ENCRYPTED_CACHE = kindOf('encrypted', true, true, false);
const PRESENCE = kindOf('presence', false, true, true);
const PRESENCE_CACHE = kindOf('presence', true, true, true);
const META_OPEN = kindOf('meta', false, false, false);
const META_AUTH = kindOf('meta', false, true, false);
const WILDCARD = kindOf('wildcard', false, false, false);
const USER = kindOf('user', false, false, false);

const META_PREFIX = '[meta]';
const USER_PREFIX = '#server-to-user-';

/** Kind of a channel by its name; a handful of prefix comparisons, no allocation. */
export function channelKind(name: string): ChannelKind {
  switch (name.charCodeAt(0)) {
    case 0x5b: // [
      if (name.startsWith(META_PREFIX)) return metaKind(name.slice(META_PREFIX.length));
      break;
    case 0x23: // #
      if (name.startsWith(USER_PREFIX)) return USER;
      break;
  }
  if (name.includes('*')) return WILDCARD;
  if (name.startsWith('private-')) return privateKind(name);
  if (name.startsWith('presence-')) return name.startsWith('cache-', 9) ? PRESENCE_CACHE : PRESENCE;
  return name.startsWith('cache-') ? CACHE : PUBLIC;
}

/** A meta channel of a meta channel does not exist; it counts as closed instead of being unwrapped again and again. */
function metaKind(base: string): ChannelKind {
  return base.startsWith(META_PREFIX) || channelKind(base).needsAuth ? META_AUTH : META_OPEN;
}

function privateKind(name: string): ChannelKind {
  if (name.startsWith('encrypted-', 8)) return name.startsWith('cache-', 18) ? ENCRYPTED_CACHE : ENCRYPTED;
  return name.startsWith('cache-', 8) ? PRIVATE_CACHE : PRIVATE;
}

/** Length of the type prefix (`private-`, `presence-cache-`, …), 0 for none. */
function typePrefixLength(name: string): number {
  let length = 0;
  if (name.startsWith('private-encrypted-')) length = 18;
  else if (name.startsWith('private-')) length = 8;
  else if (name.startsWith('presence-')) length = 9;
  return name.startsWith('cache-', length) ? length + 6 : length;
}

/** The name without type prefix (`private-`, `presence-cache-`, …). */
export const withoutTypePrefix = (name: string): string => name.slice(typePrefixLength(name));

/** The name without type prefix and without a list of users: `presence-chat:1#u1` is `chat:1`; empty for user channels. */
export function logicalName(name: string): string {
  const start = typePrefixLength(name);
  const hash = name.indexOf('#', start);
  return name.slice(start, hash === -1 ? undefined : hash);
}

/** The namespace part (`chat` of `private-chat:1`), or null when the logical name has no colon. */
export function namespaceOf(name: string): string | null {
  const logical = logicalName(name);
  const colon = logical.indexOf(':');
  return colon === -1 ? null : logical.slice(0, colon);
}

/** The base of `[meta]BASE`, or null. */
export const metaBase = (name: string): string | null =>
  name.startsWith(META_PREFIX) ? name.slice(META_PREFIX.length) : null;

/** The user of `#server-to-user-ID`, or null. */
export const userChannelId = (name: string): string | null =>
  name.startsWith(USER_PREFIX) ? name.slice(USER_PREFIX.length) : null;

/** The channel that carries events for one user. */
export const userChannelName = (userId: string): string => USER_PREFIX + userId;

/** The channel that carries counts about `base`. */
export const metaChannelName = (base: string): string => META_PREFIX + base;

/**
 * A user-limited name `BASE#u1,u2`, or null for every other name. The list is split as it stands; whether it is well formed
 * is the question of validateChannelName. A name whose base is empty (`#x`, `private-#x`) is not user-limited.
 */
export function userLimit(name: string): { readonly base: string; readonly users: readonly string[] } | null {
  const start = typePrefixLength(name);
  const hash = name.indexOf('#', start);
  if (hash <= start) return null;
  return { base: name.slice(0, hash), users: name.slice(hash + 1).split(',') };
}
