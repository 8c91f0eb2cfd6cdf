/** A conversation as its agent sees it: one channel, and the runs that this process answers. */
import type { Agent } from './agent.ts';
import { statusOf } from './errors.ts';
import type { ConversationEnd, ConversationMessage } from './history.ts';
import type { Run, RunOptions } from './run.ts';
import { type RunHandler, Work } from './work.ts';

export interface HandleOptions {
  /** At most 128 bytes. Default: the process's. */
  readonly workerId?: string | undefined;
  /** As of a worker. */
  readonly leaseMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

export class Session {
  readonly channel: string;
  readonly #agent: Agent;

  constructor(channel: string, agent: Agent) {
    this.channel = channel;
    this.#agent = agent;
  }

  /**
   * A run that this process answers without a claim: nobody takes it over. Begins with `start()`; listens to the channel until its end.
   * @throws TypeError without a `runId`
   */
  run(options: RunOptions): Run {
    const { runId } = options;
    if (typeof runId !== 'string' || runId === '') throw new TypeError('A run needs a runId');
    const agent = this.#agent;
    const refresh = async (run: Run): Promise<void> => {
      const record = await agent.claims.run(this.channel, runId);
      if (record !== null) await agent.catchUp(run, record);
    };
    // The channel tells what is missed here, at the latest when it is listened to anew.
    const parts = { options, scope: '', coversAll: false };
    const run: Run = agent.open(this.channel, parts, () => void refresh(run).catch(() => {}));
    return run;
  }

  /**
   * Claims one run and has it handled as a worker does: for an agent that is woken by a request. Resolves when nothing more is to be done
   * for it; false: somebody else has it, or it has ended, and `handle` was not called.
   */
  async handle(runId: string, handle: RunHandler, options: HandleOptions = {}): Promise<boolean> {
    const {
      workerId = this.#agent.processId,
      leaseMs = 15_000,
      graceMs = 5_000,
      onError = () => {},
    } = options;
    const agent = this.#agent;
    try {
      const claim = await agent.claims.claimOne(this.channel, runId, workerId, leaseMs);
      await new Work(claim, { agent, handle, workerId, leaseMs, graceMs, onError, maxAttempts: 1 }).perform();
      return true;
    } catch (error) {
      if (statusOf(error) === 409) return false;
      throw error;
    }
  }

  /** The conversation, oldest first; with `end` only what leads to that run. Reads the whole history. */
  history(end?: ConversationEnd): Promise<readonly ConversationMessage[]> {
    return this.#agent.read(this.channel, end);
  }
}
