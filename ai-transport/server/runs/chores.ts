// Does what is left to do when a run was taken from its worker or ended by the server (chore.ts). Any node may do it, and several may
// try at once: a stream is closed by one of them, and the end of a run is told in the step that notes that it was told.
import { isTerminal, type RunRecord, runEnd } from '@sockudo/ai-transport/wire';
import type { RealtimeContext } from '@sockudo/server/plugins';
import type { ChannelRecord, RecordChange } from '@sockudo/server/ports';
import { cancelStream } from '../streams/cancel-stream.ts';
import { openStreamsOf } from '../streams/open-streams.ts';
import { CHORE_KIND, type Chore, choreContent, parseChore } from './chore.ts';
import { keyOf, type RunChangeResult, type RunLog, type RunPlace } from './run-log.ts';
import type { RunSteps } from './run-steps.ts';
import { contentOf, type DuePolicy, RUN_KIND, runOf } from './stored-run.ts';
import type { WorkersSeen } from './workers-seen.ts';

/** Open messages of a channel that are looked through for those of a run. */
const MAX_OPEN_STREAMS = 4096;

/** How long the end of a run waits for somebody to tell it where no worker is known. */
const UNSERVED_MS = 60_000;

const LOST_CLAIM = {
  code: 'lease_expired',
  text: 'stream cancelled after its worker lost the run',
  system: 'ai_transport_run_sweep',
};

export interface ChoresParts {
  readonly context: Pick<RealtimeContext, 'mutations' | 'publisher' | 'logger'>;
  readonly runs: RunLog;
  readonly steps: RunSteps;
  readonly policy: DuePolicy;
  readonly workers: WorkersSeen;
  readonly now: () => number;
}

export class Chores {
  readonly #parts: ChoresParts;

  constructor(parts: ChoresParts) {
    this.#parts = parts;
  }

  /**
   * Takes a run from the claim of this generation by `transition`, and does what is left to do then. A refused transition leaves
   * everything as it is.
   */
  async around(
    place: RunPlace,
    generation: number,
    transition: () => Promise<RunChangeResult>,
  ): Promise<RunChangeResult> {
    const { runs, now } = this.#parts;
    const log = runs.of(place.app);
    const key = keyOf(place.app, place.channel);
    // In this order: what was there before the claim was seen to be held is no stream of a later one.
    const { serial: streamsTo } = await log.head(key);
    const run = (await runs.run(place))?.run;
    if (run === undefined || !isHeldBy(run, generation)) return transition();
    const chore: Chore = { generation, streamsTo, owesEnd: false };
    const noted = await log.change(key, {
      kind: CHORE_KIND,
      id: place.runId,
      apply: (current) => choreContent(merged(current, chore), now()),
    });
    if (noted.kind === 'refused') throw noted.error;
    const result = await transition();
    await this.attempt(place, (noted.record && parseChore(noted.record.value)) ?? chore);
    return result;
  }

  /** Does the chore, or leaves it noted and says so in the log. */
  async attempt(place: RunPlace, chore: Chore): Promise<void> {
    try {
      await this.#perform(place, chore);
    } catch (error) {
      const { app, channel, runId } = place;
      this.#parts.context.logger.error(
        { err: error, app_id: app.id, channel, run_id: runId },
        'a run could not be cleared away; it is tried again',
      );
    }
  }

  async #perform(place: RunPlace, chore: Chore): Promise<void> {
    const run = (await this.#parts.runs.run(place))?.run ?? null;
    if (run !== null && isHeldBy(run, chore.generation)) return this.#remove(place, chore);
    await this.#closeStreams(place, chore.streamsTo);
    const owesEnd =
      chore.owesEnd || (run !== null && isTerminal(run.status) && run.endedSerial === undefined);
    if (run === null || !owesEnd) return this.#remove(place, chore);
    if (await this.#isServed(place, run)) return this.#tellEnd(place, run, chore);
    // Perhaps a worker that asked before the nodes were started asks again.
    if (run.updatedAtMs + UNSERVED_MS <= this.#parts.now()) await this.#remove(place, chore);
  }

  /** An agent that never claims tells the end itself. */
  async #isServed({ app, channel }: RunPlace, { generation }: RunRecord): Promise<boolean> {
    return generation > 0 || (await this.#parts.workers.serve(app.id, channel));
  }

  /** Unless more was noted meanwhile, which whoever noted it does. */
  async #remove({ app, channel, runId }: RunPlace, done: Chore): Promise<void> {
    const apply = (current: ChannelRecord | null) =>
      current !== null && isMoreThan(parseChore(current.value), done) ? 'keep' : null;
    await this.#parts.runs.of(app).change(keyOf(app, channel), { kind: CHORE_KIND, id: runId, apply });
  }

  async #closeStreams({ app, channel, runId }: RunPlace, streamsTo: number): Promise<void> {
    const { context, runs } = this.#parts;
    const log = runs.of(app);
    const key = keyOf(app, channel);
    for (const { messageSerial, serial } of await openStreamsOf(log, key, runId, MAX_OPEN_STREAMS)) {
      if (serial > streamsTo) continue;
      // Somebody else may change it in between: then it is looked at again.
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const state = await log.message(key, messageSerial);
        if (state === null || (await cancelStream(context, app, channel, state, LOST_CLAIM))) break;
      }
    }
  }

  /** Publishes the run's end, unless that was done. */
  async #tellEnd({ app, channel, runId }: RunPlace, run: RunRecord, chore: Chore): Promise<void> {
    const { clientId, invocationId, status, error } = run;
    const reason = status === 'cancelled' || status === 'complete' ? status : 'error';
    const { name, extras } = runEnd({ runId, clientId, invocationId }, reason, error);
    this.#parts.steps.claimStep(extras, this.#told(runId, chore));
    try {
      await this.#parts.context.publisher.publishEvent(app, {
        name,
        data: '"{}"',
        payloadBytes: 2,
        channels: [channel],
        info: null,
        extras,
      });
    } catch (refusal) {
      if (!(refusal instanceof AlreadyTold)) throw refusal;
    }
  }

  /** What changes with the end that is told. Either record says whether it was told before. */
  #told(runId: string, { owesEnd }: Chore): readonly RecordChange[] {
    const chore: RecordChange = {
      kind: CHORE_KIND,
      id: runId,
      apply(current) {
        if (owesEnd && current === null) throw new AlreadyTold();
        return null;
      },
    };
    const apply: RecordChange['apply'] = (current, occasion) => {
      const run = runOf(current);
      if (run === null || occasion === null) return 'keep';
      if (!owesEnd && run.endedSerial !== undefined) throw new AlreadyTold();
      const { serial } = occasion;
      return contentOf({ ...run, endedSerial: serial, serial }, current, this.#parts.policy);
    };
    return [chore, { kind: RUN_KIND, id: runId, apply }];
  }
}

class AlreadyTold extends Error {
  override readonly name = 'AlreadyTold';
}

const isHeldBy = (run: RunRecord, generation: number): boolean =>
  run.status === 'running' && run.lease !== undefined && run.generation === generation;

const isMoreThan = (noted: Chore | null, done: Chore): boolean =>
  noted !== null && (noted.generation > done.generation || (noted.owesEnd && !done.owesEnd));

/** A chore that was noted before and not done yet is done along with this one; of two notes about one claim the later counts. */
function merged(current: ChannelRecord | null, chore: Chore): Chore {
  const before = current === null ? null : parseChore(current.value);
  if (before === null) return chore;
  return before.generation > chore.generation ? before : { ...chore, owesEnd: before.owesEnd };
}
