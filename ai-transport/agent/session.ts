/** A conversation as its agent sees it: one channel, and the runs that this process answers. */
import type { Sockudo } from 'sockudo';
import { Run, type RunOptions, type RunParts } from './run.ts';

/** What others are told of an error. */
export type DescribeError = (error: unknown) => { code: string; message?: string | undefined };

export interface SessionParts {
  readonly sockudo: Sockudo;
  readonly describe: DescribeError;
}

export class Session {
  readonly channel: string;
  readonly #parts: SessionParts;
  readonly #runs = new Set<Run>();

  constructor(channel: string, parts: SessionParts) {
    this.channel = channel;
    this.#parts = parts;
  }

  /** A run that this process answers without a claim: nobody takes it over. Begins with `start()`. @throws TypeError without a `runId` */
  run(options: RunOptions): Run {
    if (typeof options.runId !== 'string' || options.runId === '') throw new TypeError('A run needs a runId');
    return this.open({ options, scope: '', coversAll: false });
  }

  /** The same for what a worker has claimed. */
  open(given: Pick<RunParts, 'options' | 'scope' | 'coversAll' | 'fence' | 'clientId'>): Run {
    const run: Run = new Run({
      ...given,
      ...this.#parts,
      channel: this.channel,
      onOver: () => this.#runs.delete(run),
    });
    this.#runs.add(run);
    return run;
  }
}
