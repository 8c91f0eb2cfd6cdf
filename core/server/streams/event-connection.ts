// A connection whose frames are Server-Sent Events. Each event gets the id from which the reader can go on without a hole and
// without hearing anything twice.
import type { Position } from '../ports/channel-log.ts';
import { Connection, type ConnectionOptions } from '../realtime/connection.ts';
import { type BlockPlace, placeOf } from '../realtime/event-block.ts';
import { encodeEventId, type From } from './event-ids.ts';

/** One channel of a stream. */
interface Track {
  /** The reader has everything up to here. */
  position: Position | null;
  /** What its acknowledgement named. */
  acknowledged: Position | null;
  /** It is being told what it missed: until then the acknowledgement covers nothing. */
  isCatchingUp: boolean;
}

const SUBSCRIBED = 'sockudo_internal:subscription_succeeded';
const RESUME_FAILED = 'sockudo:resume_failed';
const RESUMED = 'sockudo:resume_success';

export class EventConnection extends Connection {
  readonly #tracks = new Map<string, Track>();
  #id: string;

  /** `channels`: in the order of their positions in an id. `from`: where the reader was; null: it is new. */
  constructor(options: ConnectionOptions, channels: readonly string[], from: readonly From[] | null) {
    super(options);
    for (const [index, channel] of channels.entries()) {
      const given = from?.[index] ?? null;
      const position = given === 'new' ? null : given;
      this.#tracks.set(channel, { position, acknowledged: null, isCatchingUp: position !== null });
    }
    this.#id = this.#encodeId();
  }

  override push(block: Buffer): void {
    const place = placeOf(block);
    if (place !== undefined && this.#moves(place)) this.#id = this.#encodeId();
    super.push(Buffer.concat([block, Buffer.from(`id: ${this.#id}\n\n`)]));
  }

  #encodeId(): string {
    return encodeEventId([...this.#tracks.values()].map(({ position }) => position));
  }

  /** Whether the reader is somewhere else after this event. */
  #moves({ event, channel, position }: BlockPlace): boolean {
    if (event === RESUMED) {
      for (const track of this.#tracks.values()) track.isCatchingUp = false;
      return false;
    }
    const track = channel === undefined ? undefined : this.#tracks.get(channel);
    if (track === undefined) return false;
    if (event === RESUME_FAILED) {
      // It knows of the gap; from here on it hears everything.
      track.isCatchingUp = false;
      track.position = track.acknowledged;
      return true;
    }
    if (position === undefined) return false;
    if (event === SUBSCRIBED) {
      track.acknowledged = position;
      if (track.isCatchingUp) return false;
    }
    if (!isAhead(position, track.position)) return false;
    track.position = position;
    return true;
  }
}

function isAhead(position: Position, reached: Position | null): boolean {
  if (reached === null || reached.streamId !== position.streamId) return true;
  return position.serial > reached.serial;
}
