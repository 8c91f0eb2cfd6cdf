// So many sends at once, shared among the apps that want to send: each takes a place in turn, however many wait behind it.

/** Gives the place back. Called once. */
export type Release = () => void;

export class FairSlots {
  #free: number;
  /** Apps that wait, in the order of their turns; each with its own queue. Bounded by the lanes of the batches in hand. */
  readonly #waiting = new Map<string, ((release: Release) => void)[]>();

  constructor(slots: number) {
    this.#free = slots;
  }

  acquire(appId: string): Promise<Release> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#release);
    }
    return new Promise((resolve) => {
      const queue = this.#waiting.get(appId);
      if (queue === undefined) this.#waiting.set(appId, [resolve]);
      else queue.push(resolve);
    });
  }

  readonly #release: Release = () => {
    const turn = this.#waiting.entries().next();
    if (turn.done === true) {
      this.#free += 1;
      return;
    }
    const [appId, queue] = turn.value;
    const next = queue.shift();
    // Its next turn comes after those of the others.
    this.#waiting.delete(appId);
    if (queue.length > 0) this.#waiting.set(appId, queue);
    next?.(this.#release);
  };
}
