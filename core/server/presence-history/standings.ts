// What the log last said about each user of one channel: enough to tell a new transition from a repeated report of an old one.
// Pure bookkeeping; recorder.ts keeps it level with the log.
import type { Position } from '../ports/channel-log.ts';
import type { StoredTransition, Transition, TransitionEvent } from './transition.ts';

interface Standing {
  event: TransitionEvent;
  /** Of the latest transition; Infinity while it is being stored. */
  serial: number;
  /** The last dedupe key of each event: reports of one channel come in order, so a late one repeats a last one. */
  readonly keys: Partial<Record<TransitionEvent, string>>;
}

/** Below this many users it is not worth looking for those that the log has forgotten. */
const PRUNE_AT = 1_024;

export class Standings {
  /** Entries up to here have been seen; null: none yet. */
  position: Position | null = null;
  readonly #users = new Map<string, Standing>();
  #pruneAt = PRUNE_AT;

  /** Users known. */
  get size(): number {
    return this.#users.size;
  }

  /**
   * True when the transition is new; it then counts as said. A transition is a repetition when its key was seen, or when the
   * user's latest retained transition has the same event (http.md section 6).
   *
   * @param oldestSerial oldest retained entry; what lies below it is forgotten
   */
  admit({ userId, event, dedupeKey }: Transition, oldestSerial: number): boolean {
    const known = this.#users.get(userId);
    const isRetained = known !== undefined && known.serial >= oldestSerial;
    if (isRetained && (known.event === event || known.keys[event] === dedupeKey)) return false;
    this.#say(userId, event, dedupeKey, Number.POSITIVE_INFINITY);
    return true;
  }

  observe({ streamId, serial, event: { user_id: userId, event, dedupe_key } }: StoredTransition): void {
    this.#say(userId, event, dedupe_key, serial);
    this.position = { streamId, serial };
  }

  /** Drops users about whom nothing is retained, now and then. */
  forgetBelow(oldestSerial: number): void {
    if (this.#users.size < this.#pruneAt) return;
    for (const [userId, { serial }] of this.#users) if (serial < oldestSerial) this.#users.delete(userId);
    this.#pruneAt = Math.max(PRUNE_AT, 2 * this.#users.size);
  }

  #say(userId: string, event: TransitionEvent, dedupeKey: string, serial: number): void {
    const known = this.#users.get(userId);
    if (known === undefined) {
      this.#users.set(userId, { event, serial, keys: { [event]: dedupeKey } });
      return;
    }
    known.event = event;
    known.serial = serial;
    known.keys[event] = dedupeKey;
  }
}

/**
 * Standings of the channels used last, bounded by users over all of them (one channel alone may have more). What is dropped is
 * read from the log again.
 */
export class StandingsCache {
  readonly #maxUsers: number;
  readonly #channels = new Map<string, Standings>();
  #users = 0;

  constructor(maxUsers: number) {
    this.#maxUsers = maxUsers;
  }

  /** Hands the standings out until they are given back; nobody else gets them meanwhile. */
  take(id: string): Standings | undefined {
    const standings = this.#channels.get(id);
    if (standings === undefined) return undefined;
    this.#channels.delete(id);
    this.#users -= standings.size;
    return standings;
  }

  give(id: string, standings: Standings): void {
    this.#channels.set(id, standings);
    this.#users += standings.size;
    for (const oldest of this.#channels.keys()) {
      if (this.#users <= this.#maxUsers) return;
      if (oldest !== id) this.take(oldest);
    }
  }
}
