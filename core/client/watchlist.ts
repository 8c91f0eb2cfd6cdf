/**
 * `user.watchlist`: which watched users come and go. Sockudo sends frames named `online` and `offline`, Pusher one
 * `watchlist_events` frame, our server both, one after the other (divergences D28, D87): each change is announced once.
 */
import { isJsonObject, member, stringMember } from '@sockudo/protocol';
import { Emitter } from './emitter.ts';
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
import type { Runtime } from './runtime.ts';
import { stringsOf } from './values.ts';

export interface WatchlistEvent {
  readonly name: string;
  readonly user_ids: readonly string[];
}

export interface WatchlistEvents {
  online: WatchlistEvent;
  offline: WatchlistEvent;
}

/** Announcements remembered until the combined frame repeats them; a server that never sends one can't make this grow. */
const REMEMBERED_MAX = 1000;

export class Watchlist extends Emitter<WatchlistEvents> {
  readonly #names: EventNames;
  /** Changes (`online u-7`) announced by single frames and not yet repeated by a combined one. */
  readonly #announced = new Set<string>();

  constructor(names: EventNames, runtime: Runtime) {
    super({ report: runtime.report });
    this.#names = names;
  }

  /** For internal use: looks at every frame. */
  handleFrame(frame: Frame): void {
    if (frame.event === this.#names.internal('watchlist_events')) this.#combined(frame.data);
    else if (frame.channel === undefined && (frame.event === 'online' || frame.event === 'offline')) {
      this.#single(frame.event, frame.data);
    }
  }

  /** For internal use: the connection is gone. */
  lost(): void {
    this.#announced.clear();
  }

  #single(name: 'online' | 'offline', data: unknown): void {
    const userIds = isJsonObject(data) ? stringsOf(member(data, 'user_ids')) : [];
    for (const id of userIds) {
      if (this.#announced.size < REMEMBERED_MAX) this.#announced.add(`${name} ${id}`);
    }
    this.#announce(name, userIds);
  }

  #combined(data: unknown): void {
    const events = isJsonObject(data) ? member(data, 'events') : undefined;
    const announced = new Set(this.#announced);
    this.#announced.clear();
    for (const event of Array.isArray(events) ? events.filter(isJsonObject) : []) {
      const name = stringMember(event, 'name') ?? '';
      const userIds = stringsOf(member(event, 'user_ids'));
      this.#announce(
        name,
        userIds.filter((id) => !announced.has(`${name} ${id}`)),
      );
    }
  }

  #announce(name: string, userIds: readonly string[]): void {
    if (name !== '' && userIds.length > 0)
      this.emit(name, { name, user_ids: userIds } satisfies WatchlistEvent);
  }
}
