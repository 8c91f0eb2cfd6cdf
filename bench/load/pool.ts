// Worker threads of the load generator, from the side of a scenario.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PublisherOptions } from './publisher.ts';
import type { ResumersOptions } from './resumers.ts';
import type { SubscribersOptions } from './subscribers.ts';

export interface Done {
  readonly latenciesMs: readonly number[];
  readonly refused?: number;
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

  static async #start(file: string, options: object): Promise<LoadWorker> {
    const worker = new Worker(new URL(file, import.meta.url), { workerData: options });
    await once(worker, 'message');
    return new LoadWorker(worker);
  }

  /** From now on counts frames; resolves with what it measured when `frames` have come. */
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
