/**
 * Takes runs that wait for an agent and has them handled, several at once. Must not know: what is done for a run (work.ts).
 */
import type { Agent } from './agent.ts';
import { backoffMs, sleep } from './backoff.ts';
import type { Claim, ClaimWish } from './claims.ts';
import { type RunHandler, Work, type WorkParts } from './work.ts';

export interface WorkerOptions {
  readonly agent: Agent;
  /** Runs of channels that begin so are taken. */
  readonly channelPrefix: string;
  readonly handle: RunHandler;
  /** Runs at once, 1 to 1000. Default 4. */
  readonly concurrency?: number | undefined;
  /** Time without a heartbeat after which another worker may take over, 1000 to 60000 milliseconds. Default 15000. */
  readonly leaseMs?: number | undefined;
  /** At most 128 bytes. Default: host, process and something random. */
  readonly workerId?: string | undefined;
  /** Live runs of one channel at once, over all workers. Default 1. */
  readonly perChannel?: number | undefined;
  /** Attempts at one input, 1 to 3. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** How long a handler may take to notice that its run was cancelled or lost, milliseconds. Default 5000. */
  readonly graceMs?: number | undefined;
  /** How long one request waits for runs at the server, 0 to 20000 milliseconds; {@link Worker.stop} ends it. Default 5000. */
  readonly waitMs?: number | undefined;
  /** Hears of every failure: of handlers, of requests that are repeated. Default: writes to the console. */
  readonly onError?: WorkParts['onError'] | undefined;
}

const CLAIMS_MAX = 16;
const STOP_GRACE_MS = 10_000;

interface Settings extends Omit<WorkParts, 'workerId'> {
  readonly channelPrefix: string;
  readonly concurrency: number;
  readonly perChannel: number;
  readonly waitMs: number;
}

export class Worker {
  readonly workerId: string;
  readonly #options: Settings;
  readonly #stopping = new AbortController();
  readonly #works = new Map<Work, Promise<void>>();
  readonly #claiming: Promise<void>;
  #freed = Promise.withResolvers<void>();
  #stopped: Promise<void> | null = null;

  constructor(given: WorkerOptions) {
    this.workerId = given.workerId ?? given.agent.processId;
    this.#options = {
      ...given,
      concurrency: whole('concurrency', given.concurrency, 4, 1, 1000),
      leaseMs: whole('leaseMs', given.leaseMs, 15_000, 1_000, 60_000),
      perChannel: whole('perChannel', given.perChannel, 1, 1, 100),
      maxAttempts: whole('maxAttempts', given.maxAttempts, 3, 1, 3),
      waitMs: whole('waitMs', given.waitMs, 5_000, 0, 20_000),
      graceMs: whole('graceMs', given.graceMs, 5_000, 0, 3_600_000),
      onError: quietly(given.onError ?? complain),
    };
    this.#claiming = this.#claim();
  }

  /** Runs that are worked on now. */
  get active(): number {
    return this.#works.size;
  }

  /**
   * Takes no more runs, waits for those under way, and gives back what is not done after `graceMs` (default 10000): another worker goes
   * on with it. Resolves when that is done; never rejects.
   */
  stop({ graceMs = STOP_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#claiming;
    const finished = new AbortController();
    const all = Promise.all(this.#works.values()).then(() => finished.abort());
    await Promise.race([all, sleep(graceMs, finished.signal)]);
    await Promise.all([...this.#works.keys()].map((work) => work.leave()));
  }

  /** Never rejects. */
  async #claim(): Promise<void> {
    const { signal } = this.#stopping;
    const { agent, onError } = this.#options;
    const stopped = aborted(signal);
    let failures = 0;
    while (!signal.aborted) {
      const free = this.#options.concurrency - this.#works.size;
      if (free <= 0) {
        await Promise.race([this.#freed.promise, stopped]);
        continue;
      }
      try {
        const claims = await agent.claims.claim(this.#wish(Math.min(free, CLAIMS_MAX)), signal);
        failures = 0;
        for (const claim of claims) this.#take(claim);
      } catch (error) {
        // It was given up.
        if (signal.aborted) break;
        failures += 1;
        onError(error);
        await sleep(backoffMs(failures, 250, 30_000), signal);
      }
    }
  }

  #wish(limit: number): ClaimWish {
    const { channelPrefix, leaseMs, perChannel, waitMs } = this.#options;
    return { channelPrefix, workerId: this.workerId, limit, leaseMs, perChannel, waitMs };
  }

  #take(claim: Claim): void {
    const work = new Work(claim, { ...this.#options, workerId: this.workerId });
    // It came while the worker was stopping.
    const done = (this.#stopping.signal.aborted ? work.leave() : work.perform()).then(() => {
      this.#works.delete(work);
      const { resolve } = this.#freed;
      this.#freed = Promise.withResolvers();
      resolve();
    });
    this.#works.set(work, done);
  }
}

/** Resolves when the signal is aborted. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function whole(name: string, given: number | undefined, standard: number, min: number, max: number): number {
  const value = given ?? standard;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(`${name} must be a whole number from ${min} to ${max}`);
}

/** What hears of errors must not make further ones. */
const quietly =
  (onError: WorkParts['onError']): WorkParts['onError'] =>
  (error, claim) => {
    try {
      onError(error, claim);
    } catch {
      // Nobody is left to hear of it.
    }
  };

function complain(error: unknown, claim?: Pick<Claim, 'channel' | 'run'>): void {
  const where = claim === undefined ? 'worker' : `run ${claim.run.runId} in ${claim.channel}`;
  console.error(`${where}:`, error);
}

export const createWorker = (options: WorkerOptions): Worker => new Worker(options);
