// Who signed a request. Owns the order in which a request is refused and nothing about routes or bodies beyond their MD5.
// Sources: Pusher protocol (HTTP API authentication), the order recorded from Sockudo 5.0.1, divergences D45 and D49.
import { hash, timingSafeEqual } from 'node:crypto';
import {
  AUTH_TIMESTAMP_SKEW_SECONDS,
  canonicalRequest,
  httpError,
  type ProtocolError,
  parseSignedQuery,
  type QueryParameters,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { HttpRequest } from './exchange-types.ts';
import { createHmacSha256, type HmacSha256 } from './hmac-sha256.ts';
import type { AppDirectory } from './http-deps.ts';
import { readPlainQuery } from './plain-query.ts';

/** Secrets prepared for signing; an app record that is gone takes its own with it. */
const hmacByApp = new WeakMap<App, HmacSha256>();

/** Hex digits of a signature. */
const SIGNATURE_BYTES = 64;
const given = Buffer.alloc(SIGNATURE_BYTES);
const expected = Buffer.alloc(SIGNATURE_BYTES);

export interface SignedRequest {
  readonly app: App;
  readonly query: QueryParameters;
}

/**
 * Checks the signature of a request for one app. The first failing rule answers:
 * 400 `invalid_input` (no query, a signing parameter twice), 404 `app_not_found`, 401 `auth_failed`, 403 `forbidden` (disabled app).
 */
export function verifySignature(request: HttpRequest, appId: string, apps: AppDirectory): SignedRequest {
  if (request.query === '') throw httpError('invalid_input', 'Missing authentication query parameters');
  const plain = readPlainQuery(request.query);
  const query = plain?.parameters ?? parseSignedQuery(request.query);
  const app = apps.byKey(query.get('auth_key') ?? '');
  if (app === undefined) {
    throw httpError('app_not_found', 'Application key not found or invalid: Invalid app key');
  }
  if (app.id !== appId) throw unauthorized('Authenticated app does not match route app_id');
  checkTimestamp(query.get('auth_timestamp'));
  checkBody(request, query.get('body_md5'));
  const { method, path } = request;
  const input = plain ? `${method}\n${path}\n${plain.canonical}` : canonicalRequest(method, path, query);
  checkSignature(app, input, query.get('auth_signature'));
  if (!app.enabled) throw httpError('forbidden', 'Application is disabled');
  return { app, query };
}

function checkTimestamp(text: string | undefined): void {
  if (text === undefined) throw unauthorized('auth_timestamp is missing');
  if (!/^[+-]?\d{1,19}$/.test(text)) throw unauthorized('Invalid auth_timestamp format');
  if (Math.abs(Date.now() / 1000 - Number(text)) > AUTH_TIMESTAMP_SKEW_SECONDS) {
    throw unauthorized('Timestamp expired or too far in the future');
  }
}

function checkBody(request: HttpRequest, expectedMd5: string | undefined): void {
  if (request.method !== 'POST') {
    if (expectedMd5 !== undefined) throw unauthorized('body_md5 is only allowed on POST requests');
    return;
  }
  if (expectedMd5 === undefined) {
    if (request.body.length === 0) return;
    throw unauthorized('body_md5 is required for a request with a body');
  }
  if (expectedMd5 !== hash('md5', request.body, 'hex'))
    throw unauthorized('body_md5 does not match the body');
}

function checkSignature(app: App, input: string, signature: string | undefined): void {
  if (!isSameHex(signature ?? '', hmacOf(app)(input))) throw unauthorized('Invalid API signature');
}

/** Compares in constant time; upper-case digits do not match. */
function isSameHex(text: string, digest: string): boolean {
  if (text.length !== SIGNATURE_BYTES) return false;
  // Characters beyond ASCII take more than one byte here and so never look like a digit.
  given.write(text, 'utf8');
  expected.write(digest, 'utf8');
  return timingSafeEqual(given, expected);
}

function hmacOf(app: App): HmacSha256 {
  let hmac = hmacByApp.get(app);
  if (hmac === undefined) {
    hmac = createHmacSha256(app.secret);
    hmacByApp.set(app, hmac);
  }
  return hmac;
}

const unauthorized = (text: string): ProtocolError => httpError('auth_failed', text);
