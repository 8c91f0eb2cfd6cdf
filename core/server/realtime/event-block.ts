// A protocol 2 frame as part of a Server-Sent Event: its `event` and `data` fields. Made once for a message, whoever reads it;
// the `id`, which differs by what else a reader reads, and the blank line are added by the reader's connection.
// Source: HTML standard, server-sent events; docs/server-sent-events.md.
import type { Position } from '../ports/channel-log.ts';

/** What a block says of its channel. */
export interface BlockPlace {
  readonly event: string;
  readonly channel: string | undefined;
  /** Absent: the frame has no place on a number line. */
  readonly position?: Position;
}

const places = new WeakMap<Buffer, BlockPlace>();

/** `text`: a frame as JSON. */
export function eventBlock(text: string): Buffer {
  const place = placeIn(text);
  // Neither field can hold a line break. In JSON text one can only stand between members, where a blank does as well.
  const block = Buffer.from(`event: ${oneLine(place.event)}\ndata: ${oneLine(text)}\n`);
  places.set(block, place);
  return block;
}

/** The place of a block that `eventBlock` made. */
export function placeOf(block: Buffer): BlockPlace | undefined {
  return places.get(block);
}

function placeIn(text: string): BlockPlace {
  // CAST: frames are made by this server.
  const frame = JSON.parse(text) as {
    event: string;
    channel?: string;
    stream_id?: string;
    serial?: number;
  };
  const { event, channel, stream_id: streamId, serial } = frame;
  if (streamId === undefined || serial === undefined) return { event, channel };
  return { event, channel, position: { streamId, serial } };
}

const oneLine = (text: string): string => (/[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, ' ') : text);
