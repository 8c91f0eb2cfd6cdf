// Signatures made with an app's secret (Pusher protocol: HMAC-SHA256, lowercase hex), compared in constant time.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { App } from './app.ts';

export function signatureOf(app: Pick<App, 'secret'>, input: string): string {
  return createHmac('sha256', app.secret).update(input).digest('hex');
}

/** Whether `auth` is `KEY:SIGNATURE` of this app for `input`; the key part counts too (divergence D18). */
export function isSignedBy(app: Pick<App, 'key' | 'secret'>, auth: string, input: string): boolean {
  const expected = Buffer.from(`${app.key}:${signatureOf(app, input)}`);
  const given = Buffer.from(auth);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
