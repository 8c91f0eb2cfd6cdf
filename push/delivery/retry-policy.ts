// Whether and when a push that failed is sent again (push.md section 8.6). Pure: the variation of a pause comes from its key.
import { createHash } from 'node:crypto';

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxElapsedMs: number;
  /** Share of a pause that is varied, 0 to 1. */
  readonly jitter: number;
  readonly respectsRetryAfter: boolean;
}

export interface FailedAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly elapsedMs: number;
  /** As the provider asked; absent: it did not. */
  readonly retryAfterMs?: number | undefined;
  /** Equal keys give equal pauses. */
  readonly key: string;
}

/** Pause before the next attempt in ms; null: attempts or time are used up. */
export function retryPauseMs(policy: RetryPolicy, failed: FailedAttempt): number | null {
  if (failed.attempt >= policy.maxAttempts) return null;
  const pauseMs = varied(basePauseMs(policy, failed), policy.jitter, failed.key);
  return failed.elapsedMs + pauseMs > policy.maxElapsedMs ? null : pauseMs;
}

function basePauseMs(policy: RetryPolicy, { attempt, retryAfterMs }: FailedAttempt): number {
  if (policy.respectsRetryAfter && retryAfterMs !== undefined) return retryAfterMs;
  return Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (attempt - 1));
}

/** Longer or shorter by the share at most; what is shorter than a second is kept as it is. */
function varied(pauseMs: number, jitter: number, key: string): number {
  if (jitter === 0 || pauseMs < 1000) return Math.round(pauseMs);
  const fraction = createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
  return Math.round(pauseMs * (1 + jitter * (2 * fraction - 1)));
}
