// The last delivered messages of one channel, in serial order without a hole: what a client that was away for a moment has
// missed, with the frames that others got live. Bounded by number and age; its owner bounds what all of them hold together.
import type { Position } from '../../ports/channel-log.ts';
import type { MessageFrames } from '../message-frames.ts';

export interface HotEntry {
  readonly frames: MessageFrames;
  /** The connection that must not hear it, as live. */
  readonly exceptSocketId: string | undefined;
  /** Counts the positioned messages of this node, over all channels: tells what was delivered before what. */
  readonly order: number;
}

export interface HotBounds {
  readonly maxMessages: number;
  readonly windowMs: number;
}

/** What all buffers of a node keep together, as they estimate it. */
export interface HotUsage {
  bytes: number;
}

/** Below this the room of removed entries is not worth a copy. */
const COMPACT_AT = 32;
/** A message's share beside its data: the object, its ids, its frames' heads. An estimate, for the common bound. */
const ENTRY_OVERHEAD_BYTES = 600;

export class HotBuffer {
  readonly #bounds: HotBounds;
  readonly #usage: HotUsage;
  /** Kept entries are those from `#start` on; together they end at `newest`. */
  #entries: (HotEntry | undefined)[] = [];
  #start = 0;
  #newest: Position;
  #delivered: Position | null = null;
  #newestAtMs = 0;
  /** The stream before a reset: a message of it that is still under way must not bring it back. */
  #abandonedStreamId: string | null = null;

  /** `newest`: where the channel is; nothing of it is kept yet. */
  constructor(bounds: HotBounds, usage: HotUsage, newest: Position) {
    this.#bounds = bounds;
    this.#usage = usage;
    this.#newest = newest;
  }

  /** Where the channel is: its last message was delivered, or is about to be. */
  get newest(): Position {
    return this.#newest;
  }

  /** Position of the last message that was delivered; null: none since the channel was cut. */
  get delivered(): Position | null {
    return this.#delivered;
  }

  /** Serial of the oldest message kept, null where none is. */
  get oldestSerial(): number | null {
    return this.#count === 0 ? null : this.#newest.serial - this.#count + 1;
  }

  get #count(): number {
    return this.#entries.length - this.#start;
  }

  /** False: out of order, or of a stream that is over. After a hole or in a new stream the buffer begins anew. */
  append(entry: HotEntry, position: Position): boolean {
    const { streamId, serial } = this.#newest;
    if (position.streamId === this.#abandonedStreamId) return false;
    const continues = position.streamId === streamId;
    if (continues && position.serial <= serial) return false;
    if (!continues || position.serial !== serial + 1) this.clear();
    const { publishedAtMs } = entry.frames.message;
    this.#entries.push(entry);
    this.#usage.bytes += bytesOf(entry);
    this.#newest = position;
    this.#delivered = position;
    this.#newestAtMs = Math.max(this.#newestAtMs, publishedAtMs);
    while (this.#count > this.#bounds.maxMessages) this.#removeOldest();
    this.#expire(publishedAtMs);
    return true;
  }

  /** Entries strictly after `serial`, up to and with `last`; null when not all of them are kept. */
  between(serial: number, last: number, nowMs: number): readonly HotEntry[] | null {
    this.#expire(nowMs);
    const oldest = this.oldestSerial;
    if (last > this.#newest.serial || (oldest ?? this.#newest.serial + 1) > serial + 1) return null;
    const first = this.#start + (oldest === null ? 0 : serial + 1 - oldest);
    const run = this.#entries.slice(first, first + last - serial);
    return run.filter((entry) => entry !== undefined);
  }

  at(serial: number): HotEntry | null {
    const oldest = this.oldestSerial;
    if (oldest === null || serial < oldest) return null;
    return this.#entries[this.#start + serial - oldest] ?? null;
  }

  /** Serial of the last message that was delivered before the order came to be `order`; of the kept ones only. */
  newestNotAfter(order: number): number {
    let serial = this.#newest.serial;
    for (let entry = this.at(serial); entry !== null && entry.order > order; entry = this.at(serial))
      serial -= 1;
    return serial;
  }

  /** Nothing of it can be asked for any more. */
  isOver(nowMs: number): boolean {
    return this.#newestAtMs < nowMs - this.#bounds.windowMs;
  }

  /** The channel was cut: nothing kept is to be seen again, and the log is at `head`. */
  cut(head: Position, nowMs: number): void {
    const { streamId, serial } = this.#newest;
    this.clear();
    this.#delivered = null;
    this.#newestAtMs = nowMs;
    if (head.streamId !== streamId) this.#abandonedStreamId = streamId;
    if (head.streamId !== streamId || head.serial > serial) this.#newest = head;
  }

  /** Forgets the messages, not where the channel is. */
  clear(): void {
    for (const entry of this.#entries) if (entry !== undefined) this.#usage.bytes -= bytesOf(entry);
    this.#entries = [];
    this.#start = 0;
  }

  #expire(nowMs: number): void {
    const oldestKeptMs = nowMs - this.#bounds.windowMs;
    for (let oldest = this.#entries[this.#start]; oldest !== undefined; oldest = this.#entries[this.#start]) {
      if (oldest.frames.message.publishedAtMs >= oldestKeptMs) return;
      this.#removeOldest();
    }
  }

  #removeOldest(): void {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined) return;
    this.#usage.bytes -= bytesOf(oldest);
    this.#entries[this.#start] = undefined;
    this.#start += 1;
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}

/** The data is kept as text and, once somebody got it, in a frame. */
function bytesOf({ frames: { message } }: HotEntry): number {
  return ENTRY_OVERHEAD_BYTES + 2 * (message.data?.length ?? 0);
}
