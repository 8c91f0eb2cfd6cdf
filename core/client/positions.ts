/**
 * Positions in channels and their order. Pure. Must not know: who stores or asks for them.
 * Source: Sockudo protocol 2, "serial, stream_id, message_id"; serials count within one stream_id only.
 */
import { isJsonObject, member, stringMember } from '@sockudo/protocol';
import type { Frame, Serial } from './frame.ts';

/** Where a channel was read to. Spelled as on the wire, because it is sent back as it came. */
export interface RecoveryPosition {
  readonly stream_id: string;
  readonly serial: Serial;
  /** Absent when the position came from an acknowledgement, which is no message. */
  readonly last_message_id?: string;
}

/** The position a frame carries; undefined for frames without one. */
export function positionOf(frame: Frame, isMessage: boolean): RecoveryPosition | undefined {
  if (frame.stream_id === undefined || frame.serial === undefined) return undefined;
  return {
    stream_id: frame.stream_id,
    serial: frame.serial,
    ...(isMessage && frame.message_id !== undefined && { last_message_id: frame.message_id }),
  };
}

/** Reads a position out of `resume_success`; undefined when it is null or unreadable. */
export function readPosition(value: unknown): RecoveryPosition | undefined {
  if (!isJsonObject(value)) return undefined;
  const streamId = stringMember(value, 'stream_id');
  const serial = member(value, 'serial');
  if (streamId === undefined || (typeof serial !== 'number' && typeof serial !== 'string')) return undefined;
  const lastMessageId = stringMember(value, 'last_message_id');
  return {
    stream_id: streamId,
    serial,
    ...(lastMessageId !== undefined && { last_message_id: lastMessageId }),
  };
}

const DECIMAL = /^\d+$/;

/** Negative, 0 or positive, as for sort; exact beyond 2^53. Texts that are no numbers compare as texts. */
export function compareSerials(a: Serial, b: Serial): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  if (DECIMAL.test(left) && DECIMAL.test(right)) {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * The further of two positions. In one stream that is the higher serial; of two streams the newer knowledge counts, because a
 * new stream_id means the old line of numbers is over.
 */
export function furtherPosition(
  known: RecoveryPosition | undefined,
  newer: RecoveryPosition | undefined,
): RecoveryPosition | undefined {
  if (known === undefined || newer === undefined) return newer ?? known;
  if (known.stream_id !== newer.stream_id) return newer;
  return compareSerials(newer.serial, known.serial) >= 0 ? newer : known;
}
