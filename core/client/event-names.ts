/**
 * Spelling of protocol events for one client instance: `pusher:` on protocol 7, `sockudo:` on protocol 2. The spelling belongs
 * to the instance, not to the page (divergence D87). Must not know: frames, channels, handlers.
 */
import { eventPrefix, internalEventPrefix, type Protocol, withPrefixOf } from '@sockudo/protocol';

/** As in the URL: 7 = the Pusher protocol ("V1"), 2 = Sockudo's own ("V2"). */
export type ProtocolVersion = 7 | 2;

/** Builds and recognises event names. Names given to `platform` and `internal` have no prefix. */
export interface EventNames {
  /** `pusher:NAME` or `sockudo:NAME`. */
  platform(name: string): string;
  /** `pusher_internal:NAME` or `sockudo_internal:NAME`. */
  internal(name: string): string;
  /** Own spelling of an event that arrived: either prefix becomes the instance's own, anything else stays as it is. */
  inbound(event: string): string;
  /**
   * The name under which a handler is filed. On protocol 2 handlers bound under `pusher:` names are served too, so code
   * written for pusher-js goes on working; on protocol 7 nothing is rewritten.
   */
  handlerKey(event: string): string;
  /** True for `pfx_internal:` events, which only channels see. */
  isInternal(event: string): boolean;
  /** True for `pfx:` and `pfx_internal:` events. */
  isProtocol(event: string): boolean;
}

function build(protocol: Protocol): EventNames {
  const platform = eventPrefix(protocol);
  const internal = internalEventPrefix(protocol);
  const respell = (event: string) => withPrefixOf(protocol, event);
  return {
    platform: (name) => platform + name,
    internal: (name) => internal + name,
    inbound: respell,
    handlerKey: protocol === 2 ? respell : (event) => event,
    isInternal: (event) => event.startsWith(internal),
    isProtocol: (event) => event.startsWith(platform) || event.startsWith(internal),
  };
}

const V1_NAMES = build(1);
const V2_NAMES = build(2);

/** The names of one protocol version. */
export const eventNames = (version: ProtocolVersion): EventNames => (version === 2 ? V2_NAMES : V1_NAMES);
