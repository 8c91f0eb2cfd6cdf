// A bounded map whose entries each have their own end. Full: the entry that ends first makes room (divergence D57).
// An indexed binary heap keeps the order of ends exact under overwriting and deleting, so nothing stale is ever held.
// Knows no clock of its own: callers say what time it is.

interface Slot<V> {
  readonly key: string;
  value: V;
  expiresAtMs: number;
  heapIndex: number;
}

export class ExpiringMap<V> {
  readonly #slots = new Map<string, Slot<V>>();
  readonly #heap: Slot<V>[] = [];
  readonly #maxEntries: number;

  /** @param maxEntries most entries held at once, at least 1. */
  constructor(maxEntries: number) {
    this.#maxEntries = Math.max(1, maxEntries);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** When the first entry ends, or null for an empty map. */
  get nextExpiryMs(): number | null {
    return this.#heap[0]?.expiresAtMs ?? null;
  }

  /** The value, and when it ends. An entry lives while `nowMs` is before its end. */
  get(key: string, nowMs: number): { readonly value: V; readonly expiresAtMs: number } | undefined {
    const slot = this.#slots.get(key);
    return slot !== undefined && slot.expiresAtMs > nowMs ? slot : undefined;
  }

  /** Sets or replaces; what has ended or ends first makes room. */
  set(key: string, value: V, expiresAtMs: number): void {
    const existing = this.#slots.get(key);
    if (existing !== undefined) {
      existing.value = value;
      existing.expiresAtMs = expiresAtMs;
      this.#restore(existing);
      return;
    }
    if (this.#slots.size >= this.#maxEntries) this.#dropFirst();
    const slot: Slot<V> = { key, value, expiresAtMs, heapIndex: this.#heap.length };
    this.#slots.set(key, slot);
    this.#heap.push(slot);
    this.#siftUp(slot);
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    this.#place(last, slot.heapIndex);
    this.#restore(last);
  }

  /** Removes entries that have ended, at most `limit` of them; answers how many. */
  removeExpired(nowMs: number, limit = Number.POSITIVE_INFINITY): number {
    let removed = 0;
    while (removed < limit) {
      const first = this.#heap[0];
      if (first === undefined || first.expiresAtMs > nowMs) break;
      this.#dropFirst();
      removed += 1;
    }
    return removed;
  }

  /** Removes as `removeExpired` does; answers the keys. */
  takeExpired(nowMs: number, limit: number): string[] {
    const keys: string[] = [];
    for (
      let first = this.#heap[0];
      first !== undefined && first.expiresAtMs <= nowMs;
      first = this.#heap[0]
    ) {
      if (keys.length >= limit) break;
      keys.push(first.key);
      this.#dropFirst();
    }
    return keys;
  }

  clear(): void {
    this.#slots.clear();
    this.#heap.length = 0;
  }

  #dropFirst(): void {
    const first = this.#heap[0];
    if (first !== undefined) this.delete(first.key);
  }

  #restore(slot: Slot<V>): void {
    this.#siftUp(slot);
    this.#siftDown(slot);
  }

  #place(slot: Slot<V>, index: number): void {
    slot.heapIndex = index;
    this.#heap[index] = slot;
  }

  #siftUp(slot: Slot<V>): void {
    let index = slot.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || parent.expiresAtMs <= slot.expiresAtMs) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(slot, index);
  }

  #siftDown(slot: Slot<V>): void {
    let index = slot.heapIndex;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child =
        right !== undefined && left !== undefined && right.expiresAtMs < left.expiresAtMs ? right : left;
      if (child === undefined || child.expiresAtMs >= slot.expiresAtMs) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(slot, index);
  }
}
