/**
 * Wildcard patterns: of V2 subscriptions and of capabilities. Exactly one `*` stands for any text, also none.
 * Must not know: connections, tokens.
 * Sources: Sockudo 5.0.1 as recorded (wildcard-refused, wildcard-prefix), divergence D16.
 */
import { channelKind } from './channel-name.ts';
import { channelError, type ProtocolError } from './errors.ts';

const NOT_ALLOWED = /[^A-Za-z0-9\-_=@.:*]/u;

/** Checks a wildcard subscription `prefix*`, `*suffix` or `a*b`; 4300 `Channel error: …`. */
export function validateWildcard(pattern: string): ProtocolError | null {
  const fault = (text: string) => channelError(`Wildcard subscription '${pattern}' ${text}`);
  if (pattern.split('*', 3).length !== 2) return fault("must contain exactly one '*'");
  if (pattern.includes('#')) return fault('cannot use user-limited syntax');
  if (pattern.startsWith('private-') || pattern.startsWith('presence-')) {
    return fault('is only supported for public channels');
  }
  return NOT_ALLOWED.test(pattern) ? fault('contains invalid characters') : null;
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
