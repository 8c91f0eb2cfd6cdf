// A map in the order of use whose longest unused value is found in constant time. A plain Map keeps that order, too, but has to
// pass over all that was moved away from its beginning each time it is asked for its first key.

export class UsageOrder<Value> {
  readonly #values = new Map<string, Value>();
  /** A live iterator: all before it is gone or moved to the end, but for `#first`. */
  #hand: MapIterator<[string, Value]> = this.#values.entries();
  #first: [string, Value] | null = null;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** Adds a value or moves it to the end. */
  use(key: string, value: Value): void {
    this.delete(key);
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (this.#first?.[0] === key) this.#first = null;
    return this.#values.delete(key);
  }

  /** The longest unused. */
  first(): [string, Value] | null {
    if (this.#first !== null || this.#values.size === 0) return this.#first;
    let next = this.#hand.next();
    if (next.done === true) {
      this.#hand = this.#values.entries();
      next = this.#hand.next();
    }
    this.#first = next.value ?? null;
    return this.#first;
  }

  /** Removes the longest unused and answers it. */
  shift(): Value | undefined {
    const first = this.first();
    if (first === null) return undefined;
    this.delete(first[0]);
    return first[1];
  }

  /** Live: goes on with what is added or moved meanwhile. */
  entries(): MapIterator<[string, Value]> {
    return this.#values.entries();
  }

  clear(): void {
    this.#values.clear();
    this.#first = null;
  }
}
