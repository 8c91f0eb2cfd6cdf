/** Asking again what may succeed later: a bounded number of times, with growing pauses, and as late as the other side wishes. */

export const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A wish for a longer pause than this ends the attempts: nobody waits so long for an answer. */
const LONGEST_WISH_MS = 60_000;

export interface Waiting {
  /** At least 0, below 1. */
  random(): number;
  sleep(ms: number): Promise<void>;
}

export const realWaiting: Waiting = {
  random: () => Math.random(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** What an attempt came to. */
export type Attempt<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'again'; readonly error: Error; readonly afterMs?: number | undefined };

/** The value, or a rejection with the error of the last attempt. */
export async function retried<Value>(
  { random, sleep }: Waiting,
  attempt: () => Promise<Attempt<Value>>,
): Promise<Value> {
  for (let failures = 1; ; failures += 1) {
    const outcome = await attempt();
    if (outcome.kind === 'done') return outcome.value;
    const afterMs = outcome.kind === 'again' ? (outcome.afterMs ?? 0) : 0;
    if (outcome.kind === 'failed' || failures === MOST_ATTEMPTS || afterMs > LONGEST_WISH_MS) {
      throw outcome.error;
    }
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    await sleep(Math.max(afterMs, Math.round(ceiling * (0.5 + random() / 2))));
  }
}
