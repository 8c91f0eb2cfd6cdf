// What one caller asks of the log's writers, and how he learns the outcome.
import type { ChannelKey, StoreUnavailable } from '@sockudo/server/ports';
import { Outrun } from './staged-rows.ts';
import { StepFailed, type WriteStep } from './write-step.ts';
import type { WriterOperation } from './writer.ts';

export interface Touched {
  readonly key: ChannelKey;
  /** The channel needs a row. */
  readonly isWritten: boolean;
}

/** What a step has to know of an operation. */
export interface Operation extends WriterOperation<WriteStep> {
  /** Channels whose rows are locked for it. */
  readonly touches: readonly Touched[];
  /** Keys to be looked up. */
  readonly receipts: readonly { readonly scope: string; readonly key: string }[];
  /** Messages to be looked up. */
  readonly messages: readonly { readonly key: ChannelKey; readonly messageSerial: string }[];
}

export abstract class LogOperation<T> implements Operation {
  abstract readonly touches: Operation['touches'];
  abstract readonly receipts: Operation['receipts'];
  abstract readonly messages: Operation['messages'];
  abstract readonly bytes: number;
  readonly outcome: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #attempt:
    | { readonly kind: 'result'; readonly value: T }
    | { readonly kind: 'error'; readonly error: unknown }
    | null = null;

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Stages what is to be written; what it throws refuses this operation alone, so it must come before anything is staged. */
  protected abstract write(step: WriteStep): Promise<T>;

  async attempt(step: WriteStep): Promise<void> {
    try {
      this.#attempt = { kind: 'result', value: await this.write(step) };
    } catch (error) {
      if (error instanceof StepFailed || error instanceof Outrun) throw error;
      this.#attempt = { kind: 'error', error };
    }
  }

  settle(): void {
    if (this.#attempt?.kind === 'result') this.#resolve(this.#attempt.value);
    else this.#reject(this.#attempt?.error ?? new Error('the operation did not run'));
  }

  fail(error: StoreUnavailable): void {
    this.#reject(error);
  }
}
