/**
 * Recovery on a connection: the positions a client resumes from, and the frames that tell it what became of each channel.
 * Must not know: logs, buffers, subscriptions.
 * Sources: Sockudo protocol 2, "connection recovery", as recorded (recovery-*); divergences D34 (serials as text), D35 (`channel`
 * in the data of resume_failed).
 */
import { asStringData, encodeV1, encodeV2 } from './encode.ts';
import { invalidMessage, ProtocolError } from './errors.ts';
import { isJsonObject, type JsonObject, member, stringMember, tryParseJson } from './json.ts';
import type { Position } from './position.ts';
import { parseSerial } from './position.ts';
import { eventPrefix, type Protocol } from './prefix.ts';

/** Where a client was in one channel. */
export interface ResumePosition {
  /** Absent: the legacy form, a serial alone, which proves continuity only against what is in memory. */
  readonly streamId?: string;
  readonly serial: number;
}

/**
 * Reads the data of a resume: `channel_positions` or the older `channel_serials`, as an object or as the text of one. Where a
 * channel is in both, its full position counts.
 * @throws ProtocolError 4000 `Invalid message format: …`, 4302 `No channel recovery positions provided`
 */
export function parseResume(data: unknown): ReadonlyMap<string, ResumePosition> {
  if (data === undefined || data === null) throw invalidMessage('Missing data in resume message');
  const value = typeof data === 'string' ? tryParseJson(data) : data;
  if (!isJsonObject(value)) throw invalidMessage('Failed to parse resume data');
  const full = positionsIn(value, 'channel_positions');
  const serials = positionsIn(value, 'channel_serials');
  if (full === undefined && serials === undefined) {
    throw invalidMessage('Missing channel_positions or channel_serials in resume data');
  }
  const positions = new Map<string, ResumePosition>();
  for (const [channel, serial] of Object.entries(serials ?? {})) {
    positions.set(channel, { serial: serialIn(channel, serial) });
  }
  for (const [channel, position] of Object.entries(full ?? {}))
    positions.set(channel, fullPosition(channel, position));
  if (positions.size === 0) throw new ProtocolError('no_recovery_positions');
  return positions;
}

function positionsIn(value: JsonObject, key: string): JsonObject | undefined {
  const found = member(value, key) ?? undefined;
  if (found === undefined || isJsonObject(found)) return found;
  throw invalidMessage(`${key} in resume data must be an object`);
}

function fullPosition(channel: string, value: unknown): ResumePosition {
  if (!isJsonObject(value)) throw invalidMessage(`Invalid recovery position for channel '${channel}'`);
  const streamId = stringMember(value, 'stream_id');
  const serial = serialIn(channel, member(value, 'serial'));
  return streamId === undefined ? { serial } : { streamId, serial };
}

function serialIn(channel: string, value: unknown): number {
  const serial = parseSerial(value);
  if (serial === null) throw invalidMessage(`Invalid recovery serial for channel '${channel}'`);
  return serial;
}

export type ResumeFailureCode =
  | 'stream_reset'
  | 'position_expired'
  | 'continuity_unverifiable'
  | 'persistence_unavailable';

/** A channel that could not be recovered: the client has to load its state anew. Null: not known, or no matter. */
export interface ResumeFailure {
  readonly channel: string;
  readonly code: ResumeFailureCode;
  readonly reason: string;
  /** The stream of the client's position. */
  readonly expectedStreamId: string | null;
  readonly currentStreamId: string | null;
  readonly oldestAvailableSerial: number | null;
  readonly newestAvailableSerial: number | null;
}

/** A channel without a gap. */
export interface RecoveredChannel {
  readonly channel: string;
  /** Where the messages came from: memory, or the stored log. */
  readonly source: 'hot' | 'cold';
  /** Frames delivered; a filter may have kept some back. */
  readonly replayed: number;
  /** Of the last message that is covered; null where there was none, so that the client keeps its position. */
  readonly position: (Position & { readonly lastMessageId?: string | undefined }) | null;
}

/** `resume_failed` (STR), one for each channel that failed. */
export function resumeFailed(protocol: Protocol, failure: ResumeFailure, messageId?: string): string {
  const envelope = {
    event: `${eventPrefix(protocol)}resume_failed`,
    channel: failure.channel,
    data: asStringData(JSON.stringify(failureData(failure))),
  };
  return protocol === 1 ? encodeV1(envelope) : encodeV2({ ...envelope, messageId });
}

/** `resume_success` (STR), exactly one for each resume, also when every channel failed. */
export function resumeSuccess(
  protocol: Protocol,
  recovered: readonly RecoveredChannel[],
  failed: readonly ResumeFailure[],
  messageId?: string,
): string {
  const envelope = {
    event: `${eventPrefix(protocol)}resume_success`,
    data: asStringData(
      JSON.stringify({ recovered: recovered.map(recoveredData), failed: failed.map(failureData) }),
    ),
  };
  return protocol === 1 ? encodeV1(envelope) : encodeV2({ ...envelope, messageId });
}

const failureData = (failure: ResumeFailure): JsonObject => ({
  channel: failure.channel,
  code: failure.code,
  reason: failure.reason,
  expected_stream_id: failure.expectedStreamId,
  current_stream_id: failure.currentStreamId,
  oldest_available_serial: failure.oldestAvailableSerial,
  newest_available_serial: failure.newestAvailableSerial,
});

const recoveredData = ({ channel, source, replayed, position }: RecoveredChannel): JsonObject => ({
  channel,
  source,
  replayed,
  position: position && {
    stream_id: position.streamId,
    serial: position.serial,
    last_message_id: position.lastMessageId ?? null,
  },
});
