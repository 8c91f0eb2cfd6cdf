// Writes transitions to the log behind everybody's back: `record` only queues, and a later turn of the event loop stores what
// has come together, channel by channel in order. Nothing here can fail or delay a join. What cannot be queued or stored is
// lost, counted, and shown in the health of that channel's history.
import type { Logger } from 'pino';
import type { Counters } from '../metrics/counters.ts';
import type { Retention, StreamState } from '../ports/channel-log.ts';
import { Standings, StandingsCache } from './standings.ts';
import type { StreamHealth } from './stream-health.ts';
import { draftOf, storedTransition, type Transition } from './transition.ts';
import { nextTurn, readTransitions, type TransitionLog } from './transition-log.ts';

export interface RecorderBounds {
  /** Most text waiting to be stored over all channels, in characters. */
  readonly maxWaitingChars: number;
  /** Most users whose standing is remembered over all channels. */
  readonly maxKnownUsers: number;
}

export const RECORDER_BOUNDS: RecorderBounds = {
  maxWaitingChars: 64 * 1024 * 1024,
  maxKnownUsers: 200_000,
};

export interface RecorderDeps {
  readonly counters: Counters;
  readonly logger: Logger;
  readonly health: StreamHealth;
  readonly bounds: RecorderBounds;
}

/** Where a channel's transitions go. `id` is unique in the server. */
export interface Destination extends TransitionLog {
  readonly id: string;
  readonly retention: Retention;
}

/** Transitions of one channel stored in one commit. */
const BATCH_MAX = 256;
/** Entries read at a time to get level with the log. */
const READ_MAX = 1_000;
/** How often reading may start over because the log was trimmed or reset meanwhile. */
const RESTARTS_MAX = 3;
/** What a waiting transition weighs besides its texts, in characters. */
const TRANSITION_CHARS = 256;

/** The transitions of one channel that wait or are being stored. Exists only while there are any. */
class Lane {
  readonly waiting: Transition[] = [];
  accepted = 0;
  decided = 0;
  /** Ends with the batch in work. Never rejects. */
  turn: Promise<void> = nextTurn();
}

export class Recorder {
  readonly #deps: RecorderDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #standings: StandingsCache;
  #waitingChars = 0;
  #waiting = 0;
  #isClosed = false;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#standings = new StandingsCache(deps.bounds.maxKnownUsers);
  }

  /** Transitions accepted and not yet stored. */
  get queueDepth(): number {
    return this.#waiting;
  }

  record(destination: Destination, transition: Transition): void {
    const chars = weight(transition);
    const isFull = this.#waitingChars + chars > this.#deps.bounds.maxWaitingChars;
    if (this.#isClosed || isFull) {
      const reason = isFull ? 'presence_history_queue_full' : 'presence_history_write_failed';
      this.#lost(destination, reason, 1);
      return;
    }
    this.#waiting += 1;
    this.#waitingChars += chars;
    let lane = this.#lanes.get(destination.id);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(destination.id, lane);
      void this.#drain(destination, lane);
    }
    lane.waiting.push(transition);
    lane.accepted += 1;
  }

  /** Resolves when everything recorded of a channel up to now is stored, or lost. */
  async settled(id: string): Promise<void> {
    const lane = this.#lanes.get(id);
    if (lane === undefined) return;
    const until = lane.accepted;
    while (lane.decided < until) await lane.turn;
  }

  /** Stores what waits. Whatever is recorded later is lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#lanes.keys()].map((id) => this.settled(id)));
  }

  /** Never rejects, because no batch does. */
  async #drain(destination: Destination, lane: Lane): Promise<void> {
    await lane.turn;
    while (lane.waiting.length > 0) {
      const batch = lane.waiting.splice(0, BATCH_MAX);
      lane.turn = this.#store(destination, lane, batch);
      await lane.turn;
    }
    this.#lanes.delete(destination.id);
  }

  async #store(destination: Destination, lane: Lane, batch: readonly Transition[]): Promise<void> {
    const startedAtMs = performance.now();
    const counters = this.#deps.counters.of(destination.key.appId);
    try {
      counters.presenceHistoryWrites += await this.#commit(destination, batch);
      counters.presenceHistoryWriteLatencyMs.observe(performance.now() - startedAtMs);
    } catch (error) {
      this.#lost(destination, 'presence_history_write_failed', batch.length, error);
    } finally {
      lane.decided += batch.length;
      this.#waiting -= batch.length;
      for (const transition of batch) this.#waitingChars -= weight(transition);
    }
  }

  /** Answers how many of the batch were new. */
  async #commit(destination: Destination, batch: readonly Transition[]): Promise<number> {
    const { id, log, key, retention } = destination;
    const state = await log.state(key);
    const standings = await levelStandings(destination, state, this.#standings.take(id));
    const oldestSerial = state.oldestSerial ?? Number.POSITIVE_INFINITY;
    standings.forgetBelow(oldestSerial);
    const fresh = batch.filter((transition) => standings.admit(transition, oldestSerial));
    if (fresh.length > 0) {
      // Standings are given back only after success: after a failure nobody knows what the log holds.
      const entries = fresh.map((transition) => draftOf(key, transition, retention));
      const result = await log.commit({ entries, receipts: [] });
      if (result.kind !== 'committed') throw new Error('a commit without receipts found one');
      for (const entry of result.entries) standings.observe(storedTransition(entry));
    }
    this.#standings.give(id, standings);
    return fresh.length;
  }

  #lost({ id, log, key }: Destination, reason: string, count: number, error?: unknown): void {
    const { counters, logger, health } = this.#deps;
    counters.of(key.appId).presenceHistoryWriteFailures += count;
    if (health.of(id) === null) {
      logger.error({ err: error, app_id: key.appId, reason, count }, 'presence history lost transitions');
    }
    health.lost(id, reason);
    log.state(key).then(
      ({ messages }) => {
        if (messages > 0) health.requireReset(id);
      },
      // A store that cannot be asked may retain something.
      () => health.requireReset(id),
    );
  }
}

/** Brings standings level with the log, from `known` on where the log continues it, else from its oldest entry. */
async function levelStandings(
  source: TransitionLog,
  { head }: StreamState,
  known: Standings = new Standings(),
): Promise<Standings> {
  let standings = known.position?.streamId === head.streamId ? known : new Standings();
  let restarts = 0;
  while ((standings.position?.serial ?? 0) < head.serial) {
    const { position } = standings;
    const page = await readTransitions(source, {
      direction: 'oldest-first',
      limit: READ_MAX,
      ...(position !== null && { from: position }),
    });
    if (page.kind === 'gap') {
      restarts += 1;
      if (restarts > RESTARTS_MAX) throw new Error(`a presence history cannot be read on: ${page.reason}`);
      standings = new Standings();
      continue;
    }
    for (const transition of page.transitions) standings.observe(transition);
    if (!page.more) {
      standings.position = page.head;
      break;
    }
    await nextTurn();
  }
  return standings;
}

const weight = ({ userId, info, dedupeKey }: Transition): number =>
  TRANSITION_CHARS + userId.length + dedupeKey.length + (info?.length ?? 0);
