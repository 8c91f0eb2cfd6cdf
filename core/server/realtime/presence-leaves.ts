// Departures from presence channels. A clean leave counts at once; a connection that vanished may be held for a while, so
// that a reload or a tunnel does not look like leaving (realtime.md section 3.6). The held socket stays a member of the
// presence store, so a new connection of the same user needs no special care: the last one to go announces it.
import { PRESENCE_HELD_DEPARTURES_MAX } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { TransitionCause } from '../presence-history/transition.ts';
import type { Deadline, DeadlineWheel } from './deadline-wheel.ts';

/** Why a member goes; `timeout`: it was held and did not come back. */
export type LeaveCause = Extract<TransitionCause, 'disconnect' | 'forced_disconnect' | 'timeout'>;

export interface Departure {
  readonly app: App;
  readonly channel: string;
  readonly socketId: string;
  readonly cause: LeaveCause;
}

export type Leave = (departure: Departure) => void;

export class PresenceLeaves {
  readonly #wheel: DeadlineWheel;
  readonly #leave: Leave;
  readonly #held = new Set<HeldLeave>();

  constructor(wheel: DeadlineWheel, leave: Leave) {
    this.#wheel = wheel;
    this.#leave = leave;
  }

  leave(departure: Departure, graceMs: number): void {
    if (graceMs <= 0 || this.#held.size >= PRESENCE_HELD_DEPARTURES_MAX) {
      this.#leave(departure);
      return;
    }
    const held = new HeldLeave(departure, () => {
      this.#held.delete(held);
      this.#leave({ ...departure, cause: 'timeout' });
    });
    this.#held.add(held);
    held.slot = this.#wheel.schedule(held, graceMs);
  }

  /** Lets every held departure go now. */
  close(): void {
    for (const held of this.#held) {
      this.#wheel.cancel(held, held.slot);
      this.#leave(held.departure);
    }
    this.#held.clear();
  }
}

class HeldLeave implements Deadline {
  readonly departure: Departure;
  readonly due: () => void;
  slot = 0;

  constructor(departure: Departure, due: () => void) {
    this.departure = departure;
    this.due = due;
  }
}
