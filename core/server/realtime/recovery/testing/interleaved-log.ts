// For tests: a log whose every answer comes when the test says so. A write is stored at one step and answered at a later one,
// writes in their order (ChannelLog, L4); a read looks at one step and answers at a later one. So a head may be seen before the
// message is delivered, and an answer may be old when it comes.
import { createMemoryChannelLog } from '../../../memory/channel-log.ts';
import type { DurableLog } from '../../../ports/index.ts';

/** The methods that wait; others pass through. */
const WRITES: ReadonlySet<string> = new Set(['commit', 'mutate', 'annotate', 'purge', 'reset']);
const READS: ReadonlySet<string> = new Set(['head', 'read', 'replay', 'state', 'rows', 'projections']);

interface Call {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly answer: (result: Promise<unknown>) => void;
  result: Promise<unknown> | null;
}

export class InterleavedLog {
  /** To be given to the server. */
  readonly log: DurableLog;
  /** The log behind, which answers at once. */
  readonly behind: DurableLog = createMemoryChannelLog();
  readonly #onStored: (name: string, result: unknown) => void;
  #writes: Call[] = [];
  #reads: Call[] = [];

  /** `onStored`: sees each write's result in the step that stores it. */
  constructor(onStored: (name: string, result: unknown) => void) {
    this.#onStored = onStored;
    this.log = new Proxy(this.behind, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || typeof name !== 'string') return member;
        const call = (...given: unknown[]): Promise<unknown> => Reflect.apply(member, target, given);
        if (WRITES.has(name))
          return (...given: unknown[]) => this.#queue(this.#writes, name, () => call(...given));
        if (READS.has(name))
          return (...given: unknown[]) => this.#queue(this.#reads, name, () => call(...given));
        return call;
      },
    });
  }

  get isIdle(): boolean {
    return this.#writes.length === 0 && this.#reads.length === 0;
  }

  /** Takes one of the steps that are possible now. */
  async step(choice: number): Promise<void> {
    const possible = this.#possible();
    await possible[choice % Math.max(1, possible.length)]?.();
  }

  /** Stores and answers every write that waits. */
  async finishWrites(): Promise<void> {
    while (this.#writes.length > 0) {
      for (const write of this.#writes) if (write.result === null) await this.#store(write);
      this.#answerWrite();
    }
  }

  #possible(): (() => Promise<void>)[] {
    const steps: (() => Promise<void>)[] = [];
    const nextWrite = this.#writes.find(({ result }) => result === null);
    if (nextWrite !== undefined) steps.push(() => this.#store(nextWrite));
    if (this.#writes[0] !== undefined && this.#writes[0] !== nextWrite) {
      steps.push(async () => this.#answerWrite());
    }
    for (const read of this.#reads) {
      steps.push(async () => {
        if (read.result === null) {
          read.result = read.run();
          return;
        }
        this.#reads.splice(this.#reads.indexOf(read), 1);
        read.answer(read.result);
      });
    }
    return steps;
  }

  async #store(write: Call): Promise<void> {
    write.result = write.run();
    await write.result.then(
      (result) => this.#onStored(write.name, result),
      () => {},
    );
  }

  #answerWrite(): void {
    const write = this.#writes.shift();
    if (write?.result) write.answer(write.result);
  }

  #queue(calls: Call[], name: string, run: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve) => {
      calls.push({ name, run, answer: resolve, result: null });
    });
  }
}
