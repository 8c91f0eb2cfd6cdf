// A version of a message as somebody sees it, whatever it was read from: the latest state, an entry of the log, or a create
// that nothing has changed. Pure; knows neither frames nor JSON shapes.
import type { LogEntry } from '../ports/channel-log.ts';
import type { MessageVersion } from '../ports/message.ts';
import type { HistoryRow, MessageState, MutationAction, VersionEntry } from '../ports/message-log.ts';

export interface ShownVersion {
  readonly channel: string;
  readonly action: 'create' | MutationAction;
  /** The publisher's event name; null where it was cleared. */
  readonly name: string | null;
  /** JSON text; null where it was cleared. */
  readonly data: string | null;
  /** JSON texts, as stored. */
  readonly extras?: string;
  readonly tags?: string;
  readonly messageSerial: string;
  readonly versionSerial: string;
  readonly historySerial: number;
  readonly deliverySerial: number;
  readonly timestampMs: number;
  /** Author of this version. */
  readonly clientId?: string;
  readonly creatorId?: string;
  readonly description?: string;
  readonly metadata?: string;
  /** `message_id` of the create. */
  readonly createMessageId?: string;
}

export function versionOf(shown: ShownVersion): MessageVersion {
  const { action, messageSerial, versionSerial, timestampMs, historySerial, createMessageId } = shown;
  return {
    action,
    messageSerial,
    versionSerial,
    timestampMs,
    historySerial,
    ...(action !== 'create' && createMessageId !== undefined && { createMessageId }),
  };
}

/** The create itself. Null: messages of its channel have no versions. */
export function shownCreate(entry: LogEntry): ShownVersion | null {
  const { messageSerial, creatorId } = entry;
  if (messageSerial === undefined) return null;
  return {
    ...visible(entry.key.channel, entry),
    action: 'create',
    messageSerial,
    versionSerial: messageSerial,
    historySerial: entry.serial,
    deliverySerial: entry.serial,
    timestampMs: entry.publishedAtMs,
    ...(creatorId !== undefined && { clientId: creatorId, creatorId }),
  };
}

/** One change; of an append the fragment. */
export function shownEntry(entry: VersionEntry): ShownVersion {
  const { action, messageSerial, versionSerial, historySerial, userId, creatorId } = entry;
  return {
    ...visible(entry.key.channel, entry),
    ...explanation(entry),
    action,
    messageSerial,
    versionSerial,
    historySerial,
    deliverySerial: entry.serial,
    timestampMs: entry.publishedAtMs,
    ...(userId !== undefined && { clientId: userId }),
    ...(creatorId !== undefined && { creatorId }),
  };
}

/** The message as it stands, with its whole data. */
export function shownState(channel: string, state: MessageState): ShownVersion {
  const { action, messageSerial, versionSerial, historySerial, deliverySerial, creatorId } = state;
  const clientId = action === 'create' ? creatorId : state.userId;
  return {
    ...visible(channel, { ...state, data: state.data() }),
    ...explanation(state),
    action,
    messageSerial,
    versionSerial,
    historySerial,
    deliverySerial,
    timestampMs: state.versionAtMs,
    ...(clientId !== undefined && { clientId }),
    ...(creatorId !== undefined && { creatorId }),
  };
}

/** What a row of the history shows; null: its message has no versions. */
export function shownRow({ entry, latest }: HistoryRow): ShownVersion | null {
  return latest === null ? shownCreate(entry) : shownState(entry.key.channel, latest);
}

interface Stored {
  readonly event: string | null;
  readonly data: string | null;
  readonly extras?: string;
  readonly tags?: string;
  readonly messageId?: string;
}

function visible(
  channel: string,
  { event, data, extras, tags, messageId }: Stored,
): Pick<ShownVersion, 'channel' | 'name' | 'data' | 'extras' | 'tags' | 'createMessageId'> {
  return {
    channel,
    name: event,
    data,
    ...(extras !== undefined && { extras }),
    ...(tags !== undefined && { tags }),
    ...(messageId !== undefined && { createMessageId: messageId }),
  };
}

function explanation({
  description,
  metadata,
}: Pick<VersionEntry, 'description' | 'metadata'>): Pick<ShownVersion, 'description' | 'metadata'> {
  return {
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
  };
}
