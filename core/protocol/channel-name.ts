/**
 * What a channel's name says: its kind, whether it needs authorisation, its namespace, its list of users, its meta base.
 * Must not know: apps, subscriptions, signatures. Names are plain strings; nothing is cached here.
 * Sources: Pusher protocol (channel types), Sockudo 5.0.1 as recorded, divergences D11, D13, D14, D16, D20, D21.
 */

import { channelError, httpError, type ProtocolError } from './errors.ts';
import { CHANNEL_NAME_MAX_BYTES } from './limits.ts';
import { quoteCharacters, utf8Length } from './text.ts';

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
      if (name.startsWith(META_PREFIX)) {
        return channelKind(name.slice(META_PREFIX.length)).needsAuth ? META_AUTH : META_OPEN;
      }
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

/** The name without type prefix and without a list of users: `presence-chat:1#u1` is `chat:1`. */
export function logicalName(name: string): string {
  if (name.startsWith(USER_PREFIX)) return name;
  const start = typePrefixLength(name);
  const hash = name.indexOf('#', start);
  return name.slice(start, hash === -1 ? undefined : hash);
}

/** The namespace part (`chat` of `private-chat:1`), or null when the logical name has no colon. */
export function namespaceOf(name: string): string | null {
  const logical = logicalName(name);
  const colon = logical.indexOf(':');
  return colon === -1 || logical.startsWith('#') ? null : logical.slice(0, colon);
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

/** A user-limited name `BASE#u1,u2`, or null for every other name. */
export function userLimit(name: string): { readonly base: string; readonly users: readonly string[] } | null {
  const hash = name.indexOf('#');
  if (hash <= 0) return null;
  return {
    base: name.slice(0, hash),
    users: name
      .slice(hash + 1)
      .split(',')
      .filter((user) => user !== ''),
  };
}

/** Rules of one configured namespace that bear on names and on what clients may do. Absent flag = allowed. */
export interface NamespaceRule {
  /** Tested against the logical name. */
  readonly pattern?: RegExp;
  readonly maxNameBytes?: number;
  /** Default false. */
  readonly allowUserLimitedChannels?: boolean;
  readonly allowSubscribeForClient?: boolean;
  readonly allowPublishForClient?: boolean;
  readonly allowPresenceForClient?: boolean;
}

export interface ChannelNameRules {
  /** The app's limit; default CHANNEL_NAME_MAX_BYTES. A namespace's own limit wins. */
  readonly maxBytes?: number;
  /** Configured namespaces; absent or empty = `:` is an ordinary character (divergence D20). */
  readonly namespaces?: ReadonlyMap<string, NamespaceRule>;
}

const NOT_ALLOWED = /[^A-Za-z0-9\-_=@,;.:#]/u;

/** Text of what is wrong with a channel name, or null. */
function nameFault(name: string, rules: ChannelNameRules): string | null {
  if (name === '') return 'Channel name must not be empty';
  const namespaces = rules.namespaces;
  const namespaced = namespaces !== undefined && namespaces.size > 0;
  const namespace = namespaced ? namespaceOf(name) : null;
  const rule = namespace === null ? undefined : namespaces?.get(namespace);
  const maxBytes = rule?.maxNameBytes ?? rules.maxBytes ?? CHANNEL_NAME_MAX_BYTES;
  if (utf8Length(name) > maxBytes) return `Channel name too long. Max length is ${maxBytes}`;
  if (NOT_ALLOWED.test(name)) {
    const foreign = [...name].filter((character) => NOT_ALLOWED.test(character));
    return `Channel name contains invalid characters: '${name}' (invalid chars: ${quoteCharacters(foreign)})`;
  }
  if (name.startsWith(USER_PREFIX)) return null;
  if (namespace !== null && rule === undefined) return `Unknown channel namespace '${namespace}'`;
  if (rule?.pattern !== undefined && !rule.pattern.test(logicalName(name))) {
    return `Channel '${name}' does not match namespace '${namespace}' pattern`;
  }
  if (name.includes('#') && rule?.allowUserLimitedChannels !== true) {
    return `User-limited channel '${name}' is not allowed`;
  }
  return null;
}

/**
 * Checks a concrete channel name. The error's `message` is the socket's text (4300 `Channel error: …`), its `detail` with
 * 400 `invalid_input` the HTTP one. Meta names and patterns are not concrete: take them apart first.
 */
export function validateChannelName(name: string, rules: ChannelNameRules = {}): ProtocolError | null {
  const fault = nameFault(name, rules);
  return fault === null ? null : channelError(fault);
}

/** The same for a socket: 4300 `Channel error: …`. */
export const channelNameErrorWs = validateChannelName;

/** The same for HTTP: 400 `invalid_input` with the bare text. */
export function channelNameErrorHttp(name: string, rules: ChannelNameRules = {}): ProtocolError | null {
  const fault = nameFault(name, rules);
  return fault === null ? null : httpError('invalid_input', fault);
}

const NOT_ALLOWED_IN_PATTERN = /[^A-Za-z0-9\-_=@.:*]/u;

/** Checks a wildcard subscription `prefix*`, `*suffix` or `a*b`; 4300 `Channel error: …`. */
export function validateWildcard(pattern: string, rules: ChannelNameRules = {}): ProtocolError | null {
  const fault = (text: string) => channelError(`Wildcard subscription '${pattern}' ${text}`);
  const maxBytes = rules.maxBytes ?? CHANNEL_NAME_MAX_BYTES;
  if (utf8Length(pattern) > maxBytes) return channelError(`Channel name too long. Max length is ${maxBytes}`);
  if (pattern.split('*').length !== 2) return fault("must contain exactly one '*'");
  if (pattern.startsWith('private-') || pattern.startsWith('presence-')) {
    return fault('is only supported for public channels');
  }
  if (pattern.includes('#')) return fault('cannot use user-limited syntax');
  if (NOT_ALLOWED_IN_PATTERN.test(pattern)) return fault('contains invalid characters');
  return null;
}

/** Text match of a pattern with at most one `*`; a pattern without one matches itself. No rule about kinds. */
export function matchesPattern(pattern: string, name: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === name;
  const suffixLength = pattern.length - star - 1;
  return (
    name.length >= star + suffixLength &&
    name.startsWith(pattern.slice(0, star)) &&
    name.endsWith(pattern.slice(star + 1))
  );
}

/**
 * Whether a wildcard subscription receives a channel: only public and public cache channels, never private, presence, meta,
 * user or user-limited ones (divergence D16). The exception for capability tokens is `wildcardReaches` of capability.ts.
 */
export function matchesWildcard(pattern: string, channel: string): boolean {
  return matchesPattern(pattern, channel) && channelKind(channel).kind === 'public' && !channel.includes('#');
}
