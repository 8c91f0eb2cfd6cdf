// Who was in a channel at a serial or a time, found by replaying its transitions from the oldest retained one. A replay that
// does not add up is refused, never guessed at (http.md section 6).
import { httpError, NO_BOUNDS, type ProtocolError } from '@sockudo/protocol';
import type { StreamState } from '../ports/channel-log.ts';
import { isTruncated } from '../ports/history-range.ts';
import type { StoredTransition } from './transition.ts';
import { nextTurn, readTransitions, type TransitionLog } from './transition-log.ts';

/** Both inclusive; null: up to now. */
export interface SnapshotPoint {
  readonly atSerial: number | null;
  readonly atTimeMs: number | null;
}

export interface Snapshot {
  /** Latest transition of each member, sorted by user id. */
  readonly members: readonly StoredTransition[];
  readonly replayed: number;
  /** The last transition that was replayed; null: there was none. */
  readonly last: StoredTransition | null;
  readonly retained: StreamState;
  readonly isTruncated: boolean;
  /** Nothing before the first replayed transition is missing, and none was lost. */
  readonly isComplete: boolean;
}

export interface SnapshotOptions {
  /** The channel's history has lost nothing. */
  readonly isHealthy: boolean;
  /** Transitions read at a time, default 1000. */
  readonly pageRows?: number;
}

const PAGE_ROWS = 1_000;

/** @throws ProtocolError 400 `invalid_input` when the replay is not continuous, or a complete one contradicts itself */
export async function snapshotAt(
  source: TransitionLog,
  point: SnapshotPoint,
  { isHealthy, pageRows = PAGE_ROWS }: SnapshotOptions,
): Promise<Snapshot> {
  // Bounds by time may select serials with holes between them, where the clocks of writers differ.
  const replay = new Replay(point.atTimeMs === null);
  await replayAll(source, point, pageRows, replay);
  const retained = await source.log.state(source.key);
  const truncated = isTruncated(NO_BOUNDS, retained);
  const isComplete = !truncated && isHealthy;
  if (isComplete) replay.requireSound();
  return {
    members: replay.members(),
    replayed: replay.count,
    last: replay.last,
    retained,
    isTruncated: truncated,
    isComplete,
  };
}

async function replayAll(
  source: TransitionLog,
  { atSerial, atTimeMs }: SnapshotPoint,
  limit: number,
  replay: Replay,
): Promise<void> {
  for (;;) {
    const { last } = replay;
    const page = await readTransitions(source, {
      direction: 'oldest-first',
      limit,
      ...(last !== null && { from: { streamId: last.streamId, serial: last.serial } }),
      ...(atSerial !== null && { endSerial: atSerial }),
      ...(atTimeMs !== null && { endTimeMs: atTimeMs }),
    });
    if (page.kind === 'gap') {
      throw refusal(page.reason === 'other-stream' ? 'the stream changed' : 'transitions were removed');
    }
    for (const transition of page.transitions) replay.apply(transition);
    if (!page.more || page.transitions.length === 0) return;
    await nextTurn();
  }
}

/** Membership as a function of the transitions applied so far. */
export class Replay {
  readonly #members = new Map<string, StoredTransition>();
  readonly #wantsAdjacency: boolean;
  #first: StoredTransition | null = null;
  #last: StoredTransition | null = null;
  #count = 0;
  #contradiction: string | null = null;

  /** `wantsAdjacency`: the serials are to follow one another without holes. */
  constructor(wantsAdjacency: boolean) {
    this.#wantsAdjacency = wantsAdjacency;
  }

  get last(): StoredTransition | null {
    return this.#last;
  }

  get count(): number {
    return this.#count;
  }

  apply(transition: StoredTransition): void {
    this.#requireContinuity(transition);
    this.#first ??= transition;
    this.#last = transition;
    this.#count += 1;
    const { event, user_id: userId } = transition.event;
    const isMember = this.#members.has(userId);
    if (isMember === (event === 'member_added')) this.#contradiction ??= contradictionOf(event, transition);
    if (event === 'member_removed') this.#members.delete(userId);
    else if (event === 'member_added' || isMember) this.#members.set(userId, transition);
  }

  /** @throws ProtocolError 400 when what claims to be the whole history cannot be. */
  requireSound(): void {
    if (!this.#wantsAdjacency) return;
    if (this.#first !== null && this.#first.serial !== 1) throw refusal('its first transitions are missing');
    if (this.#contradiction !== null) throw refusal(this.#contradiction);
  }

  members(): StoredTransition[] {
    const members = [...this.#members].sort(([a], [b]) => (a < b ? -1 : 1));
    return members.map(([, transition]) => transition);
  }

  #requireContinuity({ streamId, serial }: StoredTransition): void {
    const last = this.#last;
    if (last === null) return;
    if (streamId !== last.streamId) throw refusal('the stream changed');
    const follows = this.#wantsAdjacency ? serial === last.serial + 1 : serial > last.serial;
    if (!follows) throw refusal(`serial ${serial} does not follow ${last.serial}`);
  }
}

function contradictionOf(event: string, { serial }: StoredTransition): string {
  if (event === 'member_added') return `serial ${serial} adds a member who was there already`;
  return `serial ${serial} is about a user who had not joined`;
}

const refusal = (why: string): ProtocolError =>
  httpError('invalid_input', `Presence snapshot is not available: ${why}`);
