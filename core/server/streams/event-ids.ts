// The id of an event: where its reader was in every channel of its stream, in the order in which the channels were asked for,
// so that a browser which sends nothing but its last id can go on. Pure; docs/server-sent-events.md.
import { httpError } from '@sockudo/protocol';
import type { Position } from '../ports/channel-log.ts';

/** Stands for a channel without a place. */
const NOWHERE = '-';

/** `STREAM_ID:SERIAL` for each channel, separated by blanks. */
export function encodeEventId(positions: readonly (Position | null)[]): string {
  return positions
    .map((position) => (position === null ? NOWHERE : `${position.streamId}:${position.serial}`))
    .join(' ');
}

/**
 * The positions of as many channels; null: the reader was there and has no place in it.
 * @throws ProtocolError 400 `invalid_input`
 */
export function parseEventId(text: string, channels: number): readonly (Position | null)[] {
  const parts = text.split(' ');
  if (parts.length !== channels) {
    throw httpError('invalid_input', `Last-Event-ID must name ${channels} positions: STREAM_ID:SERIAL or -`);
  }
  return parts.map(positionIn);
}

function positionIn(part: string): Position | null {
  if (part === NOWHERE) return null;
  const [, streamId, serial] = /^([^\s:]{1,128}):(\d{1,15})$/.exec(part) ?? [];
  if (streamId === undefined) throw httpError('invalid_input', 'Last-Event-ID must be STREAM_ID:SERIAL');
  return { streamId, serial: Number(serial) };
}
