// The id of an event: where its reader was in every channel of its stream, in the order in which the channels were asked for,
// so that a browser which sends nothing but its last id can go on. Pure; docs/server-sent-events.md.
import { httpError } from '@sockudo/protocol';
import type { Position } from '../ports/channel-log.ts';

/** Stands for a channel without a place. */
const NOWHERE = '-';
/** Given by a reader for a channel that it did not read before. */
const NEW = '*';

/** Where a reader was in a channel. `new`: it was not there; null: it was, and has no place in it. */
export type From = Position | 'new' | null;

/** `STREAM_ID:SERIAL` for each channel, separated by blanks. */
export function encodeEventId(positions: readonly (Position | null)[]): string {
  return positions
    .map((position) => (position === null ? NOWHERE : `${position.streamId}:${position.serial}`))
    .join(' ');
}

/**
 * Where the reader was in each of as many channels.
 * @throws ProtocolError 400 `invalid_input`
 */
export function parseEventId(text: string, channels: number): readonly From[] {
  const parts = text.split(' ');
  if (parts.length !== channels) {
    throw httpError(
      'invalid_input',
      `Last-Event-ID must name ${channels} positions: STREAM_ID:SERIAL, - or *`,
    );
  }
  return parts.map(positionIn);
}

function positionIn(part: string): From {
  if (part === NEW) return 'new';
  if (part === NOWHERE) return null;
  const [, streamId, serial] = /^([^\s:]{1,128}):(\d{1,15})$/.exec(part) ?? [];
  if (streamId === undefined) throw httpError('invalid_input', 'Last-Event-ID must be STREAM_ID:SERIAL');
  return { streamId, serial: Number(serial) };
}
