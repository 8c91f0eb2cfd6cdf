// When to look at a queue that other nodes write to as well: at once when this node knows of something due, else after a pause.
// Knows no storage.

/** The database's clock decides what is due, and may be a little behind. */
const SLACK_MS = 2;

interface Queue {
  /** Time of the next look whatever happens. */
  lookAtMs: number;
  /** First job that this node knows to become due. */
  dueAtMs: number | null;
  /** Additions so far: one during a look makes another look necessary. */
  additions: number;
}

export class JobLooks {
  readonly #pauseMs: number;
  /** One for each queue name of the code. */
  readonly #queues = new Map<string, Queue>();

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  /** Jobs were stored that are due at this time. */
  added(name: string, dueAtMs: number): void {
    const queue = this.#queue(name);
    queue.additions += 1;
    queue.dueAtMs = Math.min(queue.dueAtMs ?? dueAtMs, dueAtMs);
  }

  /** Call it with what was found when the look has ended. @param hasMore as much was found as was asked for */
  begin(name: string, nowMs: number): (hasMore: boolean) => void {
    const queue = this.#queue(name);
    const { additions } = queue;
    return (hasMore) => {
      const isDone = !hasMore && queue.additions === additions;
      queue.lookAtMs = isDone ? nowMs + this.#pauseMs : nowMs;
      if (isDone && queue.dueAtMs !== null && queue.dueAtMs + SLACK_MS <= nowMs) queue.dueAtMs = null;
    };
  }

  next(name: string): number {
    const { lookAtMs, dueAtMs } = this.#queue(name);
    return dueAtMs === null ? lookAtMs : Math.min(lookAtMs, dueAtMs);
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = { lookAtMs: 0, dueAtMs: null, additions: 0 };
      this.#queues.set(name, queue);
    }
    return queue;
  }
}
