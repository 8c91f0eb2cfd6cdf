// The channels of a log in memory, held to their bounds: by number, where those that retain nothing are forgotten first, and by
// bytes, which the longest unused give up first.
import { randomUUID } from 'node:crypto';
import type { ChannelKey } from '../ports/channel-log.ts';
import { type Removed, Stream } from './stream.ts';
import { UsageOrder } from './usage-order.ts';

export interface StreamsOptions {
  readonly maxChannels: number;
  readonly maxBytes: number;
  readonly now: () => number;
}

export class Streams {
  readonly #maxChannels: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  /** Channels with entries or records, the longest unused first. */
  readonly #busy = new UsageOrder<Stream>();
  /** Channels that retain nothing: their stream id and numbering only. */
  readonly #empty = new UsageOrder<Stream>();
  /** Where the trim on the clock goes on: a live iterator over `#busy`. */
  #walk: MapIterator<[string, Stream]> = this.#busy.entries();
  #bytes = 0;

  constructor({ maxChannels, maxBytes, now }: StreamsOptions) {
    this.#maxChannels = Math.max(1, maxChannels);
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  open(key: ChannelKey): Stream {
    const id = channelKey(key);
    const known = this.#busy.get(id) ?? this.#empty.get(id);
    if (known !== undefined) return known;
    const stream = new Stream(randomUUID());
    this.#empty.use(id, stream);
    return stream;
  }

  /** The channel as it is to be seen: without what retention no longer keeps. */
  look(key: ChannelKey): Stream {
    const stream = this.open(key);
    const nowMs = this.#now();
    this.#shrink(channelKey(key), stream, () => stream.trim(nowMs));
    this.forgetSurplus();
    return stream;
  }

  /** Every channel that retains something. */
  *busy(): Generator<Stream> {
    for (const [, stream] of this.#busy.entries()) yield stream;
  }

  /** Adds to a channel, which is then the one used last, and holds what there is to its bounds. */
  grow(key: ChannelKey, stream: Stream, nowMs: number, add: () => void): void {
    const id = channelKey(key);
    const bytesBefore = stream.heldBytes;
    add();
    this.#bytes += stream.heldBytes - bytesBefore;
    this.#empty.delete(id);
    this.#busy.use(id, stream);
    this.#shrink(id, stream, () => stream.trim(nowMs));
    while (this.#bytes > this.#maxBytes && this.#dropFromLongestUnused());
  }

  /** As `look`, and removes from it. */
  shrink(key: ChannelKey, remove: (stream: Stream) => Removed): Removed {
    const stream = this.look(key);
    return this.#shrink(channelKey(key), stream, () => remove(stream));
  }

  /** Puts a new stream in the place of the channel's. */
  replace(key: ChannelKey): { readonly before: Stream; readonly after: Stream } {
    const id = channelKey(key);
    const before = this.look(key);
    this.#bytes -= before.heldBytes;
    this.#busy.delete(id);
    const after = new Stream(randomUUID());
    this.#empty.use(id, after);
    return { before, after };
  }

  /** Never inside a commit's step: a channel that the step already drew serials from must stay the same object. */
  forgetSurplus(): void {
    while (this.#busy.size + this.#empty.size > this.#maxChannels) {
      const isEmptyForgotten = this.#empty.shift() !== undefined;
      if (!isEmptyForgotten) this.#bytes -= this.#busy.shift()?.heldBytes ?? 0;
    }
  }

  trimAll(): Removed {
    return this.#trim(this.#busy.entries(), this.#busy.size);
  }

  /** Goes on where the last call ended, so that a sweep over many channels never holds up the event loop. */
  trimSome(limit: number): void {
    this.#trim(this.#walk, limit);
    if (this.#walk.next().done === true) this.#walk = this.#busy.entries();
  }

  clear(): void {
    this.#busy.clear();
    this.#empty.clear();
  }

  #dropFromLongestUnused(): boolean {
    const [id, stream] = this.#busy.first() ?? [];
    if (id === undefined || stream === undefined) return false;
    const bytesBefore = this.#bytes;
    const enough = stream.heldBytes - (bytesBefore - this.#maxBytes);
    this.#shrink(id, stream, () => stream.removeOldestWhile(() => stream.heldBytes > enough));
    if (this.#bytes === bytesBefore) this.#shrink(id, stream, () => stream.forgetRecords());
    return this.#bytes < bytesBefore;
  }

  #shrink(id: string, stream: Stream, remove: () => Removed): Removed {
    const bytesBefore = stream.heldBytes;
    const removed = remove();
    this.#bytes -= bytesBefore - stream.heldBytes;
    if (stream.isEmpty && this.#busy.delete(id)) this.#empty.use(id, stream);
    return removed;
  }

  #trim(streams: Iterable<[string, Stream]>, limit: number): Removed {
    const nowMs = this.#now();
    let messages = 0;
    let bytes = 0;
    let left = limit;
    for (const [id, stream] of streams) {
      const removed = this.#shrink(id, stream, () => {
        const trimmed = stream.trim(nowMs);
        stream.forgetOutlived(nowMs);
        return trimmed;
      });
      messages += removed.messages;
      bytes += removed.bytes;
      left -= 1;
      if (left <= 0) break;
    }
    return { messages, bytes };
  }
}

/** The length in front keeps any two pairs apart, whatever characters they hold. */
function channelKey({ appId, channel }: ChannelKey): string {
  return `${appId.length}:${appId}${channel}`;
}
