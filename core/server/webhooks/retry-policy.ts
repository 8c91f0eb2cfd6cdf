// When a webhook that failed is sent again (http.md 11.4): which failures pass, and how long to wait. Pure.
import type { WebhookRetry } from '../apps/app.ts';

/** Statuses besides 5xx after which the same request may succeed. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** How a status is taken. A redirect is not followed, so it is as final as any other refusal. */
export function verdictOf(status: number): 'delivered' | 'retry' | 'refused' {
  if (status >= 200 && status < 300) return 'delivered';
  return status >= 500 || PASSING_STATUSES.has(status) ? 'retry' : 'refused';
}

/**
 * Pause before the next attempt, or null when the delivery is given up: retries are off, the attempts are used up, or the pause
 * would end after the time that the policy allows. `attempt` is the one that just failed, from 1.
 */
export function retryPauseMs(
  policy: WebhookRetry,
  failed: { readonly attempt: number; readonly elapsedMs: number },
): number | null {
  if (!policy.enabled) return null;
  if (policy.maxAttempts !== null && failed.attempt >= policy.maxAttempts) return null;
  const pauseMs = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (failed.attempt - 1));
  return failed.elapsedMs + pauseMs > policy.maxElapsedMs ? null : pauseMs;
}
