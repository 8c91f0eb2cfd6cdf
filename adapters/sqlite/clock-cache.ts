// A map with a hand that goes round it to find whom to forget: whoever was looked at since the hand's last visit stays (CLOCK, the
// second-chance form of "least recently used"). A look costs a flag, not a new place in the order; and the hand remembers
// where it stands, because a map's first key is slow to find after many removals.

export interface Clocked {
  /** Looked at since the last visit of the hand. */
  isUsed: boolean;
}

export class ClockCache<Value extends Clocked> {
  readonly #values = new Map<string, Value>();
  /** A live iterator: it sees what is added while it goes round. */
  #hand: MapIterator<[string, Value]> = this.#values.entries();

  get size(): number {
    return this.#values.size;
  }

  entries(): Iterable<[string, Value]> {
    return this.#values;
  }

  /** Marks the value as used. */
  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) value.isUsed = true;
    return value;
  }

  /** As `get`, but leaves no mark. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }

  /** Forgets the next value that was not used and `canGo`; undefined where none of the next `looks` is such. */
  forgetOne(looks: number, canGo: (value: Value) => boolean = () => true): Value | undefined {
    for (let left = looks; left > 0 && this.#values.size > 0; left -= 1) {
      const [key, value] = this.#visit() ?? [];
      if (key === undefined || value === undefined) return undefined;
      if (!value.isUsed && canGo(value)) {
        this.#values.delete(key);
        return value;
      }
      value.isUsed = false;
    }
    return undefined;
  }

  #visit(): [string, Value] | undefined {
    const next = this.#hand.next();
    if (next.done !== true) return next.value;
    this.#hand = this.#values.entries();
    return this.#hand.next().value;
  }
}
