/**
 * Which channel names are allowed, with the recorded error texts. Rules come from the app; nothing is cached here.
 * Must not know: where the app keeps its rules, who asks.
 * Sources: Sockudo 5.0.1 as recorded (channel-names, namespace-*, http-event-bad-channel-names), divergences D20, D21.
 */
import { logicalName, namespaceOf, userLimit, withoutTypePrefix } from './channel-name.ts';
import { channelError, httpError, type ProtocolError } from './errors.ts';
import { CHANNEL_NAME_MAX_BYTES } from './limits.ts';
import { quoteCharacters, utf8Length } from './text.ts';

/** Rules of one configured namespace that bear on names and on what clients may do. Absent flag = allowed, but see below. */
export interface NamespaceRule {
  /** Tested against the logical name. */
  readonly pattern?: RegExp;
  readonly maxNameBytes?: number;
  /** Absent = not allowed. */
  readonly allowUserLimitedChannels?: boolean;
  readonly allowSubscribeForClient?: boolean;
  readonly allowPublishForClient?: boolean;
  readonly allowPresenceForClient?: boolean;
}

/** What an app says about channel names. */
export interface ChannelNameRules {
  /** The app's limit, UTF-8 bytes; default CHANNEL_NAME_MAX_BYTES. A namespace's own limit wins. */
  readonly maxBytes?: number;
  /** Configured namespaces; absent or empty = `:` is an ordinary character (divergence D20). */
  readonly namespaces?: ReadonlyMap<string, NamespaceRule>;
}

const NOT_ALLOWED = /[^A-Za-z0-9\-_=@,;.:#]/u;
const USER_ID = /^[A-Za-z0-9\-_=@.]+$/;

/** Text of what is wrong with a channel name, or null; the first broken rule in the recorded order. */
function nameFault(name: string, rules: ChannelNameRules): string | null {
  if (name === '') return 'Channel name must not be empty';
  const namespaces = rules.namespaces;
  const namespace = namespaces !== undefined && namespaces.size > 0 ? namespaceOf(name) : null;
  const rule = namespace === null ? undefined : namespaces?.get(namespace);
  if (namespace !== null && rule === undefined) return `Unknown channel namespace '${shorten(namespace)}'`;
  const maxBytes = rule?.maxNameBytes ?? rules.maxBytes ?? CHANNEL_NAME_MAX_BYTES;
  if (utf8Length(name) > maxBytes) return `Channel name too long. Max length is ${maxBytes}`;
  if (NOT_ALLOWED.test(name)) {
    const foreign = [...name].filter((character) => NOT_ALLOWED.test(character));
    return `Channel name contains invalid characters: '${name}' (invalid chars: ${quoteCharacters(foreign)})`;
  }
  const listFault = userListFault(name, rule);
  if (listFault !== null) return listFault;
  if (rule?.pattern !== undefined && !matches(rule.pattern, logicalName(name))) {
    return `Channel '${name}' does not match namespace '${namespace}' pattern`;
  }
  return null;
}

/** What is wrong with the `#u1,u2` part, or null when there is none or it is well formed and allowed. */
function userListFault(name: string, rule: NamespaceRule | undefined): string | null {
  const limit = userLimit(name);
  if (limit === null) return null;
  if (withoutTypePrefix(name).split('#').length > 2) {
    return `Channel '${name}' contains multiple user limit separators`;
  }
  const [first, ...others] = limit.users;
  if (first === '' && others.length === 0) return `Channel '${name}' has an empty user limit segment`;
  if (limit.users.includes(''))
    return `Channel '${name}' contains an empty user id in its user limit segment`;
  if (!limit.users.every((user) => USER_ID.test(user))) {
    return `Channel '${name}' contains an invalid user id in its user limit segment`;
  }
  if (rule?.allowUserLimitedChannels === true) return null;
  return `Channel '${name}' uses user-limited syntax but the namespace does not allow it`;
}

/** A `g` or `y` expression keeps its place between calls; ask it from the start every time. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** An unknown namespace is named before the length is known to be sane. */
const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}...` : text);

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
