/**
 * A Runtime without a network and without real time, for unit tests: sockets are scripted, the clock moves when told to.
 * To extend: add what a test must see to FakeSocket; keep time and chance here.
 */
import type { Runtime, TextStorage, WakeListeners, WebSocketConstructor, WebSocketLike } from '../runtime.ts';

interface Timer {
  readonly dueAtMs: number;
  readonly callback: () => void;
}

/** A socket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly url: string;
  /** Frames the client sent, parsed, oldest first. */
  readonly sent: { event: string; data: unknown; channel?: string }[] = [];
  isClosedByClient = false;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosedByClient = true;
  }

  /** The server says something. Objects are sent as JSON. */
  receive(frame: object | string): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  /** The server's first frame. */
  establish(options: { socketId?: string; activityTimeout?: number; prefix?: string } = {}): void {
    const { socketId = '1.1', activityTimeout = 120, prefix = 'pusher' } = options;
    const data = JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeout });
    this.receive({ event: `${prefix}:connection_established`, data });
  }

  /** The server or the network ends it. */
  drop(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }

  /** Data of the frames of one event that the client sent. */
  sentData(event: string): unknown[] {
    return this.sent.filter((frame) => frame.event === event).map((frame) => frame.data);
  }
}

export interface FakeFetch {
  readonly url: string;
  readonly init: RequestInit;
  answer(status: number, body: unknown): void;
  fail(message: string): void;
}

export class FakeRuntime implements Runtime {
  /** Sockets the client opened, oldest first. */
  readonly sockets: FakeSocket[] = [];
  /** Requests the client made, oldest first. */
  readonly requests: FakeFetch[] = [];
  /** Exceptions of handlers. */
  readonly reported: unknown[] = [];
  readonly lines: string[] = [];
  /** Present while the client watches. */
  wakeListeners: WakeListeners | undefined;
  /** Present while the client watches whether the page goes away. */
  hideListener: (() => void) | undefined;
  /** Of a page; undefined: there is none. */
  isVisible: boolean | undefined;
  /** Present while the client watches whether the page can be seen. */
  visibilityListener: ((isVisible: boolean) => void) | undefined;
  /** Undefined: there is no storage. */
  sessionStorage: TextStorage | undefined;
  /** What `random` gives: by default the middle, so that jitter halves every delay. */
  chance = 0.5;
  isSecure = false;
  /** What the browser believes of the network. */
  isNetworkGone = false;
  WebSocket: WebSocketConstructor | undefined;

  #nowMs = 1_770_000_000_000;
  readonly #timers = new Set<Timer>();

  constructor() {
    const { sockets } = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
  }

  /** The latest socket. */
  get socket(): FakeSocket {
    const latest = this.sockets.at(-1);
    if (latest === undefined) throw new Error('no socket was opened');
    return latest;
  }

  fetch(url: string, init: RequestInit): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.requests.push({
        url,
        init,
        answer: (status, body) =>
          resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })),
        fail: (message) => reject(new Error(message)),
      });
    });
  }

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { dueAtMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    // CAST: only handles of setTimer are in the set; others are simply not found.
    this.#timers.delete(timer as Timer);
  }

  /** Timers still running. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Lets time pass; due timers run in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#timers]
        .filter((t) => t.dueAtMs <= untilMs)
        .sort((a, b) => a.dueAtMs - b.dueAtMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  isSecurePage(): boolean {
    return this.isSecure;
  }

  isOffline(): boolean {
    return this.isNetworkGone;
  }

  watchWake(listeners: WakeListeners): () => void {
    this.wakeListeners = listeners;
    return () => {
      this.wakeListeners = undefined;
    };
  }

  watchVisibility(listener: (isVisible: boolean) => void): () => void {
    this.visibilityListener = listener;
    if (this.isVisible !== undefined) listener(this.isVisible);
    return () => {
      this.visibilityListener = undefined;
    };
  }

  watchHide(listener: () => void): () => void {
    this.hideListener = listener;
    return () => {
      this.hideListener = undefined;
    };
  }

  // Bound: the client hands this method on by itself.
  readonly report = (error: unknown): void => {
    this.reported.push(error);
  };

  print(_level: string, line: string): void {
    this.lines.push(line);
  }
}

/** Lets everything run that waits for settled promises only. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
