// What a stream of appends has been given and the server has not acknowledged yet, in order. Bounded; knows neither requests
// nor retries.

export interface PendingAppend {
  readonly opId: string;
  /** The line as it is sent, newline included. */
  readonly line: string;
}

export interface AppendWindowBounds {
  readonly maxAppends: number;
  /** UTF-16 units, as `length` counts them. */
  readonly maxLength: number;
}

export class AppendWindow {
  readonly #bounds: AppendWindowBounds;
  readonly #queue: PendingAppend[] = [];
  /** Acknowledged since the beginning: the number of the queue's first append. */
  #acked = 0;
  #length = 0;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(bounds: AppendWindowBounds) {
    this.#bounds = bounds;
  }

  get isFull(): boolean {
    return this.#queue.length >= this.#bounds.maxAppends || this.#length >= this.#bounds.maxLength;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Nothing will be added any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Number of the first append that is not acknowledged. */
  get firstNumber(): number {
    return this.#acked;
  }

  add(append: PendingAppend): void {
    this.#queue.push(append);
    this.#length += append.line.length;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** False: it is not the turn of this append. */
  acknowledge(opId: string): boolean {
    const first = this.#queue[0];
    if (first?.opId !== opId) return false;
    this.#queue.shift();
    this.#length -= first.line.length;
    this.#acked += 1;
    this.#wake();
    return true;
  }

  /** The lines from this number on, and the number that comes after them. */
  linesFrom(number: number): { readonly text: string; readonly next: number } {
    const due = this.#queue.slice(Math.max(0, number - this.#acked));
    return { text: due.map(({ line }) => line).join(''), next: this.#acked + this.#queue.length };
  }

  /** Resolves at the next change, whatever it is. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets everybody who waits look again. */
  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
