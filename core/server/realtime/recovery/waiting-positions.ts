// Positions of one connection whose channels it has not subscribed yet: clients send their resume before private channels are
// authorised. Each waits for its subscribe, for a short time, and there are not many of them (divergence D33).
import { matchesWildcard, RECOVERY_PENDING_SECONDS } from '@sockudo/protocol';
import type { Deadline, DeadlineWheel } from '../deadline-wheel.ts';
import type { Subscription } from '../subscription.ts';
import type { WaitingPosition } from './resume-request.ts';

/** Positions that one connection may have waiting; more fail at once. */
export const WAITING_POSITIONS_MAX = 1_000;

export class WaitingPositions {
  readonly #wheel: DeadlineWheel;
  readonly #onLate: (waiting: WaitingPosition) => void;
  readonly #groups = new Set<Group>();
  #size = 0;

  /** `onLate`: gets every position whose subscribe did not come in time. */
  constructor(wheel: DeadlineWheel, onLate: (waiting: WaitingPosition) => void) {
    this.#wheel = wheel;
    this.#onLate = onLate;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The positions of one resume; answers those for which there is no room. */
  add(positions: readonly WaitingPosition[]): readonly WaitingPosition[] {
    const room = Math.max(0, WAITING_POSITIONS_MAX - this.#size);
    const kept = positions.slice(0, room);
    if (kept.length > 0) {
      this.#size += kept.length;
      this.#groups.add(new Group(this.#wheel, kept, (group) => this.#late(group)));
    }
    return positions.slice(room);
  }

  /** The positions that a new subscription is for: its own channel's, or those that its pattern covers. */
  takeFor({ channel: { name, kind } }: Subscription): readonly WaitingPosition[] {
    const isPattern = kind.kind === 'wildcard';
    return this.#take(({ channel }) => channel === name || (isPattern && matchesWildcard(name, channel)));
  }

  /** The positions of a channel whose subscribe was refused. */
  takeNamed(name: string): readonly WaitingPosition[] {
    return this.#take(({ channel }) => channel === name);
  }

  close(): void {
    for (const group of this.#groups) group.close();
    this.#groups.clear();
    this.#size = 0;
  }

  #take(isWanted: (waiting: WaitingPosition) => boolean): readonly WaitingPosition[] {
    const taken: WaitingPosition[] = [];
    for (const group of this.#groups) {
      taken.push(...group.take(isWanted));
      if (group.isEmpty) this.#end(group);
    }
    this.#size -= taken.length;
    return taken;
  }

  #late(group: Group): void {
    const late = group.take(() => true);
    this.#size -= late.length;
    this.#end(group);
    for (const waiting of late) this.#onLate(waiting);
  }

  #end(group: Group): void {
    group.close();
    this.#groups.delete(group);
  }
}

/** The waiting positions of one resume, which share a deadline. */
class Group implements Deadline {
  readonly #wheel: DeadlineWheel;
  readonly #onDue: (group: Group) => void;
  readonly #slot: number;
  #positions: readonly WaitingPosition[];

  constructor(wheel: DeadlineWheel, positions: readonly WaitingPosition[], onDue: (group: Group) => void) {
    this.#wheel = wheel;
    this.#positions = positions;
    this.#onDue = onDue;
    this.#slot = wheel.schedule(this, RECOVERY_PENDING_SECONDS * 1000);
  }

  get isEmpty(): boolean {
    return this.#positions.length === 0;
  }

  take(isWanted: (waiting: WaitingPosition) => boolean): readonly WaitingPosition[] {
    const taken = this.#positions.filter(isWanted);
    if (taken.length > 0) this.#positions = this.#positions.filter((waiting) => !isWanted(waiting));
    return taken;
  }

  due(): void {
    this.#onDue(this);
  }

  close(): void {
    this.#wheel.cancel(this, this.#slot);
  }
}
