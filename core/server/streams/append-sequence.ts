// Many appends to one message at a time, so that they share a group of the log, and yet in order: an append is stored only
// when the one before it is. It knows neither lines nor requests.
//
// Between a conflict, or a transaction that was rolled back, and the appends that were sent after it lies nothing but the
// log, so each append looks back in its own step: the version that its predecessor drew has to be in the message already.
import type { MutationStep } from '../messages/mutations.ts';
import type { MessageState, MutationResult } from '../ports/message-log.ts';
import type { StreamedAppend } from './append-line.ts';

/** Hands one append to the log. Those of one turn are taken on in the order of the calls. */
export type Attempt = (request: StreamedAppend, step: MutationStep) => Promise<MutationResult>;

export type AppendOutcome =
  | {
      readonly kind: 'settled';
      readonly result: Extract<MutationResult, { kind: 'committed' | 'duplicate' }>;
    }
  | {
      readonly kind: 'refused';
      readonly result: Exclude<MutationResult, { kind: 'committed' | 'duplicate' }>;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Refuses an append whose predecessor is not known to be stored: a duplicate, or one that failed. */
const OUT_OF_TURN = new Error('the append before this one is not settled');

class Turn implements MutationStep {
  readonly #before: Turn | null;
  #versionSerial: string | null = null;

  constructor(before: Turn | null) {
    this.#before = before;
  }

  entered(current: MessageState): void {
    if (this.#before === null) return;
    const drawn = this.#before.#versionSerial;
    // Version serials of a message grow as text (M3).
    if (drawn === null || current.versionSerial < drawn) throw OUT_OF_TURN;
  }

  drew(versionSerial: string): void {
    this.#versionSerial = versionSerial;
  }
}

/** One outcome per append, in order, up to and including the first that did not settle: none after it is stored. */
export async function appendInOrder(
  requests: readonly StreamedAppend[],
  attempt: Attempt,
): Promise<AppendOutcome[]> {
  const outcomes: AppendOutcome[] = [];
  while (outcomes.length < requests.length) {
    const round = await runRound(requests.slice(outcomes.length), attempt);
    outcomes.push(...round.outcomes);
    if (round.isStuck) break;
  }
  return outcomes;
}

/** At least one outcome: the first append of a round has nobody to look back at. */
async function runRound(
  requests: readonly StreamedAppend[],
  attempt: Attempt,
): Promise<{ outcomes: AppendOutcome[]; isStuck: boolean }> {
  let before: Turn | null = null;
  const pending: Promise<MutationResult>[] = [];
  for (const request of requests) {
    before = new Turn(before);
    pending.push(attempt(request, before));
  }
  const outcomes: AppendOutcome[] = [];
  for (const settled of await Promise.allSettled(pending)) {
    if (settled.status === 'rejected') {
      outcomes.push({ kind: 'failed', error: settled.reason });
      return { outcomes, isStuck: true };
    }
    const result = settled.value;
    if (result.kind === 'committed' || result.kind === 'duplicate') {
      outcomes.push({ kind: 'settled', result });
      continue;
    }
    if (result.kind === 'refused' && result.error === OUT_OF_TURN) return { outcomes, isStuck: false };
    outcomes.push({ kind: 'refused', result });
    return { outcomes, isStuck: true };
  }
  return { outcomes, isStuck: false };
}
