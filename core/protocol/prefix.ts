/**
 * Platform event prefixes. V1 speaks `pusher:` / `pusher_internal:`, V2 `sockudo:` / `sockudo_internal:`; inbound, all four
 * are understood on every connection. Must not know: frames.
 */

/** Protocol family of a connection. */
export type Protocol = 1 | 2;

/** `pusher:` or `sockudo:`. */
export const eventPrefix = (protocol: Protocol): 'pusher:' | 'sockudo:' =>
  protocol === 1 ? 'pusher:' : 'sockudo:';

/** `pusher_internal:` or `sockudo_internal:`. */
export const internalEventPrefix = (protocol: Protocol): 'pusher_internal:' | 'sockudo_internal:' =>
  protocol === 1 ? 'pusher_internal:' : 'sockudo_internal:';

/** A platform event without its prefix. */
export interface PlatformEvent {
  readonly name: string;
  /** It had one of the two `_internal:` prefixes. */
  readonly internal: boolean;
}

/** Takes one of the four prefixes off; null for every other event name. */
export function stripPrefix(event: string): PlatformEvent | null {
  if (event.startsWith('pusher:')) return { name: event.slice(7), internal: false };
  if (event.startsWith('sockudo:')) return { name: event.slice(8), internal: false };
  if (event.startsWith('pusher_internal:')) return { name: event.slice(16), internal: true };
  if (event.startsWith('sockudo_internal:')) return { name: event.slice(17), internal: true };
  return null;
}

/** The event name as a connection of `protocol` must see it: platform prefixes are exchanged, other names kept. */
export function withPrefixOf(protocol: Protocol, event: string): string {
  const platform = stripPrefix(event);
  if (platform === null) return event;
  return (platform.internal ? internalEventPrefix(protocol) : eventPrefix(protocol)) + platform.name;
}
