// Writes of one kind: what comes while the last one is under way goes into the next one together. In the order of the calls.
import { isConnectionLost } from './session.ts';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class GroupedWrites<Item> {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  readonly #maxItems: number;
  #waiting: Waiting<Item>[] = [];
  #running: Promise<void> | null = null;

  /**
   * @param write all of them or none; may be called again with the same items after it rejected
   * @param maxItems of one write
   */
  constructor(write: (items: readonly Item[]) => Promise<void>, maxItems: number) {
    this.#write = write;
    this.#maxItems = maxItems;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is written. */
  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that was added has its outcome. */
  async end(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // What is added in the same turn belongs to the first write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, this.#maxItems));
    this.#running = null;
  }

  /** Never rejects. */
  async #writeGroup(group: readonly Waiting<Item>[]): Promise<void> {
    try {
      await this.#writeTwice(group.map(({ item }) => item));
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (group.length === 1 || isConnectionLost(error)) {
        for (const { reject } of group) reject(error);
        return;
      }
      // One of them is what the server refuses: its neighbours go on.
      for (const each of group) await this.#writeGroup([each]);
    }
  }

  /** Once more where the connection turned out to be dead. */
  async #writeTwice(items: readonly Item[]): Promise<void> {
    try {
      await this.#write(items);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      await this.#write(items);
    }
  }
}
