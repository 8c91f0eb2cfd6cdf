/**
 * Where an event stream is in each of its channels: read from the ids of events, whose positions stand in the order of the channels
 * of their request. Must not know: requests, frames.
 */
import { isJsonObject, member, stringMember } from '@sockudo/protocol';

/** A channel that was not read before. */
const NEW = '*';

export class EventPositions {
  /** `STREAM_ID:SERIAL`, or `-` where the channel has no place. */
  readonly #byChannel = new Map<string, string>();

  /** An event with this id came on a stream of these channels. */
  reached(channels: readonly string[], id: string): void {
    const parts = id.split(' ');
    if (parts.length !== channels.length) return;
    for (const [index, channel] of channels.entries()) this.#byChannel.set(channel, parts[index] ?? NEW);
  }

  /** The client asks for what came after this position: `{stream_id, serial}`. */
  goBack(channel: string, position: unknown): void {
    if (!isJsonObject(position)) return;
    const streamId = stringMember(position, 'stream_id');
    const serial = member(position, 'serial');
    if (streamId !== undefined && serial !== undefined) {
      this.#byChannel.set(channel, `${streamId}:${String(serial)}`);
    }
  }

  forget(channel: string): void {
    this.#byChannel.delete(channel);
  }

  /** The id to begin a stream of these channels with; undefined: all of them are new. */
  idFor(channels: readonly string[]): string | undefined {
    if (!channels.some((channel) => this.#byChannel.has(channel))) return undefined;
    return channels.map((channel) => this.#byChannel.get(channel) ?? NEW).join(' ');
  }
}
