/**
 * Wildcard patterns: of V2 subscriptions and of capabilities. Exactly one `*` stands for any text, also none.
 * Must not know: connections, tokens.
 * Sources: Sockudo 5.0.1 as recorded (wildcard-refused, wildcard-prefix), divergence D16.
 */
import { channelKind } from './channel-name.ts';
import type { ChannelNameRules } from './channel-rules.ts';
import { channelError, type ProtocolError } from './errors.ts';
import { CHANNEL_NAME_MAX_BYTES } from './limits.ts';

const NOT_ALLOWED = /[^A-Za-z0-9\-_=@.:*]/u;

/**
 * Checks a wildcard subscription `prefix*`, `*suffix` or `a*b`; 4300 `Channel error: …`. A pattern too long to match any
 * allowed name is refused as such a name would be, so that subscriptions stay bounded.
 */
export function validateWildcard(pattern: string, rules: ChannelNameRules = {}): ProtocolError | null {
  const maxBytes = longestName(rules);
  if (pattern.length > maxBytes + 1) return channelError(`Channel name too long. Max length is ${maxBytes}`);
  const fault = (text: string) => channelError(`Wildcard subscription '${pattern}' ${text}`);
  if (pattern.split('*', 3).length !== 2) return fault("must contain exactly one '*'");
  if (pattern.includes('#')) return fault('cannot use user-limited syntax');
  if (pattern.startsWith('private-') || pattern.startsWith('presence-')) {
    return fault('is only supported for public channels');
  }
  return NOT_ALLOWED.test(pattern) ? fault('contains invalid characters') : null;
}

/** The longest name the app or any of its namespaces allows, bytes. */
function longestName({
  maxBytes = CHANNEL_NAME_MAX_BYTES,
  namespaces = new Map(),
}: ChannelNameRules): number {
  let longest = maxBytes;
  for (const rule of namespaces.values()) longest = Math.max(longest, rule.maxNameBytes ?? 0);
  return longest;
}

/** Text match of a pattern with at most one `*`; a pattern without one matches itself. No rule about kinds. */
export function matchesPattern(pattern: string, name: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === name;
  return (
    name.length >= pattern.length - 1 &&
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
