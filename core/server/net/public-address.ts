// Which IP addresses belong to the public internet. Pure; the network guard and nothing else decides by it.
import ipaddr from 'ipaddr.js';

/**
 * Public by its number and yet a cloud's own: Azure's machine agent and metadata endpoint. Those of other clouds are
 * link-local, unique local, carrier-grade NAT or reserved, and so refused by range.
 */
const CLOUD_ENDPOINTS: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * True only for globally routable unicast addresses: not loopback, private (RFC 1918), link-local with the metadata service,
 * unique local, carrier-grade NAT, multicast, reserved, documentation or tunnel ranges. An IPv4 address inside an IPv6 one
 * (mapped, or by the NAT64 prefix) is judged as that IPv4 address. What is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return isPublicIPv4(parsed);
  if (parsed.isIPv4MappedAddress()) return isPublicIPv4(parsed.toIPv4Address());
  const embedded = nat64Target(parsed);
  if (embedded !== null) return isPublicIPv4(embedded);
  // IANA has assigned global unicast from 2000::/3 only; ranges such as ::/96 have no name of their own in the library.
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST, 3);
}

const GLOBAL_UNICAST = ipaddr.IPv6.parse('2000::');
const NAT64 = ipaddr.IPv6.parse('64:ff9b::');

function isPublicIPv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && !CLOUD_ENDPOINTS.has(address.toString());
}

/** The last 32 bits under the well-known prefix 64:ff9b::/96 (RFC 6052); null for any other address. */
function nat64Target(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  return address.match(NAT64, 96) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : null;
}
