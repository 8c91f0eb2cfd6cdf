/**
 * Asks the server to move queued runs. Must not know: what is made of the answer.
 */
import { type Channel, RequestError } from '@sockudo/client';
import { member } from '@sockudo/protocol';
import type { KnownRun } from '../tree/tree.ts';
import { SessionError } from './errors.ts';
import { knownRunOf } from './server-answers.ts';

/** Without an answer yet. */
export const MOVES_MAX = 32;

export class MoveRequests {
  readonly #abort = new AbortController();
  #waiting = 0;

  /** The run as it stands now. Rejects with SessionError `refused`, `unconfirmed`, `outbox_full`, `closed`. */
  async ask(channel: Channel, runId: string, before: string | null): Promise<KnownRun> {
    if (this.#waiting >= MOVES_MAX) throw new SessionError('outbox_full', `${MOVES_MAX} moves wait already`);
    this.#waiting += 1;
    const { signal } = this.#abort;
    try {
      const answer = await channel.request('ai_runs_move', { run_id: runId, before }, { signal });
      const run = knownRunOf(member(answer, 'run'));
      if (run !== null) return run;
      throw new SessionError('unconfirmed', 'The answer has an unknown form');
    } catch (error) {
      throw sessionErrorOf(error, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  close(): void {
    this.#abort.abort();
  }
}

function sessionErrorOf(error: unknown, { aborted }: AbortSignal): unknown {
  if (aborted) return new SessionError('closed', 'The session is closed');
  if (!(error instanceof RequestError)) return error;
  const code = error.outcome === 'refused' ? 'refused' : 'unconfirmed';
  return new SessionError(code, error.message, error);
}
