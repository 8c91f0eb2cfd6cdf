/**
 * Asks the server to move queued runs. Answers name the run; refusals name nothing, so of several requests none is known to be meant: they
 * are made one after the other.
 */
import { type ProtocolErrorData, RequestError, type Sockudo } from '@sockudo/client';
import { isJsonObject, member } from '@sockudo/protocol';
import type { KnownRun } from '../tree/tree.ts';
import { SessionError } from './errors.ts';
import { channelOf, knownRunOf } from './server-answers.ts';
import type { Surroundings } from './surroundings.ts';

export const MOVE_PATIENCE_MS = 10_000;
export const MOVES_MAX = 32;

export class MoveRequests {
  readonly #client: Sockudo;
  readonly #channel: string;
  readonly #surroundings: Pick<Surroundings, 'setTimer' | 'clearTimer'>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stop: (error: SessionError) => void = () => {};

  constructor(client: Sockudo, channel: string, surroundings: Pick<Surroundings, 'setTimer' | 'clearTimer'>) {
    this.#client = client;
    this.#channel = channel;
    this.#surroundings = surroundings;
  }

  /** The run as it stands now. Rejects with SessionError `refused`, `unconfirmed`, `outbox_full`. */
  ask(runId: string, before: string | null): Promise<KnownRun> {
    if (this.#waiting >= MOVES_MAX)
      return Promise.reject(new SessionError('outbox_full', `${MOVES_MAX} moves wait already`));
    this.#waiting += 1;
    const asked = this.#last
      .then(() => this.#ask(runId, before))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = asked.catch(() => {});
    return asked;
  }

  close(): void {
    this.#stop(new SessionError('closed', 'The session is closed'));
  }

  #ask(runId: string, before: string | null): Promise<KnownRun> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const timer = this.#surroundings.setTimer(
        () => end(new SessionError('unconfirmed', 'No answer came')),
        MOVE_PATIENCE_MS,
      );
      const answered = (data: unknown, { channel }: { readonly channel?: string }) => {
        const run = isJsonObject(data) ? knownRunOf(member(data, 'run')) : null;
        if (run?.runId === runId && channelOf(data, channel) === this.#channel) end(run);
      };
      const refused = ({ code, message }: ProtocolErrorData) => {
        if (REFUSAL.test(message))
          end(new SessionError('refused', message, new RequestError(message, 'refused', { code })));
      };
      const end = (result: KnownRun | SessionError) => {
        this.#surroundings.clearTimer(timer);
        client.unbind('sockudo:ai_runs_move', answered);
        client.unbind('sockudo:error', refused);
        if (result instanceof SessionError) reject(result);
        else resolve(result);
      };
      this.#stop = end;
      client.bind('sockudo:ai_runs_move', answered);
      client.bind('sockudo:error', refused);
      const question = { channel: this.#channel, run_id: runId, before };
      if (!client.send_event('sockudo:ai_runs_move', question))
        end(new SessionError('unconfirmed', 'There is no connection'));
    });
  }
}

/** Texts of the refusals that answer a move. */
const REFUSAL = /\bruns?\b|ai_runs_move|before must|not subscribed|Not found|Conflict/i;
