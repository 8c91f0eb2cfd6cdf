/**
 * When to try again, and what a close code says about it. Pure: attempt counts, chance and times come in as values.
 * Must not know: timers, sockets.
 * Attempts are unlimited on purpose (the first Sockudo client gave up after six): what bounds the load is the 30 s cap.
 */
import { closeCodePolicy } from '@sockudo/protocol';

/** First backoff window, milliseconds; it doubles with every attempt. */
export const BACKOFF_BASE_MS = 1_000;
/** Largest backoff window, milliseconds. */
export const BACKOFF_CAP_MS = 30_000;
/** Spread of an immediate reconnect, milliseconds: a restarting server must not get everybody back in one instant. */
export const IMMEDIATE_SPREAD_MS = 500;
/** A connection that lived this long, milliseconds, ends a series of failures. */
export const STABLE_AFTER_MS = 10_000;

/**
 * Full jitter: anywhere between 0 and min(cap, base * 2^attempt).
 * @param attempt failed attempts so far, from 0
 * @param random at least 0, below 1
 */
export const backoffDelayMs = (attempt: number, random: number): number =>
  Math.round(random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16)));

/** Delay of an immediate reconnect. */
export const immediateDelayMs = (random: number): number => Math.round(random * IMMEDIATE_SPREAD_MS);

/** What the connection does after a close. */
export type CloseAction = 'lost-retry-now' | 'lost-backoff' | 'refused';

/**
 * Pusher protocol, close codes: 4000-4099 stop, 4100-4199 backoff, 4200-4299 at once, 4300 and above stop; everything else
 * (1000, 1001, 1006, …) is an ordinary loss: backoff. 4000 means "TLS only" there; a client that was told which scheme to use
 * must not silently choose another, so it stops with an error.
 */
export function closeAction(code: number): CloseAction {
  switch (closeCodePolicy(code)) {
    case 'stop':
    case 'tls-only':
      return 'refused';
    case 'reconnect-now':
      return 'lost-retry-now';
    case 'backoff':
    case 'normal':
      return 'lost-backoff';
  }
}

/** Counts failures of one connection: which delay comes next. One instance per Connection. */
export class RetryCounter {
  #failures = 0;
  #establishedAtMs: number | undefined;

  established(nowMs: number): void {
    this.#establishedAtMs = nowMs;
  }

  /** Called once for each lost connection or failed attempt, before asking for the delay. */
  lost(nowMs: number): void {
    const wasStable = this.#establishedAtMs !== undefined && nowMs - this.#establishedAtMs >= STABLE_AFTER_MS;
    if (wasStable) this.#failures = 0;
    this.#establishedAtMs = undefined;
  }

  reset(): void {
    this.#failures = 0;
    this.#establishedAtMs = undefined;
  }

  /** Delay before the next attempt. "Now" holds for the first failure of a series; a server that keeps saying it gets backoff. */
  nextDelayMs(kind: 'retry-now' | 'retry-backoff', random: number): number {
    const attempt = this.#failures;
    this.#failures += 1;
    return kind === 'retry-now' && attempt === 0 ? immediateDelayMs(random) : backoffDelayMs(attempt, random);
  }
}
