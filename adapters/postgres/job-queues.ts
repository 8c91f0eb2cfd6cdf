// The queues of pg-boss: made when they are first used, with settings that leave all decisions to the port, and how full they are.
import type { PgBoss } from 'pg-boss';

export interface QueueSettings {
  /** A job whose worker is not heard of for this long is given to another one. At least 10. */
  readonly heartbeatSeconds: number;
  /** Most jobs of a queue, more or less: counted every ten seconds. */
  readonly maxJobs: number;
  readonly now: () => number;
}

/** Longest time of one attempt that pg-boss allows. */
const LONGEST_ATTEMPT_SECONDS = 24 * 3600;
/** Jobs are not dropped for their age. */
const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600;
/** The limit of faults is the port's, far below this one. */
const RETRY_LIMIT = 1_000_000;
const COUNT_INTERVAL_MS = 10_000;

interface Fullness {
  jobs: number;
  countedAtMs: number;
}

export class JobQueues {
  readonly #boss: PgBoss;
  readonly #settings: QueueSettings;
  /** One for each queue name of the code. */
  readonly #made = new Map<string, Promise<void>>();
  readonly #fullness = new Map<string, Fullness>();

  constructor(boss: PgBoss, settings: QueueSettings) {
    this.#boss = boss;
    this.#settings = settings;
  }

  /** Makes the queue and gives it the settings of this node, once. */
  ensure(queue: string): Promise<void> {
    let made = this.#made.get(queue);
    if (made === undefined) {
      made = this.#make(queue);
      this.#made.set(queue, made);
      made.catch(() => this.#made.delete(queue));
    }
    return made;
  }

  /** By the last count and what this node has added since. */
  async hasRoomFor(queue: string, jobs: number): Promise<boolean> {
    const { maxJobs, now } = this.#settings;
    let fullness = this.#fullness.get(queue);
    if (fullness === undefined || now() - fullness.countedAtMs >= COUNT_INTERVAL_MS) {
      const counted = await this.#boss.getQueue(queue);
      fullness = { jobs: counted?.queuedCount ?? 0, countedAtMs: now() };
      this.#fullness.set(queue, fullness);
    }
    if (fullness.jobs + jobs > maxJobs) return false;
    fullness.jobs += jobs;
    return true;
  }

  async #make(queue: string): Promise<void> {
    const settings = {
      heartbeatSeconds: this.#settings.heartbeatSeconds,
      expireInSeconds: LONGEST_ATTEMPT_SECONDS,
      retentionSeconds: TEN_YEARS_SECONDS,
      retryLimit: RETRY_LIMIT,
      retryDelay: 0,
      retryBackoff: false,
    };
    await this.#boss.createQueue(queue, settings);
    await this.#boss.updateQueue(queue, settings);
  }
}
