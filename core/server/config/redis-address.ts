// Where Redis is, from the single settings of `database.redis` or from a URL, which wins. A URL is a secret: faults do not show it.
import type { RedisPlace } from '../settings.ts';
import type { ServerConfig } from './schema.ts';

type RedisConfig = ServerConfig['database']['redis'];

const PROTOCOLS: readonly string[] = ['redis:', 'rediss:'];

/** Why a URL cannot be used; null: it can. */
export function redisUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !PROTOCOLS.includes(url.protocol) || url.hostname === '') {
    return 'must be an address such as redis://user:password@host:6379/0';
  }
  return /^\/?\d*$/.test(url.pathname)
    ? null
    : 'must end with the number of a database, as in redis://host:6379/0';
}

/** @param text the URL; absent, or one with a fault: the single settings */
export function redisAddress(config: RedisConfig, text: string | undefined): RedisPlace {
  const url = text === undefined || redisUrlFault(text) !== null ? null : URL.parse(text);
  const tls = tlsOf(config);
  if (url === null) {
    const { host, port, db, username, password } = config;
    return { host, port, db, ...credentials(username, password), tls };
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...credentials(decodeURIComponent(url.username), decodeURIComponent(url.password)),
    tls: url.protocol === 'rediss:' ? (tls ?? { acceptsAnyCertificate: false }) : tls,
  };
}

/** Empty texts count as not given. */
function credentials(username: string | undefined, password: string | undefined) {
  return { ...(username && { username }), ...(password && { password }) };
}

function tlsOf({ master_tls: tls }: RedisConfig): RedisPlace['tls'] {
  if (tls?.enabled !== true) return null;
  return {
    acceptsAnyCertificate: tls.accept_invalid_certs ?? tls.acceptInvalidCerts ?? false,
    ...(tls.ca_path !== undefined && { caPath: tls.ca_path }),
    ...(tls.client_cert_path !== undefined && { certPath: tls.client_cert_path }),
    ...(tls.client_key_path !== undefined && { keyPath: tls.client_key_path }),
  };
}
