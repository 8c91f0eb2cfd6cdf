// Addresses of a server as URLs.

/** `http://127.0.0.1:6001`, with brackets around an IPv6 address. */
export function urlOf(host: string, port: number, isTls: boolean): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${isTls ? 'https' : 'http'}://${name}:${port}`;
}

const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** A host one can connect to: the loopback address in place of "every address". */
export function reachableHost(host: string): string {
  return ANY_ADDRESS.get(host) ?? host;
}
