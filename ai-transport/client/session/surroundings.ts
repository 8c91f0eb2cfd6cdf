/** What a session needs of where it runs: timers, chance, and notices that page or network are back. Tests bring their own. */

export interface Surroundings {
  setTimer(callback: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
  /** At least 0, below 1. */
  random(): number;
  /** Calls when the page is visible again, came back from the back-forward cache, or the network is there; the answer stops it. */
  watchWake(wake: () => void): () => void;
}

interface Scope {
  document?: EventTarget & { visibilityState?: string };
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
}

// CAST: which globals exist differs by runtime; each is looked at before use.
const scope = globalThis as unknown as Scope;

function watchWake(wake: () => void): () => void {
  const { document } = scope;
  if (typeof scope.addEventListener !== 'function') return () => {};
  const visible = () => {
    if (document?.visibilityState === 'visible') wake();
  };
  scope.addEventListener('online', wake);
  scope.addEventListener('pageshow', wake);
  document?.addEventListener('visibilitychange', visible);
  return () => {
    scope.removeEventListener?.('online', wake);
    scope.removeEventListener?.('pageshow', wake);
    document?.removeEventListener('visibilitychange', visible);
  };
}

export const defaultSurroundings: Surroundings = {
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  // CAST: the handle came from setTimer above.
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
  watchWake,
};
