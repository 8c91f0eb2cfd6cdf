// One resume of one connection: which channels are settled and how, and which still wait for their subscribe. Says
// resume_failed for each channel that fails, and resume_success once, when all are settled (divergence D33).
import {
  type RecoveredChannel,
  type ResumeFailure,
  type ResumePosition,
  resumeFailed,
  resumeSuccess,
} from '@sockudo/protocol';
import type { Connection } from '../connection.ts';

/** What became of one channel. */
export type Outcome = { readonly kind: 'recovered'; readonly channel: RecoveredChannel } | Failed;

export interface Failed {
  readonly kind: 'failed';
  readonly failure: ResumeFailure;
}

export class ResumeRequest {
  readonly #connection: Connection;
  readonly #recovered: RecoveredChannel[] = [];
  readonly #failed: ResumeFailure[] = [];
  /** Channels that are being recovered, or whose turn comes. */
  #open: number;

  /** `channels`: how many positions it has; each is settled exactly once. */
  constructor(connection: Connection, channels: number) {
    this.#connection = connection;
    this.#open = channels;
  }

  settle(outcome: Outcome): void {
    const { counters, protocol } = this.#connection;
    if (outcome.kind === 'recovered') {
      this.#recovered.push(outcome.channel);
      counters.historyRecoveries[outcome.channel.source] += 1;
    } else {
      const { failure } = outcome;
      this.#failed.push(failure);
      counters.historyRecoveryFailures.add(failure.code);
      this.#connection.sendText(resumeFailed(protocol, failure, this.#connection.messageId()));
    }
    this.#open -= 1;
    if (this.#open > 0) return;
    const messageId = this.#connection.messageId();
    this.#connection.sendText(resumeSuccess(protocol, this.#recovered, this.#failed, messageId));
  }
}

/** A position whose channel is not subscribed yet. */
export interface WaitingPosition {
  readonly channel: string;
  readonly position: ResumePosition;
  readonly request: ResumeRequest;
}
