// One timer for all connections. Deadlines are kept by the second they fall into, so that ten thousand idle connections
// cost one wake-up a second and no timer objects. Precision: up to one second late, never early.

const TICK_MS = 1000;

export interface Deadline {
  /** Called once; schedule again to go on. */
  due(nowMs: number): void;
}

export class DeadlineWheel {
  readonly #slots = new Map<number, Set<Deadline>>();
  readonly #clock: () => number;
  readonly #timer: NodeJS.Timeout;
  #tick: number;

  /** `clock`: milliseconds that never run backwards; default: since this process started, whatever is done to the system's clock. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#tick = Math.floor(clock() / TICK_MS);
    this.nowMs = clock();
    this.#timer = setInterval(() => this.advance(), TICK_MS);
    this.#timer.unref();
  }

  /** The clock's time at the last tick: good to a second, and free to read on the hot path. */
  nowMs: number;

  /** Returns the slot, to be given back to `cancel`. */
  schedule(deadline: Deadline, delayMs: number): number {
    const slot = Math.max(Math.ceil((this.#clock() + delayMs) / TICK_MS), this.#tick + 1);
    const deadlines = this.#slots.get(slot);
    if (deadlines === undefined) this.#slots.set(slot, new Set([deadline]));
    else deadlines.add(deadline);
    return slot;
  }

  cancel(deadline: Deadline, slot: number): void {
    const deadlines = this.#slots.get(slot);
    if (deadlines === undefined) return;
    deadlines.delete(deadline);
    if (deadlines.size === 0) this.#slots.delete(slot);
  }

  /** Runs everything that is due; the timer calls it, tests with their own clock do too. */
  advance(): void {
    this.nowMs = this.#clock();
    const current = Math.floor(this.nowMs / TICK_MS);
    while (this.#tick < current) {
      this.#tick += 1;
      const deadlines = this.#slots.get(this.#tick);
      if (deadlines === undefined) continue;
      this.#slots.delete(this.#tick);
      for (const deadline of deadlines) deadline.due(this.nowMs);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#slots.clear();
  }
}
