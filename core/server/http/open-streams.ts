// The long answers that are under way on the main port: a sign of life on each, so that no proxy takes them for dead, and an
// end to all of them when the server stops. What they carry is not known here.
import type { Writable } from 'node:stream';

/** Below the idle time of the usual proxies (60 s) and of browsers. */
const BEAT_INTERVAL_MS = 15_000;

export interface OpenStreamsOptions {
  readonly beatIntervalMs?: number;
}

interface OpenStream {
  readonly output: Writable;
  readonly beat: string;
  readonly controller: AbortController;
}

export class OpenStreams {
  readonly #streams = new Set<OpenStream>();
  readonly #timer: NodeJS.Timeout;

  constructor({ beatIntervalMs = BEAT_INTERVAL_MS }: OpenStreamsOptions = {}) {
    this.#timer = setInterval(() => this.#beat(), beatIntervalMs);
    this.#timer.unref();
  }

  get size(): number {
    return this.#streams.size;
  }

  /** `beat`: text that the other end ignores. The signal fires when the stream has to come to its end. */
  add(output: Writable, beat: string): { readonly ending: AbortSignal; remove(): void } {
    const stream: OpenStream = { output, beat, controller: new AbortController() };
    this.#streams.add(stream);
    return {
      ending: stream.controller.signal,
      remove: () => void this.#streams.delete(stream),
    };
  }

  /** Asks all streams to end; each ends when what it has taken on is settled. */
  drain(): void {
    for (const { controller } of this.#streams) controller.abort();
  }

  close(): void {
    clearInterval(this.#timer);
    this.drain();
  }

  /** A stream that is being written to, or can't be, needs none. */
  #beat(): void {
    for (const { output, beat } of this.#streams) {
      if (!output.writableNeedDrain && !output.destroyed && !output.writableEnded) output.write(beat);
    }
  }
}
