/**
 * The frames of delta compression (protocol 2): the confirmation, full frames that can be a base, deltas.
 * The base of a delta is the exact JSON text of an earlier frame without its two marks, which therefore always stand last.
 * Must not know: which subscriber has which base.
 * Sources: Sockudo protocol 2, "Delta compression"; Sockudo 5.0.1 as recorded.
 */
import { type DeltaAlgorithm, parseDeltaAlgorithm } from './delta-algorithm.ts';
import { encodeV1, encodeV2 } from './encode.ts';
import { isJsonObject, member, stringMember } from './json.ts';
import { base64UrlDecode, parseSerial } from './position.ts';
import { eventPrefix, type Protocol } from './prefix.ts';

/** `delta_compression_enabled` (OBJ): deltas are on, and what they are made with unless a frame says otherwise. */
export function deltaCompressionEnabled(
  protocol: Protocol,
  algorithm: DeltaAlgorithm,
  messageId?: string,
): string {
  const event = `${eventPrefix(protocol)}delta_compression_enabled`;
  const data = JSON.stringify({ enabled: true, algorithm });
  return protocol === 1 ? encodeV1({ event, data }) : encodeV2({ event, data, messageId });
}

/** A protocol 2 frame with the marks that make it a base: its number and the key of what it is about, if there is one. */
export function markDeltaBase(text: string, seq: number, conflationKey?: string): string {
  const key = conflationKey === undefined ? '' : `,"__conflation_key":${JSON.stringify(conflationKey)}`;
  return `${text.slice(0, -1)},"__delta_seq":${seq}${key}}`;
}

const MARKS = /,"__delta_seq":\d+(?:,"__conflation_key":"(?:[^"\\]|\\.)*")?\}$/;

/** The text of a frame as it counts as a base: what markDeltaBase has added is gone. */
export const withoutDeltaMarks = (text: string): string => text.replace(MARKS, '}');

/** Number and key of a full frame in a series of deltas; null: the frame is no base. */
export function deltaMarksOf(
  frame: unknown,
): { readonly seq: number; readonly conflationKey?: string } | null {
  if (!isJsonObject(frame)) return null;
  const seq = parseSerial(member(frame, '__delta_seq'));
  if (seq === null) return null;
  const conflationKey = stringMember(frame, '__conflation_key');
  return { seq, ...(conflationKey !== undefined && { conflationKey }) };
}

/** What a `sockudo:delta` frame says. `seq` is the message's own number, `baseIndex` that of its base. */
export interface DeltaNotice<Delta> {
  readonly event: string;
  readonly delta: Delta;
  readonly seq: number;
  /** Absent: the confirmed algorithm. */
  readonly algorithm?: DeltaAlgorithm | undefined;
  readonly conflationKey?: string | undefined;
  readonly baseIndex: number;
}

/** `sockudo:delta` (OBJ), without an envelope of its own: everything else is in the message that it stands for. `delta`: base64. */
export const deltaFrame = (channel: string, notice: DeltaNotice<string>): string =>
  encodeV1({
    event: 'sockudo:delta',
    channel,
    data: JSON.stringify({
      event: notice.event,
      delta: notice.delta,
      seq: notice.seq,
      algorithm: notice.algorithm,
      conflation_key: notice.conflationKey,
      base_index: notice.baseIndex,
    }),
  });

/** Reads the data of a `sockudo:delta` frame; null when it is none that could be decoded. */
export function parseDeltaNotice(data: unknown): DeltaNotice<Uint8Array> | null {
  if (!isJsonObject(data)) return null;
  const event = stringMember(data, 'event');
  const text = stringMember(data, 'delta');
  const seq = parseSerial(member(data, 'seq'));
  const baseIndex = parseSerial(member(data, 'base_index'));
  if (event === undefined || text === undefined || seq === null || baseIndex === null) return null;
  const delta = base64UrlDecode(
    text
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/={1,2}$/, ''),
  );
  const named = member(data, 'algorithm');
  const algorithm = parseDeltaAlgorithm(named);
  if (delta === null || (named !== undefined && algorithm === null)) return null;
  const conflationKey = stringMember(data, 'conflation_key');
  return {
    event,
    delta,
    seq,
    baseIndex,
    ...(algorithm !== null && { algorithm }),
    ...(conflationKey !== undefined && { conflationKey }),
  };
}
