// What the log keeps as the messages that subscribers get: an entry as it goes out live and in a replay, and a row of the
// history as a rewind shows it. Pure; frames are made of messages elsewhere.
import { ANNOTATION_EVENT, encodeAnnotation } from '@sockudo/protocol';
import type { LogEntry } from '../ports/channel-log.ts';
import type { Message } from '../ports/message.ts';
import type { AnnotationEntry, HistoryRow, ReplayEntry, VersionEntry } from '../ports/message-log.ts';
import { type ShownVersion, shownCreate, shownEntry, shownState, versionOf } from './shown-version.ts';
import { storedExtras } from './version-headers.ts';

/** An entry as live delivery shows it (divergences D34 and D36: a replayed frame is the live one). */
export function messageOfEntry(entry: ReplayEntry): Message {
  if (!('kind' in entry)) return messageOfCreate(entry);
  return entry.kind === 'version' ? messageOfVersion(entry) : messageOfAnnotation(entry);
}

export function messageOfCreate(entry: LogEntry): Message {
  const { key, event, data, publishedAtMs, messageId, userId, streamId, serial, tags, extras } = entry;
  const shown = shownCreate(entry);
  return {
    channel: key.channel,
    event,
    data,
    publishedAtMs,
    position: { streamId, serial },
    ...(shown !== null && { version: versionOf(shown) }),
    ...(messageId !== undefined && { messageId }),
    ...(userId !== undefined && { userId }),
    ...(tags !== undefined && { tags: storedTags(tags) }),
    ...extrasOf(extras),
  };
}

/** An append has its fragment, and for append_mode=full the whole text up to it. */
export function messageOfVersion(entry: VersionEntry): Message {
  const shown = shownEntry(entry);
  if (entry.action !== 'append') return messageOfShown(shown, entry.streamId);
  const whole = (): Message => messageOfShown({ ...shown, data: entry.whole() }, entry.streamId);
  return messageOfShown(shown, entry.streamId, whole);
}

export function messageOfAnnotation({
  key,
  streamId,
  serial,
  publishedAtMs,
  record,
}: AnnotationEntry): Message {
  return {
    channel: key.channel,
    event: ANNOTATION_EVENT,
    data: encodeAnnotation(record),
    publishedAtMs,
    position: { streamId, serial },
    messageId: record.annotationSerial,
    protocol2Only: true,
    annotationModeOnly: true,
  };
}

/**
 * A row of the history in a rewind: under the platform's word for its latest version, with the whole data. Where that version is
 * an append, a connection that concatenates appends gets it as an update (divergence D37).
 */
export function messageOfRow({ entry, latest }: HistoryRow): Message {
  const shown = latest === null ? shownCreate(entry) : shownState(entry.key.channel, latest);
  if (shown === null) return messageOfCreate(entry);
  const { streamId } = entry;
  if (shown.action === 'create') return { ...messageOfShown(shown, streamId), ...createOnly(entry) };
  const message = messageOfShown(shown, streamId);
  if (shown.action !== 'append') return message;
  return messageOfShown({ ...shown, action: 'update' }, streamId, () => message);
}

const createOnly = ({ messageId, userId }: LogEntry): Pick<Message, 'messageId' | 'userId'> => ({
  ...(messageId !== undefined && { messageId }),
  ...(userId !== undefined && { userId }),
});

/** A version under its own event and, unless it is a create, its own id (divergence D31). */
function messageOfShown(shown: ShownVersion, streamId: string, forFullMode?: () => Message): Message {
  const { channel, action, name, data, timestampMs, deliverySerial, versionSerial, tags } = shown;
  const userId = action === 'create' ? undefined : (shown.clientId ?? shown.creatorId);
  return {
    channel,
    event: `sockudo:message.${action}`,
    publishedAtMs: timestampMs,
    position: { streamId, serial: deliverySerial },
    version: versionOf(shown),
    protocol2Only: true,
    ...(action !== 'create' && { messageId: versionSerial }),
    ...(name !== null && { name }),
    ...(data !== null && { data }),
    ...(userId !== undefined && { userId }),
    ...(tags !== undefined && { hiddenTags: storedTags(tags) }),
    ...extrasOf(shown.extras),
    ...(forFullMode !== undefined && { forFullMode }),
  };
}

function extrasOf(text: string | undefined): Pick<Message, 'extras'> {
  const extras = text === undefined ? undefined : storedExtras(text);
  return extras === undefined ? {} : { extras };
}

// CAST: tags were checked when the message was published.
const storedTags = (text: string): Readonly<Record<string, string>> =>
  JSON.parse(text) as Readonly<Record<string, string>>;
