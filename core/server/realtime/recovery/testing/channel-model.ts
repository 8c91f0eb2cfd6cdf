// For tests: what a channel's log ever held, by streams, and what of it may be asked for. Written from the results of the log's
// own steps; knows nothing of how a server replays.
import type { Position } from '../../../ports/channel-log.ts';

export interface ModelEntry {
  readonly serial: number;
  /** The publisher's event name, which filters go by. */
  readonly event: string;
  readonly data: string;
}

interface ModelStream {
  readonly streamId: string;
  readonly entries: ModelEntry[];
  /** Serials below are purged. */
  floor: number;
}

export class ChannelModel {
  readonly #streams: ModelStream[] = [];

  /** Position of the newest entry; null: nothing was ever stored. */
  get head(): Position | null {
    const stream = this.#streams.at(-1);
    return stream === undefined ? null : { streamId: stream.streamId, serial: stream.entries.length };
  }

  stored(streamId: string, entry: ModelEntry): void {
    this.#open(streamId).entries.push(entry);
  }

  purged(): void {
    const stream = this.#streams.at(-1);
    if (stream !== undefined) stream.floor = stream.entries.length + 1;
  }

  reset(streamId: string): void {
    this.#open(streamId);
  }

  /** Everything strictly after a position, over later streams too. */
  after({ streamId, serial }: Position): readonly (ModelEntry & { readonly streamId: string })[] {
    const first = this.#streams.findIndex((stream) => stream.streamId === streamId);
    // A stream in which nothing was stored before it was reset is not known here: then everything after it counts.
    return this.#streams
      .slice(Math.max(0, first))
      .flatMap((stream) => stream.entries.map((entry) => ({ ...entry, streamId: stream.streamId })))
      .filter((entry) => entry.streamId !== streamId || entry.serial > serial);
  }

  /** Whether one stream was over when the other began. */
  isBefore(streamId: string, other: string): boolean {
    const indexOf = (id: string): number => this.#streams.findIndex((stream) => stream.streamId === id);
    return indexOf(streamId) < indexOf(other);
  }

  /** Whether a client at this position may be told that its gap stays. */
  mayFail({ streamId, serial }: Position, maxMessages: number): boolean {
    const stream = this.#streams.at(-1);
    if (stream === undefined) return false;
    if (stream.streamId !== streamId || stream.floor > serial + 1) return true;
    return stream.entries.length - serial > maxMessages;
  }

  #open(streamId: string): ModelStream {
    const last = this.#streams.at(-1);
    if (last?.streamId === streamId) return last;
    const stream: ModelStream = { streamId, entries: [], floor: 1 };
    this.#streams.push(stream);
    return stream;
  }
}
