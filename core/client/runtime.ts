/**
 * Everything the client needs from its surroundings, in one place: sockets, HTTP, clock, chance, page and network notices.
 * Browsers, workers and Node 24 differ here and nowhere else. No Node built-in module is imported.
 * Tests hand in their own Runtime.
 */

/**
 * The part of the standard WebSocket the client uses. Handlers are set as properties, which every implementation has; their
 * parameter is `never` so that each implementation's own event types fit.
 */
export interface WebSocketLike {
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The global `WebSocket`, or `WebSocket` of the npm package `ws`. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** The part of the standard Storage that the client uses. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
}

/** A pending timer; only its Runtime looks inside. */
export type TimerHandle = unknown;

/** What may have changed about the network or the page. */
export interface WakeListeners {
  /** The browser believes it has a network again. */
  online(): void;
  /** The browser believes it has none. */
  offline(): void;
  /** The page is visible again or came back from the back-forward cache: timers may have slept. */
  wake(): void;
}

export interface Runtime {
  /** Absent: this runtime has no sockets, the client goes to `failed`. */
  readonly WebSocket: WebSocketConstructor | undefined;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  setTimer(callback: () => void, delayMs: number): TimerHandle;
  clearTimer(timer: TimerHandle): void;
  /** True on pages and workers loaded over https: those may only open wss. */
  isSecurePage(): boolean;
  /** True where the browser believes that it has no network; it may be wrong (VPN, localhost). False where nobody knows (Node). */
  isOffline(): boolean;
  /** Starts watching; the answer stops it. Does nothing where such notices do not exist (Node). */
  watchWake(listeners: WakeListeners): () => void;
  /** Calls when the page is hidden or goes away, which may be the last that it does; the answer stops it. Nothing in Node. */
  watchHide(listener: () => void): () => void;
  /** Calls at once with whether the page can be seen, and when that changes; the answer stops it. Nothing where there is no page. */
  watchVisibility(listener: (isVisible: boolean) => void): () => void;
  /** The tab's own storage; undefined where there is none or where it may not be used. */
  readonly sessionStorage: TextStorage | undefined;
  /** Makes an exception of the application's handler visible without breaking the client. */
  report(error: unknown): void;
  /** One line of the log; `level` is the console's method. */
  print(level: 'log' | 'warn' | 'error', line: string): void;
}

/** The parts of a global scope that may or may not exist. */
interface Scope {
  WebSocket?: WebSocketConstructor;
  location?: { protocol?: string };
  navigator?: { onLine?: boolean };
  document?: EventTarget & { visibilityState?: string };
  sessionStorage?: TextStorage;
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
}

// CAST: which globals exist differs by runtime; each is looked at before use.
const scope = globalThis as unknown as Scope;

function watchWake(listeners: WakeListeners): () => void {
  const { document } = scope;
  if (typeof scope.addEventListener !== 'function') return () => {};
  const visible = () => {
    if (document?.visibilityState === 'visible') listeners.wake();
  };
  const shown = (event: Event) => {
    // Only a page that comes back from the back-forward cache; the first pageshow follows every load.
    if ('persisted' in event && event.persisted === true) listeners.wake();
  };
  scope.addEventListener('online', listeners.online);
  scope.addEventListener('offline', listeners.offline);
  scope.addEventListener('pageshow', shown);
  document?.addEventListener('visibilitychange', visible);
  return () => {
    scope.removeEventListener?.('online', listeners.online);
    scope.removeEventListener?.('offline', listeners.offline);
    scope.removeEventListener?.('pageshow', shown);
    document?.removeEventListener('visibilitychange', visible);
  };
}

function watchHide(listener: () => void): () => void {
  const { document } = scope;
  if (typeof scope.addEventListener !== 'function') return () => {};
  // On phones a hidden page is often ended without another word.
  const hidden = () => {
    if (document?.visibilityState === 'hidden') listener();
  };
  scope.addEventListener('pagehide', listener);
  document?.addEventListener('visibilitychange', hidden);
  return () => {
    scope.removeEventListener?.('pagehide', listener);
    document?.removeEventListener('visibilitychange', hidden);
  };
}

function watchVisibility(listener: (isVisible: boolean) => void): () => void {
  const { document } = scope;
  if (document?.visibilityState === undefined) return () => {};
  const tell = () => listener(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', tell);
  tell();
  return () => document.removeEventListener('visibilitychange', tell);
}

/** The Runtime of wherever this code runs. Globals are read at use, so that polyfills may come later. */
export const defaultRuntime: Runtime = {
  get WebSocket() {
    return scope.WebSocket;
  },
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  // CAST: the handle came from setTimer above.
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  isSecurePage: () => scope.location?.protocol === 'https:',
  isOffline: () => scope.navigator?.onLine === false,
  watchWake,
  watchHide,
  watchVisibility,
  get sessionStorage() {
    try {
      return scope.sessionStorage;
    } catch {
      // Browsers throw where storage is forbidden; then there is none.
      return undefined;
    }
  },
  report: (error) => {
    queueMicrotask(() => {
      throw error;
    });
  },
  print: (level, line) => console[level](line),
};
