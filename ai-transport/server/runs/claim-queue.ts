// Gives queued runs to workers. Takes are made one after the other in each app, so that two workers never ask for the same run at
// once; where several nodes share the log, each looks again after it took one and gives it back if the channel has too many then.
import { isTerminal, newRun, type RunRecord } from '@sockudo/ai-transport/wire';
import { httpError, type ProtocolError } from '@sockudo/protocol';
import type { App } from '@sockudo/server/plugins';
import type { RecordSearch } from '@sockudo/server/ports';
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

export interface Take {
  readonly claims: readonly RunClaim[];
  /** Channels that were passed over because they have enough to do. */
  readonly busy: readonly string[];
}

/** Queued runs that are looked at together. */
const SEARCH_MAX = 64;
/** Of the id of a run that a claim makes: its record has to hold more, and control characters take six bytes. */
const RUN_ID_MAX_JSON_BYTES = 4096;
/** How often it is looked for more in one take: there may be many that wait in channels which have enough to do. */
const LOOKS_MAX = 32;

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
  take(app: App, wish: ClaimWish): Promise<Take> {
    this.#parts.workers.saw(app.id, wish.channelPrefix);
    return this.#inTurn(app, () => this.#take(app, wish));
  }

  /**
   * Takes one run, which is made if the channel has none of this id.
   * @throws ProtocolError 409 `conflict` where it does not wait, 400 for the worker's id, and for a run's that is too long to be kept
   */
  async takeOne(place: RunPlace, workerId: string, leaseMs: number): Promise<StoredRun> {
    this.#parts.workers.saw(place.app.id, place.channel);
    const result = await this.#inTurn(place.app, async () => {
      const claimed = await this.#claim(place, workerId, leaseMs);
      if (claimed.kind === 'changed' || claimed.reason !== 'unknown_run') return claimed;
      const fresh = newRun(place.runId, this.#parts.now());
      if (Buffer.byteLength(JSON.stringify(place.runId)) > RUN_ID_MAX_JSON_BYTES) throw runIdTooLong();
      await this.#parts.runs.changeBy(place, (run) => run ?? fresh);
      return this.#claim(place, workerId, leaseMs);
    });
    if (result.kind === 'changed') return result.after;
    throw result.reason === 'record_too_large' ? workerIdTooLong() : notQueued(place.runId);
  }

  /** When the first of the runs that wait in other channels than these can be taken; null: none waits. */
  async firstAtMs(app: App, channelPrefix: string, busy: readonly string[]): Promise<number | null> {
    const [first] = await this.#search(app, channelPrefix, 1, { exceptChannels: busy });
    return first === undefined ? null : (first.dueAtMs ?? 0);
  }

  /** What waits in one channel, however much it is, keeps nobody from what waits in another. */
  async #take(app: App, wish: ClaimWish): Promise<Take> {
    const claims: RunClaim[] = [];
    const busy = new Set<string>();
    for (let look = 0; look < LOOKS_MAX && claims.length < wish.limit; look += 1) {
      const [busyBefore, claimedBefore] = [busy.size, claims.length];
      const found = await this.#search(app, wish.channelPrefix, SEARCH_MAX, {
        dueByMs: this.#parts.now(),
        exceptChannels: [...busy],
      });
      for (const { key, id: runId } of found) {
        if (claims.length >= wish.limit) break;
        const { channel } = key;
        if (busy.has(channel)) continue;
        const taken = await this.#takeOf({ app, channel, runId }, wish);
        if (taken === 'busy') busy.add(channel);
        else if (taken !== 'gone') claims.push(taken);
      }
      const isSame = busy.size === busyBefore && claims.length === claimedBefore;
      if (found.length < SEARCH_MAX || isSame) break;
    }
    return { claims, busy: [...busy] };
  }

  /** `busy`: its channel has enough to do. `gone`: somebody else was quicker. */
  async #takeOf(
    place: RunPlace,
    { workerId, leaseMs, perChannel }: ClaimWish,
  ): Promise<RunClaim | 'busy' | 'gone'> {
    const { app, channel } = place;
    if ((await this.#running(app, channel, perChannel)).length >= perChannel) return 'busy';
    const result = await this.#claim(place, workerId, leaseMs);
    if (result.kind === 'refused') {
      if (result.reason === 'record_too_large') throw workerIdTooLong();
      return 'gone';
    }
    if (await this.#isOneTooMany(place, result.after, perChannel)) return 'busy';
    return { channel, run: result.after };
  }

  #search(
    app: App,
    channelPrefix: string,
    limit: number,
    more: Pick<RecordSearch, 'dueByMs' | 'exceptChannels'> = {},
  ) {
    const search = { kind: RUN_KIND, state: 'queued', appId: app.id, channelPrefix, limit };
    return stored(() => this.#parts.runs.of(app).search({ ...search, ...more }));
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

/** A slot of the channel is free again. */
export const freesSlot = (before: RunRecord | null, after: RunRecord): boolean =>
  before?.status === 'running' && (after.status === 'suspended' || isTerminal(after.status));

const workerIdTooLong = (): ProtocolError => httpError('invalid_input', 'worker_id must be 1-128 bytes');

const runIdTooLong = (): ProtocolError =>
  httpError('invalid_input', 'The id of the run is too long to be claimed');

export const notQueued = (runId: string): ProtocolError =>
  httpError('conflict', `Run '${runId}' does not wait for a worker`);
