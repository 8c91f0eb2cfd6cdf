// Values in the order in which they become due, those of equal time in the order they were added. Pure: time is handed in.
// A sorted array: additions nearly always belong at the end, and what is due is taken from the front in one step.

interface Entry<T> {
  readonly dueAtMs: number;
  readonly value: T;
}

export class DueList<T> {
  readonly #entries: Entry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(dueAtMs: number, value: T): void {
    this.#entries.splice(this.#indexAfter(dueAtMs), 0, { dueAtMs, value });
  }

  /** Removes and returns what is due, the longest due first, at most `limit`. */
  takeDue(nowMs: number, limit = Number.POSITIVE_INFINITY): T[] {
    const count = Math.min(this.#indexAfter(nowMs), limit);
    return this.#entries.splice(0, count).map(({ value }) => value);
  }

  /** Null: empty. */
  nextDueAtMs(): number | null {
    return this.#entries[0]?.dueAtMs ?? null;
  }

  /** False when the value does not stand at this time. */
  remove(dueAtMs: number, value: T): boolean {
    for (let index = this.#indexAfter(dueAtMs) - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.dueAtMs !== dueAtMs) return false;
      if (entry.value !== value) continue;
      this.#entries.splice(index, 1);
      return true;
    }
    return false;
  }

  /** First index whose entry is due later than this. */
  #indexAfter(dueAtMs: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && entry.dueAtMs <= dueAtMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
