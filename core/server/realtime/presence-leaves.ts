// Departures from presence channels. A clean leave counts at once; a connection that vanished may be held for a while, so
// that a reload or a tunnel does not look like leaving (realtime.md section 3.6). The held socket stays a member of the
// presence store, so a new connection of the same user needs no special care: the last one to go announces it.
import { PRESENCE_HELD_DEPARTURES_MAX } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Deadline, DeadlineWheel } from './deadline-wheel.ts';

export type Leave = (app: App, channel: string, socketId: string) => void;

export class PresenceLeaves {
  readonly #wheel: DeadlineWheel;
  readonly #leave: Leave;
  readonly #held = new Set<HeldLeave>();

  constructor(wheel: DeadlineWheel, leave: Leave) {
    this.#wheel = wheel;
    this.#leave = leave;
  }

  leave(app: App, channel: string, socketId: string, graceMs: number): void {
    if (graceMs <= 0 || this.#held.size >= PRESENCE_HELD_DEPARTURES_MAX) {
      this.#leave(app, channel, socketId);
      return;
    }
    const held = new HeldLeave(() => {
      this.#held.delete(held);
      this.#leave(app, channel, socketId);
    });
    this.#held.add(held);
    held.slot = this.#wheel.schedule(held, graceMs);
  }

  /** Lets every held departure go now. */
  close(): void {
    for (const held of this.#held) {
      this.#wheel.cancel(held, held.slot);
      held.due();
    }
  }
}

class HeldLeave implements Deadline {
  readonly due: () => void;
  slot = 0;

  constructor(due: () => void) {
    this.due = due;
  }
}
