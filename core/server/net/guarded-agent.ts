// An undici Agent for addresses that users choose (webhooks, push endpoints): the address that a host name resolved to is
// checked when the socket is opened, so that neither a literal address nor a name that changes its mind reaches the inside of
// the operator's network. Knows nothing of what is sent.
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';

/** Resolves a host name to all of its addresses. */
export type Resolve = (
  hostname: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface GuardedAgentOptions {
  /** True: every address may be reached. */
  readonly allowPrivateNetworks: boolean;
  /** Time for opening a connection, TLS included; default 10000. */
  readonly connectTimeoutMs?: number;
  /** Offers HTTP/2 over TLS; default false. */
  readonly http2?: boolean;
  /** Connections to one origin at most; default: as many as there are requests at once. */
  readonly maxConnections?: number;
  /** In place of the system's resolver, for tests. */
  readonly resolve?: Resolve;
}

/** The host is, or resolved only to, addresses that must not be reached. The text names the host, which the operator configured. */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress';

  constructor(hostname: string) {
    super(`'${hostname}' is not a public address, and private networks are not allowed`);
  }
}

/** The caller closes or destroys it. Redirects are not followed unless an interceptor is added, and then pass the guard too. */
export function createGuardedAgent(options: GuardedAgentOptions): Agent {
  const timeout = options.connectTimeoutMs ?? 10_000;
  const { http2: allowH2 = false, maxConnections: connections = null } = options;
  if (options.allowPrivateNetworks) return new Agent({ connect: { timeout, allowH2 }, allowH2, connections });
  const open = buildConnector({ timeout, allowH2, lookup: guardLookup(options.resolve ?? resolveAll) });
  return new Agent({
    allowH2,
    connections,
    connect: (target, callback) => {
      // A literal address never comes to the lookup.
      if (isBlockedLiteral(target.hostname)) callback(new BlockedAddress(target.hostname), null);
      else open(target, callback);
    },
  });
}

/** The host of a URL is an address, and none that may be reached. */
export function isBlockedLiteral(host: string): boolean {
  const hostname = host.replace(/^\[|\]$/g, '');
  return isIP(hostname) !== 0 && !isPublicAddress(hostname);
}

export function resolveAll(...[hostname, options, callback]: Parameters<Resolve>): void {
  systemLookup(hostname, { ...options, all: true }, callback);
}

/** A socket's `lookup` (`resolveAll` asks the system) that leaves it only public addresses; it connects to nothing else. */
export function guardLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (first === undefined) return callback(new BlockedAddress(hostname), '');
      if (options.all === true) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}
