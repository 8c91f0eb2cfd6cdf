// What APNs' statuses and reasons come to (push.md section 8.4).
import type { SendResult } from '../contracts.ts';
import type { Answer } from './exchange.ts';
import { accepted, again, gone, jsonOf, rejected, statusReason } from './results.ts';

/** The device and the topic, or the certificate, do not belong together: the operator's mistake, no fault of the device. */
const TOPIC_REASONS: ReadonlySet<string> = new Set([
  'BadCertificateEnvironment',
  'BadTopic',
  'DeviceTokenNotForTopic',
  'TopicDisallowed',
]);

export function isTokenExpired(answer: Answer): boolean {
  return answer.status === 403 && reasonOf(answer) === 'ExpiredProviderToken';
}

/** First match wins. */
export function apnsResult(answer: Answer): SendResult {
  const { status } = answer;
  const reason = reasonOf(answer);
  if (status >= 200 && status < 300) return accepted(answer.header('apns-id'));
  if (status === 410 || (status === 400 && reason === 'BadDeviceToken')) return gone(reason);
  if (status === 413) return { kind: 'too-large' };
  if (status === 400)
    return rejected(TOPIC_REASONS.has(reason) ? 'credential_auth' : 'caller_payload', reason);
  if (status === 403) {
    // Another token may be used soon.
    const passes = reason === 'ExpiredProviderToken' || reason === 'TooManyProviderTokenUpdates';
    return passes ? again('credential_auth', reason, answer) : rejected('credential_auth', reason);
  }
  if (status === 429) return again('provider_quota', reason, answer);
  if (status === 500 || status === 503) return again('provider_transient', reason, answer);
  return rejected('unknown', reason);
}

function reasonOf(answer: Answer): string {
  const { reason } = jsonOf(answer);
  return typeof reason === 'string' && reason !== '' ? reason : statusReason(answer);
}
