// When a failed call is repeated and how long it waits before that. The decision is pure; `withRetries` is the loop around
// it, bounded by the number of attempts. Which calls may be repeated at all is decided where they are made.
import { SockudoRequestError } from './errors.ts';

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;

/** A server that asks for a longer pause than this gets no retry: the caller hears of it at once, with `retryAfterMs`. */
export const MAX_RETRY_AFTER_MS = 30_000;

/** How failures of one call are treated. */
export interface RetryRules {
  /** Attempts in all, at least 1. */
  readonly maxAttempts: number;
  /**
   * True: the server recognises a repetition, so every retryable failure is repeated. False: only a 429 is, since a request
   * refused by the rate limit was not carried out.
   */
  readonly isIdempotent: boolean;
}

/** What the loop takes from its surroundings; replaced in tests. */
export interface RetryClock {
  readonly wait: (ms: number) => Promise<void>;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

export const SYSTEM_CLOCK: RetryClock = {
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
};

/**
 * Milliseconds until the next attempt, or null when the failure is final. The server's `Retry-After` is kept to exactly;
 * otherwise the wait is random below a ceiling that doubles with each attempt.
 */
export function retryDelayMs(
  error: unknown,
  attempt: number,
  rules: RetryRules,
  random: () => number,
): number | null {
  if (attempt >= rules.maxAttempts) return null;
  if (!(error instanceof SockudoRequestError) || !error.isRetryable) return null;
  if (!rules.isIdempotent && error.status !== 429) return null;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs <= MAX_RETRY_AFTER_MS ? error.retryAfterMs : null;
  }
  return Math.floor(random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt));
}

/** Runs `attempt` until it succeeds, fails for good, or the attempts are used up; rejects with the last failure. */
export async function withRetries<T>(
  rules: RetryRules,
  attempt: () => Promise<T>,
  clock: RetryClock = SYSTEM_CLOCK,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delayMs = retryDelayMs(error, count, rules, clock.random);
      if (delayMs === null) throw error;
      await clock.wait(delayMs);
    }
  }
}

/** `Retry-After` in either of its forms (RFC 9110 10.2.3) as milliseconds from now; null when absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A date has a letter; without this check `Date.parse` would take "-1" for a year.
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
