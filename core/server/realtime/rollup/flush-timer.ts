// One timer for the windows of all channels. It runs only while a window is open, and looks at all that end in the same two
// milliseconds at once. It must not be late by more: what comes at the end of a window would wait for as long, and at the pace of most
// models that is every other piece.

const TICK_MS = 2;

/** Something with an end that may be put off: it is looked at again then. */
export interface Window {
  /** By the timer's clock. */
  readonly endsAtMs: number;
  /** Called once after `endsAtMs`. */
  ended(nowMs: number): void;
}

export interface FlushTimerOptions {
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Hears what `ended` threw. */
  readonly onError: (error: unknown) => void;
}

export class FlushTimer {
  readonly #options: FlushTimerOptions;
  /** By the tick in which they end; about as many as the longest window has ticks. */
  readonly #slots = new Map<number, Window[]>();
  #timer: NodeJS.Timeout | null = null;
  /** The tick that the timer waits for. */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(options: FlushTimerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#timer !== null;
  }

  /** To be called whenever a window has got another end. */
  add(window: Window): void {
    const slot = Math.ceil(window.endsAtMs / TICK_MS);
    const windows = this.#slots.get(slot);
    if (windows === undefined) this.#slots.set(slot, [window]);
    else windows.push(window);
    if (slot < this.#wakesAt) this.#wakeAt(slot);
  }

  /** Ends everything that is due; the timer calls it, tests with their own clock do too. */
  advance(): void {
    const nowMs = this.#options.clock();
    const current = Math.floor(nowMs / TICK_MS);
    let next = Number.POSITIVE_INFINITY;
    for (const [slot, windows] of this.#slots) {
      if (slot > current) {
        next = Math.min(next, slot);
        continue;
      }
      this.#slots.delete(slot);
      for (const window of windows) if (window.endsAtMs <= nowMs) this.#end(window, nowMs);
    }
    if (this.#slots.size === 0) this.close();
    else this.#wakeAt(next);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#slots.clear();
  }

  #wakeAt(slot: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wakesAt = slot;
    const waitMs = Math.max(1, Math.ceil(slot * TICK_MS - this.#options.clock()));
    this.#timer = setTimeout(() => this.advance(), waitMs);
    this.#timer.unref();
  }

  #end(window: Window, nowMs: number): void {
    try {
      window.ended(nowMs);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
