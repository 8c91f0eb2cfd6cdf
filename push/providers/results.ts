// What answers of providers come to, in few words. The tables of the single providers are made of these (push.md section 8.4).
import type { FailureClass, SendResult } from '../contracts.ts';
import type { Answer } from './exchange.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Longer words of a provider are cut. */
const MAX_REASON = 100;

export function accepted(providerMessageId: string | undefined): SendResult {
  return providerMessageId === undefined || providerMessageId === ''
    ? { kind: 'accepted' }
    : { kind: 'accepted', providerMessageId: providerMessageId.slice(0, 512) };
}

/** The provider says that this recipient is gone. */
export function gone(reason: string): SendResult {
  return { kind: 'rejected', failureClass: 'device_terminal', reason: wordOf(reason), removesDevice: true };
}

export function rejected(failureClass: FailureClass, reason: string): SendResult {
  return { kind: 'rejected', failureClass, reason: wordOf(reason) };
}

export function again(failureClass: FailureClass, reason: string, answer?: Answer): SendResult {
  const retryAfterMs = parseRetryAfter(answer?.header('retry-after'), Date.now());
  const result = { kind: 'retry', failureClass, reason: wordOf(reason) } as const;
  return retryAfterMs === undefined ? result : { ...result, retryAfterMs };
}

export function statusReason({ status }: Pick<Answer, 'status'>): string {
  return `provider status ${status}`;
}

/** What nearly all providers mean by these statuses; null: it is for the provider to say. */
export function commonResult(answer: Answer): SendResult | null {
  const { status } = answer;
  if (status === 413) return { kind: 'too-large' };
  if (status === 401 || status === 403) return rejected('credential_auth', statusReason(answer));
  if (status === 429) return again('provider_quota', statusReason(answer), answer);
  if (status >= 500) return again('provider_transient', statusReason(answer), answer);
  return null;
}

/** The body as an object, or an empty one. */
export function jsonOf({ text }: Answer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    // CAST: a non-null object that is no array has members by name.
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** A provider's word, or a text made safe: reasons are shown to operators, and a long or strange one may quote a token. */
function wordOf(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, ' ').slice(0, MAX_REASON);
}
