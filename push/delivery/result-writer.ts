// Records what became of pushes, many at once: one write for each publish at a time, and while it runs the next results gather.
// Records sooner where there are many, later where there are few; what is not recorded is sent again after a crash.
import type { DeliveryResult, PushRepository } from '../contracts.ts';

/** Most results of one write. */
const MAX_RESULTS = 500;
/** So many are written at once. */
const ENOUGH = 100;
/** After so long in ms, fewer are written too. */
const LONGEST_MS = 100;
const ATTEMPTS = 5;
const PAUSE_MS = 200;

interface Waiting {
  readonly result: DeliveryResult;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Publish {
  readonly appId: string;
  readonly publishId: string;
  readonly waiting: Waiting[];
  isWriting: boolean;
  timer: NodeJS.Timeout | null;
}

export class ResultWriter {
  readonly #repository: Pick<PushRepository, 'recordResults'>;
  /** Publishes with results that are not recorded. Bounded by the batches in hand. */
  readonly #publishes = new Map<string, Publish>();

  constructor(repository: Pick<PushRepository, 'recordResults'>) {
    this.#repository = repository;
  }

  /** Resolves when the result is recorded. Rejects when the store failed several times. */
  add(appId: string, publishId: string, result: DeliveryResult): Promise<void> {
    const publish = this.#publishOf(appId, publishId);
    const recorded = new Promise<void>((resolve, reject) => {
      publish.waiting.push({ result, resolve, reject });
    });
    if (publish.waiting.length >= ENOUGH) void this.#write(publish);
    else publish.timer ??= setTimeout(() => void this.#write(publish), LONGEST_MS).unref();
    return recorded;
  }

  /** Writes what has gathered for a publish without waiting for more. */
  hurry(appId: string, publishId: string): void {
    const publish = this.#publishes.get(keyOf(appId, publishId));
    if (publish !== undefined) void this.#write(publish);
  }

  async #write(publish: Publish): Promise<void> {
    if (publish.isWriting) return;
    publish.isWriting = true;
    if (publish.timer !== null) clearTimeout(publish.timer);
    publish.timer = null;
    while (publish.waiting.length > 0) {
      const taken = publish.waiting.splice(0, MAX_RESULTS);
      try {
        await this.#record(publish, taken);
        for (const { resolve } of taken) resolve();
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    publish.isWriting = false;
    this.#publishes.delete(keyOf(publish.appId, publish.publishId));
  }

  async #record({ appId, publishId }: Publish, taken: readonly Waiting[]): Promise<void> {
    const results = taken.map(({ result }) => result);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#repository.recordResults(appId, publishId, results);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt).unref());
      }
    }
  }

  #publishOf(appId: string, publishId: string): Publish {
    const key = keyOf(appId, publishId);
    const known = this.#publishes.get(key);
    if (known !== undefined) return known;
    const publish: Publish = { appId, publishId, waiting: [], isWriting: false, timer: null };
    this.#publishes.set(key, publish);
    return publish;
  }
}

const keyOf = (appId: string, publishId: string): string => JSON.stringify([appId, publishId]);
