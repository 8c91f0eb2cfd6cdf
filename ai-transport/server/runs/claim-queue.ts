// Gives queued runs to workers. Takes are made one after the other in each app, so that two workers never ask for the same run at
// once; where several nodes share the log, each looks again after it took one and gives it back if the channel has too many then.
import { isTerminal, type RunRecord } from '@sockudo/ai-transport/wire';
import { httpError, type ProtocolError } from '@sockudo/protocol';
import type { App } from '@sockudo/server/plugins';
import { keyOf, type RunChangeResult, type RunLog, type RunPlace, stored } from './run-log.ts';
import { RUN_KIND, type StoredRun, storedRunOf } from './stored-run.ts';
import type { WorkersSeen } from './workers-seen.ts';

/** What a worker wants. */
export interface ClaimWish {
  /** What the channels' names begin with. */
  readonly channelPrefix: string;
  readonly workerId: string;
  /** Runs at most. */
  readonly limit: number;
  readonly leaseMs: number;
  /** Live runs of one channel at most, those that run already included. */
  readonly perChannel: number;
}

export interface RunClaim {
  readonly channel: string;
  readonly run: StoredRun;
}

/** Queued runs that are looked at for one take; those of channels that have enough to do are passed over. */
const SEARCH_MAX = 256;

export interface ClaimQueueParts {
  readonly runs: RunLog;
  /** No other process claims. */
  readonly isAlone: boolean;
  readonly workers: WorkersSeen;
  readonly now: () => number;
}

export class ClaimQueue {
  readonly #parts: ClaimQueueParts;
  /** Ends of the last take of each app. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: ClaimQueueParts) {
    this.#parts = parts;
  }

  /** Oldest first; none where none waits. @throws ProtocolError 400 for the worker's id, 500 when the store failed */
  take(app: App, wish: ClaimWish): Promise<readonly RunClaim[]> {
    this.#parts.workers.saw(app.id, wish.channelPrefix);
    return this.#inTurn(app, () => this.#take(app, wish));
  }

  /**
   * Takes one run, which is made if the channel has none of this id.
   * @throws ProtocolError 409 `conflict` where it does not wait, 400 for the worker's id
   */
  async takeOne(place: RunPlace, workerId: string, leaseMs: number): Promise<StoredRun> {
    this.#parts.workers.saw(place.app.id, place.channel);
    const result = await this.#inTurn(place.app, async () => {
      const claimed = await this.#claim(place, workerId, leaseMs);
      if (claimed.kind === 'changed' || claimed.reason !== 'unknown_run') return claimed;
      const nowMs = this.#parts.now();
      await this.#parts.runs.changeBy(place, (run) => run ?? freshRun(place.runId, nowMs));
      return this.#claim(place, workerId, leaseMs);
    });
    if (result.kind === 'changed') return result.after;
    throw result.reason === 'record_too_large' ? workerIdTooLong() : notQueued(place.runId);
  }

  /** When the first of the runs that wait can be taken; null: none waits. */
  async firstAtMs(app: App, channelPrefix: string): Promise<number | null> {
    const [first] = await this.#search(app, channelPrefix, 1);
    return first === undefined ? null : (first.dueAtMs ?? 0);
  }

  async #take(app: App, { channelPrefix, workerId, limit, leaseMs, perChannel }: ClaimWish) {
    const claims: RunClaim[] = [];
    const busy = new Set<string>();
    for (const { key, id: runId } of await this.#search(app, channelPrefix, SEARCH_MAX, this.#parts.now())) {
      const { channel } = key;
      if (claims.length >= limit) break;
      if (busy.has(channel)) continue;
      if ((await this.#running(app, channel, perChannel)).length >= perChannel) {
        busy.add(channel);
        continue;
      }
      const place = { app, channel, runId };
      const result = await this.#claim(place, workerId, leaseMs);
      if (result.kind === 'refused') {
        if (result.reason === 'record_too_large') throw workerIdTooLong();
        continue;
      }
      if (await this.#isOneTooMany(place, result.after, perChannel)) busy.add(channel);
      else claims.push({ channel, run: result.after });
    }
    return claims;
  }

  #search(app: App, channelPrefix: string, limit: number, dueByMs?: number) {
    const search = { kind: RUN_KIND, state: 'queued', appId: app.id, channelPrefix, limit };
    return stored(() =>
      this.#parts.runs.of(app).search({ ...search, ...(dueByMs !== undefined && { dueByMs }) }),
    );
  }

  #claim({ app, channel, runId }: RunPlace, workerId: string, leaseMs: number): Promise<RunChangeResult> {
    const nowMs = this.#parts.now();
    return this.#parts.runs.change(
      { app, channel, runId },
      { kind: 'claim', runId, workerId, leaseMs, nowMs },
    );
  }

  async #running(app: App, channel: string, limit: number): Promise<readonly StoredRun[]> {
    const range = { states: ['running'], limit };
    const { records } = await stored(() =>
      this.#parts.runs.of(app).records(keyOf(app, channel), RUN_KIND, range),
    );
    return records.map(storedRunOf).filter((run) => run !== null);
  }

  /** Of two nodes that took one each at the same time, the one with the younger run gives it back. */
  async #isOneTooMany(place: RunPlace, { run, ordinal }: StoredRun, perChannel: number): Promise<boolean> {
    if (this.#parts.isAlone) return false;
    const { app, channel, runId } = place;
    const running = await this.#running(app, channel, perChannel + MOST_NODES);
    if (running.filter((other) => other.ordinal < ordinal).length < perChannel) return false;
    const { generation } = run;
    await this.#parts.runs.change(place, { kind: 'release', runId, generation, nowMs: this.#parts.now() });
    return true;
  }

  #inTurn<Answer>({ id }: App, act: () => Promise<Answer>): Promise<Answer> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const done = before.then(act);
    // The next one does not care how this one ended; whoever asked for it does.
    const end = done.then(ignore, ignore);
    this.#turns.set(id, end);
    void end.then(() => {
      if (this.#turns.get(id) === end) this.#turns.delete(id);
    });
    return done;
  }
}

/** Nodes that may take runs of one channel in the same moment. */
const MOST_NODES = 64;

const ignore = (): void => {};

const freshRun = (runId: string, nowMs: number): RunRecord => ({
  runId,
  status: 'queued',
  generation: 0,
  attempt: 0,
  followUps: [],
  cancelRequested: false,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  serial: 0,
});

/** A slot of the channel is free again. */
export const freesSlot = (before: RunRecord | null, after: RunRecord): boolean =>
  before?.status === 'running' && (after.status === 'suspended' || isTerminal(after.status));

const workerIdTooLong = (): ProtocolError => httpError('invalid_input', 'worker_id must be 1-128 bytes');

export const notQueued = (runId: string): ProtocolError =>
  httpError('conflict', `Run '${runId}' does not wait for a worker`);
