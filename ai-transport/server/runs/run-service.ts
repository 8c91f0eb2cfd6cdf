// The parts that look after runs, once the server is there, and what each has to know of a change that another one made.
import type { RunRecord } from '@sockudo/ai-transport/wire';
import { httpError } from '@sockudo/protocol';
import {
  type App,
  type AppCall,
  channelParameter,
  type HttpDeps,
  type Publication,
  type RealtimeContext,
} from '@sockudo/server/plugins';
import type { RecordContent } from '@sockudo/server/ports';
import type { AiChannels } from '../channels.ts';
import { announceRun } from './announce-run.ts';
import { BoundRuns } from './bound-runs.ts';
import { Chores } from './chores.ts';
import { ClaimQueue, freesSlot } from './claim-queue.ts';
import { ClaimWaiters } from './claim-waiters.ts';
import type { HeldFences } from './held-fences.ts';
import type { WriteDeps } from './routes-write.ts';
import { RunLog } from './run-log.ts';
import type { RunOutcome, RunSteps } from './run-steps.ts';
import { RunSweep } from './run-sweep.ts';
import type { SocketDeps } from './socket-requests.ts';
import type { DuePolicy, StoredRun } from './stored-run.ts';
import { WorkersSeen } from './workers-seen.ts';

export interface RunServiceParts {
  readonly context: RealtimeContext;
  readonly channels: AiChannels;
  readonly steps: RunSteps;
  readonly held: HeldFences;
  readonly policy: DuePolicy;
  /** No other process changes the log. */
  readonly isAlone: boolean;
  readonly now: () => number;
}

export class RunService {
  readonly runs: RunLog;
  readonly http: WriteDeps;
  readonly socket: SocketDeps;
  readonly sweep: RunSweep;
  readonly #context: RealtimeContext;
  readonly #chores: Chores;
  readonly #waiters: ClaimWaiters;
  readonly #bound: BoundRuns;
  /** What goes on beside the requests. */
  readonly #work = new Set<Promise<void>>();

  /** Looks after runs from now on, until it is closed. */
  constructor({ context, channels, steps, held, policy, isAlone, now }: RunServiceParts) {
    this.#context = context;
    const runs = new RunLog({
      logs: context.logs,
      policy,
      held,
      onChange: ({ app, channel }, { before, after }) => this.#changed(app, channel, before, after),
    });
    const workers = new WorkersSeen(now, isAlone ? null : context.cache);
    const chores = new Chores({ context, runs, steps, policy, workers, now });
    const queue = new ClaimQueue({ runs, isAlone, workers, now });
    this.runs = runs;
    this.#chores = chores;
    this.#waiters = new ClaimWaiters({ queue, isAlone, now });
    this.#bound = new BoundRuns(runs);
    this.sweep = new RunSweep({ context, runs, chores, policy, isAlone, now });
    this.socket = { channels, runs, now };
    this.http = {
      runs,
      queue,
      chores,
      now,
      waiters: this.#waiters,
      channelOf: (call, deps) => aiChannelOf(channels, call, deps),
    };
    this.sweep.wakeAt(now());
  }

  /** An event was stored that changed a run. */
  stored({ app, channel }: Publication, { before, after, content, chore }: RunOutcome): void {
    this.#changed(app, channel, before, storedAs(after, content));
    if (chore !== null) this.#inBackground(this.#chores.attempt({ app, channel, runId: after.runId }, chore));
  }

  async close(): Promise<void> {
    this.#waiters.close();
    await this.sweep.close();
    await Promise.all(this.#work);
  }

  #changed(app: App, channel: string, before: RunRecord | null, after: Changed): void {
    const { run, queuedAtMs } = after;
    // A longer lease is no news.
    if (before === null || !isSameButLease(before, run)) announceRun(this.#context, app, channel, after);
    if (queuedAtMs !== undefined || freesSlot(before, run)) this.#waiters.wake(app.id, channel);
    if (run.lease !== undefined) this.sweep.wakeAt(run.lease.expiresAtMs);
    if (before === null) this.#inBackground(this.#bound.opened(app, channel));
  }

  #inBackground(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => this.#context.logger.error({ err: error }, 'runs could not be looked after'))
      .finally(() => this.#work.delete(done));
    this.#work.add(done);
  }
}

type Changed = Pick<StoredRun, 'run' | 'queuedAtMs'>;

const storedAs = (run: RunRecord, { state, dueAtMs }: RecordContent): Changed => ({
  run,
  ...(state === 'queued' && dueAtMs !== undefined && { queuedAtMs: dueAtMs }),
});

/** A heartbeat changes nothing else. */
function isSameButLease(before: RunRecord, after: RunRecord): boolean {
  if (before.generation !== after.generation || after.lease === undefined) return false;
  return before.lease !== undefined && before.serial === after.serial && before.status === after.status;
}

/** @throws ProtocolError 400 for a name that no channel can have, 422 where the channel has no runs */
function aiChannelOf(channels: AiChannels, call: AppCall, deps: HttpDeps): string {
  const channel = channelParameter(call, deps);
  if (channels.has(channel)) return channel;
  throw httpError('feature_disabled', 'AI Transport is not enabled for this channel');
}
