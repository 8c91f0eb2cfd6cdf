// Carries a connection over the answer to a GET: what a WebSocket does with Close and Ping, an event stream does with a last
// event and its end. Nothing ever comes in.
import type { Writable } from 'node:stream';
import type { Carrier } from '../realtime/carrier.ts';

/** How long a reader has to take what is left after the last event. */
const END_TIMEOUT_MS = 10_000;

/** Coming back unchanged is of use after 4100-4299 and WebSocket's own codes only (Pusher protocol, close codes). */
const isFinal = (code: number): boolean => (code >= 4000 && code < 4100) || code >= 4300;

/** When a browser comes back by itself: at once after 4200-4299, seldom where it is of no use, since it can't be told not to. */
function retryMs(code: number): number {
  if (isFinal(code)) return 60_000;
  return code >= 4200 ? 100 : 2_000;
}

export class EventCarrier implements Carrier {
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
  }

  close(code: number, reason: string): void {
    const output = this.#output;
    if (output.destroyed || output.writableEnded) return;
    const data = JSON.stringify({ code, reason, reconnect: !isFinal(code) });
    output.end(`retry: ${retryMs(code)}\nevent: sockudo:close\ndata: ${data}\n\n`);
    const timer = setTimeout(() => output.destroy(), END_TIMEOUT_MS);
    timer.unref();
    output.once('close', () => clearTimeout(timer));
  }

  terminate(): void {
    this.#output.destroy();
  }

  // Signs of life go out for all streams at once (http/open-streams.ts), and there is nothing to hold back.
  ping(): void {}
  pause(): void {}
  resume(): void {}
}
