// The steps of mutable messages on a channel in memory: each draws what would be stored and stores nothing, so that a refused
// step has touched nothing.
import { historySerialOf } from '@sockudo/protocol';
import type { LogEntry, Position } from '../ports/channel-log.ts';
import { continuityGap } from '../ports/log-rules.ts';
import type {
  AnnotationDraft,
  AnnotationEntry,
  MutationDraft,
  ReplayEntry,
  ReplayResult,
  VersionEntry,
  VersionsRange,
} from '../ports/message-log.ts';
import type { MessageRecord } from './message-record.ts';
import type { Stream } from './stream.ts';

/** The message of a serial, if its create is retained. */
export function recordIn(stream: Stream, messageSerial: string): MessageRecord | null {
  const historySerial = historySerialOf(messageSerial);
  const create = historySerial === null ? null : stream.entryAt(historySerial);
  return create?.messageSerial === messageSerial ? stream.changes.recordOf(create, messageSerial) : null;
}

type DrawnVersion =
  | { readonly kind: 'drawn'; readonly record: MessageRecord; readonly entry: VersionEntry }
  | { readonly kind: 'unknown-message' }
  | { readonly kind: 'refused'; readonly error: unknown };

export function drawVersion(stream: Stream, draft: MutationDraft): DrawnVersion {
  const record = recordIn(stream, draft.messageSerial);
  if (record === null) return { kind: 'unknown-message' };
  const state = record.state();
  try {
    const version = draft.apply(state);
    const versionSerial = draft.versionSerial(state.historySerial, state.versionSerial);
    const entry = record.draw(version, { ...stream.nextPlace(draft.publishedAtMs), versionSerial });
    return { kind: 'drawn', record, entry };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

type DrawnAnnotation =
  | {
      readonly kind: 'committed';
      readonly historySerial: number;
      readonly entry: AnnotationEntry;
      readonly projection: string;
    }
  | { readonly kind: 'unknown-message' }
  | { readonly kind: 'refused'; readonly error: unknown };

export function drawAnnotation(stream: Stream, draft: AnnotationDraft): DrawnAnnotation {
  const message = recordIn(stream, draft.messageSerial);
  if (message === null) return { kind: 'unknown-message' };
  const historySerial = message.create.serial;
  const { targetSerial } = draft;
  try {
    const target = targetSerial === undefined ? null : stream.changes.annotation(targetSerial);
    const place = stream.nextPlace(draft.publishedAtMs);
    const record = draft.record(draft.annotationSerial(historySerial), target);
    const projection = draft.project(stream.changes.projection(historySerial, record.type), record, target);
    const entry: AnnotationEntry = {
      kind: 'annotation',
      key: draft.key,
      streamId: stream.streamId,
      ...place,
      record,
    };
    return { kind: 'committed', historySerial, entry, projection };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

export function versionsPage(
  record: MessageRecord,
  { direction, limit, from }: VersionsRange,
): { entries: readonly (LogEntry | VersionEntry)[]; more: boolean } {
  const serialOf = (entry: LogEntry | VersionEntry): string =>
    'kind' in entry ? entry.versionSerial : record.messageSerial;
  const all: (LogEntry | VersionEntry)[] = [record.create, ...record.versions];
  if (direction === 'newest-first') all.reverse();
  const isBeyond = (serial: string): boolean =>
    from === undefined || (direction === 'newest-first' ? serial < from : serial > from);
  const beyond = all.filter((entry) => isBeyond(serialOf(entry)));
  return { entries: beyond.slice(0, limit), more: beyond.length > limit };
}

/** Creates and changes merged by serial. */
export function replayPage(stream: Stream, from: Position, limit: number): ReplayResult {
  const { head } = stream;
  const state = stream.state();
  const gap = continuityGap({ direction: 'oldest-first', limit, from }, head, state.oldestSerial);
  if (gap !== null) return { kind: 'gap', reason: gap, state };
  const candidates: ReplayEntry[] = [
    ...stream.entriesAfter(from.serial, limit + 1),
    ...stream.changes.after(from.serial, limit + 1),
  ];
  candidates.sort((a, b) => a.serial - b.serial);
  return { kind: 'page', entries: candidates.slice(0, limit), more: candidates.length > limit, head };
}
