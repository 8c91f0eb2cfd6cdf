// The query string that authenticates a request (http.md 1.1): what is signed uses lowercase, sorted names and the decoded
// values; what is sent is percent-encoded. Pure but for the clock, which callers may pass in.
import { createHash } from 'node:crypto';
import { canonicalRequest } from '@sockudo/protocol';
import type { Token } from './token.ts';

/** A query parameter; undefined and null leave the parameter out. */
export type QueryValue = string | number | boolean | null | undefined;

/** Parameters besides those that authenticate. */
export type QueryParams = Readonly<Record<string, QueryValue>>;

/** What `createSignedQueryString` signs. */
export interface SignedQueryRequest {
  /** HTTP method in any case. */
  readonly method: string;
  /** The path exactly as it will be sent, percent-encoded, `/apps/APP_ID/…`, without a query. */
  readonly path: string;
  /** The body exactly as it will be sent. Only a POST has one; absent means empty. */
  readonly body?: string | undefined;
  readonly params?: QueryParams | undefined;
}

/** Names only the SDK may set. */
export const RESERVED_PARAMS: ReadonlySet<string> = new Set([
  'auth_key',
  'auth_timestamp',
  'auth_version',
  'auth_signature',
  'body_md5',
]);

/** True for the parameters that this module adds; used to show an address without them. */
export function isAuthParam(name: string): boolean {
  return RESERVED_PARAMS.has(name.toLowerCase());
}

/**
 * The full query string, signature last. Every POST carries `body_md5`, also an empty one: Sockudo 5.0.1 asks for it.
 * Throws when `params` holds a reserved name or two names that differ only in case.
 */
export function createSignedQuery(token: Token, request: SignedQueryRequest, nowMs = Date.now()): string {
  const method = request.method.toUpperCase();
  const sent: string[] = [];
  const signed = new Map<string, string>();
  const put = (name: string, value: string) => {
    sent.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    signed.set(name.toLowerCase(), value);
  };
  put('auth_key', token.key);
  put('auth_timestamp', String(Math.floor(nowMs / 1000)));
  put('auth_version', '1.0');
  if (method === 'POST') put('body_md5', md5(request.body ?? ''));

  for (const [name, value] of Object.entries(request.params ?? {})) {
    if (value === undefined || value === null) continue;
    if (isAuthParam(name)) throw new TypeError(`Parameter '${name}' is set by the SDK and can't be given`);
    if (signed.has(name.toLowerCase())) throw new TypeError(`Parameter '${name}' is given twice`);
    put(name, String(value));
  }
  return `${sent.join('&')}&auth_signature=${token.sign(canonicalRequest(method, request.path, signed))}`;
}

function md5(body: string): string {
  return createHash('md5').update(body, 'utf8').digest('hex');
}
