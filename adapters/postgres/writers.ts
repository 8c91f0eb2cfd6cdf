// A few writers, each with the channels whose names fall to it, so that the operations of one channel run in the order of their
// calls. What concerns channels of several writers waits for all of them and runs alone.
import { type ChannelKey, StoreUnavailable } from '@sockudo/server/ports';
import { channelName } from './channel-standing.ts';
import type { LogOperation, Operation } from './log-operation.ts';
import type { WriteStep } from './write-step.ts';
import { Writer, type WriterOptions } from './writer.ts';

type LogWriter = Writer<Operation, WriteStep>;

export class Writers {
  readonly #writers: readonly LogWriter[];
  #isClosed = false;

  constructor(count: number, options: WriterOptions<WriteStep>) {
    this.#writers = Array.from(
      { length: Math.max(1, count) },
      () => new Writer<Operation, WriteStep>(options),
    );
  }

  get counts(): { readonly transactions: number; readonly operations: number } {
    const sum = { transactions: 0, operations: 0 };
    for (const { counts } of this.#writers) {
      sum.transactions += counts.transactions;
      sum.operations += counts.operations;
    }
    return sum;
  }

  /** The operation's outcome. Rejects with `StoreUnavailable` when the store failed or is closed. */
  async run<T>(operation: LogOperation<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    const concerned = this.#concerned(operation);
    const [first, ...others] = concerned;
    if (first === undefined) throw new Error('there is a writer');
    if (others.length === 0) first.add({ kind: 'single', operation });
    else addJoint(operation, first, others);
    return operation.outcome;
  }

  /** Resolves when everything accepted so far has its outcome. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#writers.map((writer) => writer.close()));
  }

  #concerned({ touches, receipts }: Operation): readonly LogWriter[] {
    const numbers = new Set(touches.map(({ key }) => this.#numberOf(key)));
    // Receipts alone: the same key goes to the same writer.
    if (numbers.size === 0) numbers.add(hash(receipts[0]?.key ?? '') % this.#writers.length);
    return this.#writers.filter((_, number) => numbers.has(number));
  }

  #numberOf(key: ChannelKey): number {
    return hash(channelName(key)) % this.#writers.length;
  }
}

/** All queues get their part in the same turn, so that no two joint operations meet in different orders. */
function addJoint(operation: Operation, first: LogWriter, others: readonly LogWriter[]): void {
  const held = Promise.withResolvers<void>();
  const arrivals = others.map((writer) => {
    const arrival = Promise.withResolvers<void>();
    writer.add({ kind: 'hold', arrived: arrival.resolve, released: held.promise });
    return arrival.promise;
  });
  const ready = Promise.all(arrivals).then(() => {});
  first.add({ kind: 'joint', operation, ready, release: held.resolve });
}

/** FNV-1a over the characters: only has to spread names. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
