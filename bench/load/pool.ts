// Worker threads of the load generator, from the side of a scenario.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PublisherOptions } from './publisher.ts';
import type { ResumersOptions } from './resumers.ts';
import type { SubscribersOptions } from './subscribers.ts';
import type { WatchersOptions } from './watchers.ts';
import type { WritersOptions } from './writers.ts';

export interface Done {
  readonly latenciesMs: readonly number[];
  readonly refused?: number;
  /** Of the texts that messages were created with; only watchers tell them apart. */
  readonly firstMs?: readonly number[];
}

export class LoadWorker {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static subscribers(options: SubscribersOptions): Promise<LoadWorker> {
    return LoadWorker.#start('./subscribers.ts', options);
  }

  static publisher(options: PublisherOptions): Promise<LoadWorker> {
    return LoadWorker.#start('./publisher.ts', options);
  }

  static resumers(options: ResumersOptions): Promise<LoadWorker> {
    return LoadWorker.#start('./resumers.ts', options);
  }

  static writers(options: WritersOptions): Promise<LoadWorker> {
    return LoadWorker.#start('./writers.ts', options);
  }

  static watchers(options: WatchersOptions): Promise<LoadWorker> {
    return LoadWorker.#start('./watchers.ts', options);
  }

  static async #start(file: string, options: object): Promise<LoadWorker> {
    const worker = new Worker(new URL(file, import.meta.url), { workerData: options });
    await once(worker, 'message');
    return new LoadWorker(worker);
  }

  /** From now on counts frames (watchers: texts); resolves with what it measured when `frames` have come. */
  async expect(frames: number): Promise<{ done: Promise<Done> }> {
    this.#worker.postMessage({ kind: 'expect', frames });
    await once(this.#worker, 'message');
    return { done: this.#done() };
  }

  /** Publishes; resolves when every event is answered. */
  publish(): Promise<Done> {
    return this.#begin();
  }

  /** Lets its clients come back; resolves when every one of them has resumed. */
  resume(): Promise<Done> {
    return this.#begin();
  }

  /** Lets them resume once more, on the connections that they have. */
  resumeAgain(): Promise<Done> {
    return this.#begin('again');
  }

  /** Writes so many messages to each channel; resolves when all of them are complete. */
  write(messages: number): Promise<Done> {
    const done = this.#done();
    this.#worker.postMessage({ kind: 'write', messages });
    return done;
  }

  #begin(kind: 'start' | 'again' = 'start'): Promise<Done> {
    const done = this.#done();
    this.#worker.postMessage({ kind });
    return done;
  }

  async close(): Promise<void> {
    const exited = once(this.#worker, 'exit');
    this.#worker.postMessage({ kind: 'close' });
    await exited;
  }

  async #done(): Promise<Done> {
    const [message] = await once(this.#worker, 'message');
    return message;
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
