/**
 * What people say to a run while it works: each once, in the order of the channel. Those that were taken are named on the next output,
 * which is their receipt. Must not know: how they arrive.
 */

export interface Steer {
  readonly codecMessageId: string;
  /** As it was published; JSON text for anything but a string. */
  readonly data: unknown;
  /** Its author, as the server verified it or a trusted publisher said. */
  readonly clientId?: string | undefined;
  /** Its delivery serial. */
  readonly serial: number;
}

/** Steers that wait; the server lets fewer through. */
const WAITING_MAX = 64;

export class Steers {
  readonly #known = new Set<string>();
  readonly #taken: string[] = [];
  #waiting: Steer[] = [];
  #listeners: ((steer: Steer) => void)[] = [];

  /** @param served codec id of the input that the run serves, which is no steer */
  constructor(served?: string) {
    if (served !== undefined) this.#known.add(served);
  }

  /** Codec ids of all that were taken, in their order. */
  get takenIds(): readonly string[] {
    return this.#taken;
  }

  knows(codecMessageId: string): boolean {
    return this.#known.has(codecMessageId);
  }

  /** Ignores what is known, and what nobody could wait for. */
  add(steer: Steer): void {
    if (this.#known.has(steer.codecMessageId) || this.#waiting.length >= WAITING_MAX) return;
    this.#known.add(steer.codecMessageId);
    this.#waiting = [...this.#waiting, steer].toSorted((a, b) => a.serial - b.serial);
    for (const listener of this.#listeners) listener(steer);
  }

  /** Those that have not been taken yet; from now on they are. */
  take(): readonly Steer[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#taken.push(...taken.map(({ codecMessageId }) => codecMessageId));
    return taken;
  }

  listen(listener: (steer: Steer) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }
}
