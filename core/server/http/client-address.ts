// Whose request it is, for rate limits. Headers of proxies are believed only as far as the operator says (divergence D60).
import { isIP } from 'node:net';

/** Every client without an address (Unix sockets) shares this one. */
export const UNKNOWN_ADDRESS = 'unknown_ip';

/** What a request or an upgrade tells about who sent it. */
export interface LimitedClient {
  /** Address of the socket's other end. */
  readonly peerAddress: string;
  /** Value of a header by lower-case name. */
  header(name: string): string | undefined;
}

/**
 * The client's address: with `trustHops` n > 0 the n-th entry of `X-Forwarded-For` from the right, else `X-Real-IP`; with 0, or when
 * neither holds an address, the socket's peer.
 */
export function clientAddress(trustHops: number, client: LimitedClient): string {
  if (trustHops > 0) {
    const entries = client.header('x-forwarded-for')?.split(',') ?? [];
    const forwarded = entries[entries.length - trustHops]?.trim() ?? '';
    if (isIP(forwarded) !== 0) return withoutMapping(forwarded);
    const real = client.header('x-real-ip')?.trim() ?? '';
    if (isIP(real) !== 0) return withoutMapping(real);
  }
  return withoutMapping(client.peerAddress);
}

/** Whether a proxy seems to stand in front: worth a word to an operator whose `trust_hops` is 0. */
export function hasProxyHeaders(client: LimitedClient): boolean {
  return client.header('x-forwarded-for') !== undefined || client.header('x-real-ip') !== undefined;
}

/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
