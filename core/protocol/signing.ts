/**
 * The texts that are signed. Computing the HMAC is the caller's business (node:crypto or WebCrypto), so this stays pure.
 * Sources: Pusher protocol (authentication signatures, HTTP request signing), Sockudo 5.0.1 canonical query rules.
 */
import { httpError } from './errors.ts';
import { compareUtf8 } from './text.ts';

/** `SOCKET_ID:CHANNEL`, with `:CHANNEL_DATA` (exactly as sent) for presence. */
export const channelSignatureInput = (socketId: string, channel: string, channelData?: string): string =>
  channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;

/** `SOCKET_ID::user::USER_DATA`. */
export const userSignatureInput = (socketId: string, userData: string): string =>
  `${socketId}::user::${userData}`;

/** True for `digits.digits`. */
export const isSocketId = (text: string): boolean => /^\d+\.\d+$/.test(text);

/** Query parameters of the signature itself; given twice they make a request ambiguous. */
const AUTH_PARAMETERS: ReadonlySet<string> = new Set([
  'auth_key',
  'auth_timestamp',
  'auth_version',
  'auth_signature',
  'body_md5',
]);

/** A parsed query string: lower-cased names, decoded values, the last of a repeated name. */
export type QueryParameters = ReadonlyMap<string, string>;

/**
 * Parses a raw query string (without `?`) by the form-urlencoded rules and lower-cases the names.
 * @throws ProtocolError 400 `invalid_input` when a signing parameter is given twice.
 */
export function parseSignedQuery(query: string): QueryParameters {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeFormComponent(equals === -1 ? pair : pair.slice(0, equals)).toLowerCase();
    if (parameters.has(name) && AUTH_PARAMETERS.has(name)) {
      throw httpError('invalid_input', `Duplicate query parameter '${name}'`);
    }
    parameters.set(name, equals === -1 ? '' : decodeFormComponent(pair.slice(equals + 1)));
  }
  return parameters;
}

/** `METHOD\nPATH\nQUERY` from parameters that are already parsed. */
export function canonicalRequest(method: string, path: string, parameters: QueryParameters): string {
  const names: string[] = [];
  for (const name of parameters.keys()) if (name !== 'auth_signature') names.push(name);
  names.sort(compareUtf8);
  let query = '';
  for (const name of names) query += `${query === '' ? '' : '&'}${name}=${parameters.get(name) ?? ''}`;
  return `${method.toUpperCase()}\n${withoutTrailingSlash(path)}\n${query}`;
}

/**
 * The text an HTTP request's signature covers. `path` is the raw path (not decoded), `query` the raw query string.
 * @throws ProtocolError 400 `invalid_input` when a signing parameter is given twice.
 */
export const httpSignatureInput = (method: string, path: string, query: string): string =>
  canonicalRequest(method, path, parseSignedQuery(query.startsWith('?') ? query.slice(1) : query));

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;

function decodeFormComponent(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not valid percent-encoded UTF-8: the form rules keep what cannot be decoded instead of failing.
    return decodeLeniently(spaced);
  }
}

/** Percent-decodes bytes and reads them as UTF-8 with replacement characters; a stray `%` stays as it is. */
function decodeLeniently(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
    return new TextDecoder().decode(bytes);
  });
}
