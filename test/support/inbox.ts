// What arrived and was not asked for yet. Tests wait for an item, never for a time: a wait ends when the item comes or when
// the source has ended, and then it fails with what did arrive.

interface Waiting<Item> {
  readonly matches: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
  readonly reject: (error: Error) => void;
}

export class Inbox<Item> {
  /** Everything that ever arrived, in order. */
  readonly all: Item[] = [];
  readonly #untaken: Item[] = [];
  readonly #waiting = new Set<Waiting<Item>>();
  #ended: string | null = null;

  push(item: Item): void {
    this.all.push(item);
    for (const waiting of this.#waiting) {
      if (!waiting.matches(item)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(item);
      return;
    }
    this.#untaken.push(item);
  }

  /** The first item that matches and was not taken before; what does not match stays for others. */
  next(matches: (item: Item) => boolean = () => true): Promise<Item> {
    const index = this.#untaken.findIndex(matches);
    const [found] = index === -1 ? [] : this.#untaken.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#ended !== null) return Promise.reject(this.#failure(this.#ended));
    return new Promise((resolve, reject) => {
      this.#waiting.add({ matches, resolve, reject });
    });
  }

  async take(count: number, matches?: (item: Item) => boolean): Promise<Item[]> {
    const taken: Item[] = [];
    while (taken.length < count) taken.push(await this.next(matches));
    return taken;
  }

  /** Nothing more will come. */
  end(reason: string): void {
    this.#ended ??= reason;
    for (const waiting of this.#waiting) waiting.reject(this.#failure(reason));
    this.#waiting.clear();
  }

  #failure(reason: string): Error {
    const last = this.all.slice(-5).map((item) => JSON.stringify(item));
    return new Error(`${reason}; the last of ${this.all.length} items: ${last.join(' ')}`);
  }
}
