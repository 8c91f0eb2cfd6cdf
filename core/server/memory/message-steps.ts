// The steps of mutable messages on a channel in memory: each draws what would be stored and stores nothing, so that a refused
// step has touched nothing; and the pages that are read of them.
import { historySerialOf } from '@sockudo/protocol';
import type { LogEntry, Position, StreamState } from '../ports/channel-log.ts';
import { continuityGap } from '../ports/log-rules.ts';
import type {
  AnnotationDraft,
  AnnotationEntry,
  AnnotationRecord,
  MutationDraft,
  ReplayEntry,
  ReplayResult,
  VersionEntry,
  VersionsRange,
} from '../ports/message-log.ts';
import {
  changeRecords,
  NO_RECORD_WRITES,
  occasionOf,
  type RecordRefusal,
  type RecordSource,
  type RecordWrites,
} from '../ports/record-rules.ts';
import type { DrawnVersion, MessageRecord } from './message-record.ts';
import type { Stream } from './stream.ts';

/** The create of a message serial, if the message is known. */
export function createIn(stream: Stream, messageSerial: string, nowMs: number): LogEntry | null {
  const historySerial = historySerialOf(messageSerial);
  const create = historySerial === null ? null : stream.messageAt(historySerial, nowMs);
  return create?.messageSerial === messageSerial ? create : null;
}

export function recordIn(stream: Stream, messageSerial: string, nowMs: number): MessageRecord | null {
  const create = createIn(stream, messageSerial, nowMs);
  return create === null ? null : stream.changes.recordOf(create);
}

/** An annotation of a known message. */
export function annotationIn(
  stream: Stream,
  annotationSerial: string,
  nowMs: number,
): AnnotationRecord | null {
  const place = stream.changes.annotation(annotationSerial);
  return place !== null && stream.messageAt(place.historySerial, nowMs) !== null ? place.record : null;
}

type Drawn =
  | { readonly kind: 'drawn'; readonly version: DrawnVersion; readonly records: RecordWrites }
  | RecordRefusal;

export function drawVersion(
  stream: Stream,
  create: LogEntry,
  draft: MutationDraft,
  source: RecordSource,
): Drawn {
  const message = stream.changes.recordOf(create);
  const state = message.state();
  try {
    const next = draft.apply(state);
    const versionSerial = draft.versionSerial(state.historySerial, state.versionSerial);
    const place = { ...stream.nextPlace(draft.publishedAtMs), versionSerial };
    const version = message.draw(next, place);
    if (next.records === undefined) return { kind: 'drawn', version, records: NO_RECORD_WRITES };
    const records = changeRecords(source, draft.key, next.records, occasionOf(version.entry));
    return records.kind === 'refused' ? records : { kind: 'drawn', version, records };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

type DrawnAnnotation =
  | { readonly kind: 'committed'; readonly entry: AnnotationEntry; readonly projection: string }
  | { readonly kind: 'refused'; readonly error: unknown };

export function drawAnnotation(
  stream: Stream,
  { serial: historySerial }: LogEntry,
  draft: AnnotationDraft,
  nowMs: number,
): DrawnAnnotation {
  const { changes } = stream;
  const { key, targetSerial } = draft;
  try {
    const target = targetSerial === undefined ? null : annotationIn(stream, targetSerial, nowMs);
    const place = stream.nextPlace(draft.publishedAtMs);
    const serial = draft.annotationSerial(historySerial, changes.newestAnnotationOf(historySerial));
    const record = draft.record(serial, target);
    const projection = draft.project(changes.projection(historySerial, record.type), record, target);
    const { streamId } = stream;
    const entry: AnnotationEntry = { kind: 'annotation', key, streamId, ...place, record };
    return { kind: 'committed', entry, projection };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

export function versionsPage(
  { create, versions }: MessageRecord,
  { direction, limit, from }: VersionsRange,
): { entries: readonly (LogEntry | VersionEntry)[]; more: boolean } {
  const serialOf = (entry: LogEntry | VersionEntry): string =>
    'kind' in entry ? entry.versionSerial : (entry.messageSerial ?? '');
  const all: (LogEntry | VersionEntry)[] = [create, ...versions];
  if (direction === 'newest-first') all.reverse();
  const isBeyond = (serial: string): boolean =>
    from === undefined || (direction === 'newest-first' ? serial < from : serial > from);
  const beyond = all.filter((entry) => isBeyond(serialOf(entry)));
  return { entries: beyond.slice(0, limit), more: beyond.length > limit };
}

/** Creates and changes merged by serial. A serial that is missing is one that is gone. */
export function replayPage(stream: Stream, from: Position, limit: number, nowMs: number): ReplayResult {
  const { head } = stream;
  const state: StreamState = stream.state();
  const gap = continuityGap({ direction: 'oldest-first', limit, from }, head, null);
  if (gap === 'other-stream' || gap === 'ahead') return { kind: 'gap', reason: gap, state };
  const low = from.serial + 1;
  const high = Math.min(head.serial, from.serial + limit);
  const known = stream.changes
    .between(low, high)
    .filter(({ historySerial }) => stream.messageAt(historySerial, nowMs) !== null);
  const entries: ReplayEntry[] = [...stream.between(low, high), ...known.map(({ entry }) => entry)];
  if (entries.length <= high - low) return { kind: 'gap', reason: 'trimmed', state };
  entries.sort((one, other) => one.serial - other.serial);
  return { kind: 'page', entries, more: high < head.serial, head };
}
