// Options as a user writes them, and the configuration the SDK works with: checked once, defaults filled in. Error texts
// name the option and never its value where the value is a secret.
import { pathSegment } from './names.ts';
import { Token } from './token.ts';

/** Options of `new Sockudo(options)`. Names are those of the Pusher and Sockudo SDKs. */
export interface SockudoOptions {
  /** App id of any form; it is percent-encoded in paths. */
  readonly appId: string | number;
  readonly key: string;
  readonly secret: string;
  /** Host name or IP address without scheme, port or path. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 6001 over plain HTTP; the scheme's own port with TLS or a cluster. */
  readonly port?: number | string | undefined;
  /** Cluster name, in place of a host: `api-CLUSTER.sockudo.com`. */
  readonly cluster?: string | undefined;
  /** HTTPS. Default false. */
  readonly useTLS?: boolean | undefined;
  /** @deprecated Use `useTLS`. */
  readonly encrypted?: boolean | undefined;
  /** Wins over `useTLS`. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** Milliseconds until one attempt is given up, answer included. Default 30000. */
  readonly timeout?: number | undefined;
  /** Base64 of 32 random bytes; needed for `private-encrypted-` channels. */
  readonly encryptionMasterKeyBase64?: string | undefined;
  /** @deprecated 32 characters used as bytes. Use `encryptionMasterKeyBase64`. */
  readonly encryptionMasterKey?: string | undefined;
  /** Gives every publish an idempotency key of its own, so that a retry can't double it. Default true. */
  readonly autoIdempotencyKey?: boolean | undefined;
  /** Attempts in all for calls that are repeated on failure, the first included. Default 3; 0 and 1 turn retries off. */
  readonly maxRetries?: number | undefined;
  /** Replacement for the global `fetch`, for proxies, custom agents and tests. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Checked options. */
export interface Configuration {
  /** `scheme://host[:port]`. */
  readonly origin: string;
  /** `/apps/` and the encoded app id. */
  readonly appPath: string;
  readonly token: Token;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly autoIdempotencyKey: boolean;
  /** 32 bytes; null where no key was given. */
  readonly masterKey: Buffer | null;
  readonly fetch: typeof globalThis.fetch;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 6001;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ATTEMPTS = 3;
const MASTER_KEY_BYTES = 32;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options; throws a `TypeError` that names the first wrong one. */
export function parseOptions(options: SockudoOptions): Configuration {
  if (options === null || typeof options !== 'object') throw new TypeError('options must be an object');
  if ('agent' in options && options.agent !== undefined) {
    throw new TypeError('agent is not supported, since requests go through fetch: pass a fetch that uses it');
  }
  return {
    origin: originOf(options),
    appPath: `/apps/${pathSegment(appIdOf(options.appId), 'appId')}`,
    token: new Token(options.key, options.secret),
    timeoutMs: wholeNumber(options.timeout ?? DEFAULT_TIMEOUT_MS, 'timeout', MAX_TIMER_MS),
    maxAttempts: Math.max(1, wholeNumber(options.maxRetries ?? DEFAULT_MAX_ATTEMPTS, 'maxRetries', 100, 0)),
    autoIdempotencyKey: options.autoIdempotencyKey ?? true,
    masterKey: masterKeyOf(options),
    // Called as a plain function: a stored global fetch must not see the configuration as its `this`.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

/**
 * Options from `scheme://KEY:SECRET@HOST[:PORT]/apps/APP_ID`. Key, secret and id are percent-decoded; without a port the
 * scheme's own counts. The error text does not repeat the address, which holds the secret.
 */
export function optionsFromUrl(address: string): Pick<
  SockudoOptions,
  'scheme' | 'host' | 'appId' | 'key' | 'secret'
> & {
  readonly port: number;
} {
  const url = URL.canParse(address) ? new URL(address) : null;
  const appId = url === null ? undefined : /^\/apps\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  const scheme = url?.protocol === 'https:' ? 'https' : url?.protocol === 'http:' ? 'http' : null;
  if (url === null || appId === undefined || scheme === null || url.username === '' || url.password === '') {
    throw new TypeError('The address must have the form http(s)://KEY:SECRET@HOST[:PORT]/apps/APP_ID');
  }
  return {
    scheme,
    host: url.hostname,
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    appId: percentDecoded(appId),
    key: percentDecoded(url.username),
    secret: percentDecoded(url.password),
  };
}

/** A stray `%` in a secret stands for itself, as it does in `new URL`. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function appIdOf(appId: unknown): string {
  if (typeof appId === 'number' && Number.isFinite(appId)) return String(appId);
  if (typeof appId === 'string' && appId !== '') return appId;
  throw new TypeError('appId must be a non-empty string or a number');
}

function originOf(options: SockudoOptions): string {
  const scheme = schemeOf(options);
  const host =
    options.host ?? (options.cluster === undefined ? DEFAULT_HOST : `api-${options.cluster}.sockudo.com`);
  const isNamedCluster = options.host === undefined && options.cluster !== undefined;
  const port = options.port ?? (scheme === 'https' || isNamedCluster ? undefined : DEFAULT_PORT);
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const origin = `${scheme}://${authority}${port === undefined ? '' : `:${wholeNumber(Number(port), 'port', 65_535)}`}`;
  if (host === '' || /[/?#@\\\s]/.test(host) || !URL.canParse(origin)) {
    throw new TypeError('host must be a host name or IP address, without scheme, port or path');
  }
  return new URL(origin).origin;
}

function schemeOf(options: SockudoOptions): 'http' | 'https' {
  if (options.useTLS !== undefined && options.encrypted !== undefined) {
    throw new TypeError('useTLS and encrypted are the same option: give only useTLS');
  }
  const scheme = options.scheme ?? ((options.useTLS ?? options.encrypted) ? 'https' : 'http');
  if (scheme !== 'http' && scheme !== 'https') throw new TypeError("scheme must be 'http' or 'https'");
  return scheme;
}

function masterKeyOf(options: SockudoOptions): Buffer | null {
  const { encryptionMasterKey: raw, encryptionMasterKeyBase64: base64 } = options;
  if (raw !== undefined && base64 !== undefined) {
    throw new TypeError('Give encryptionMasterKeyBase64 only, not encryptionMasterKey as well');
  }
  if (raw === undefined && base64 === undefined) return null;
  const name = raw === undefined ? 'encryptionMasterKeyBase64' : 'encryptionMasterKey';
  const value = raw ?? base64;
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  const key = Buffer.from(value, raw === undefined ? 'base64' : 'utf8');
  // Node skips what is not base64; a key that does not encode back to what was given would silently be another key.
  if (raw === undefined && key.toString('base64').replace(/=+$/, '') !== value.replace(/=+$/, '')) {
    throw new TypeError(`${name} must be valid base64`);
  }
  if (key.length !== MASTER_KEY_BYTES) {
    throw new TypeError(`${name} must hold ${MASTER_KEY_BYTES} bytes, not ${key.length}`);
  }
  return key;
}

function wholeNumber(value: number, name: string, max: number, min = 1): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new TypeError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}
