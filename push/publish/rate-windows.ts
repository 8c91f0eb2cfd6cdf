// Counts in windows of one second, of this process: for devices and rules that may be pushed to only so often. Windows are
// forgotten together when the second is over, so what is kept is bounded by what one second brings.

const WINDOW_MS = 1000;

export class RateWindows {
  readonly #now: () => number;
  #window = 0;
  #counts = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Counts one; false: that was more than `max` in this second. */
  take(key: string, max: number): boolean {
    const window = Math.floor(this.#now() / WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#counts = new Map();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= max;
  }
}
