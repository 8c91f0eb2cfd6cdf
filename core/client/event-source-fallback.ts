/**
 * Which transport the next attempt uses: WebSocket, until it has failed to open several times in a row, then Server-Sent Events.
 * Must not know: sockets, timers.
 */
import type { WebSocketConstructor } from './runtime.ts';

export type Transport = 'ws' | 'sse';

/** WebSockets that fail to open, one after the other, before events are tried. */
export const FAILURES_BEFORE_EVENTS = 3;

export class Fallback {
  readonly #eventSocket: WebSocketConstructor;
  #failures = 0;
  #isEstablished = false;
  #current: Transport = 'ws';

  constructor(eventSocket: WebSocketConstructor) {
    this.#eventSocket = eventSocket;
  }

  /** Of the attempt under way, or of the connection. */
  get current(): Transport {
    return this.#current;
  }

  /** The class for the next attempt. */
  pick(preferred: WebSocketConstructor): WebSocketConstructor {
    this.#isEstablished = false;
    this.#current = this.#failures >= FAILURES_BEFORE_EVENTS ? 'sse' : 'ws';
    return this.#current === 'sse' ? this.#eventSocket : preferred;
  }

  established(): void {
    this.#isEstablished = true;
    if (this.#current === 'ws') this.#failures = 0;
  }

  /**
   * After events, WebSocket gets another chance: one where they worked, all where they did not. An attempt that failed without
   * a network says nothing about either transport.
   */
  ended(isOffline: boolean): void {
    if (isOffline && !this.#isEstablished) return;
    if (this.#current === 'ws') this.#failures = this.#isEstablished ? 0 : this.#failures + 1;
    else this.#failures = this.#isEstablished ? FAILURES_BEFORE_EVENTS - 1 : 0;
  }
}
