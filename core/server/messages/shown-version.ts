// A version of a message as somebody sees it, whatever it was read from: the latest state, an entry of the log, or a create
// that nothing has changed. Pure; knows neither frames nor JSON shapes. Pages of history are made of these, so each is one
// literal with all of its members.
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
  readonly extras: string | undefined;
  readonly tags: string | undefined;
  readonly messageSerial: string;
  readonly versionSerial: string;
  readonly historySerial: number;
  readonly deliverySerial: number;
  readonly timestampMs: number;
  /** Author of this version. */
  readonly clientId: string | undefined;
  readonly creatorId: string | undefined;
  readonly description: string | undefined;
  readonly metadata: string | undefined;
  /** `message_id` of the create. */
  readonly createMessageId: string | undefined;
}

export function versionOf(shown: ShownVersion): MessageVersion {
  const { action, messageSerial, versionSerial, timestampMs, historySerial, createMessageId } = shown;
  const version = { action, messageSerial, versionSerial, timestampMs, historySerial };
  return action === 'create' || createMessageId === undefined ? version : { ...version, createMessageId };
}

/** The create itself. Null: messages of its channel have no versions. */
export function shownCreate(entry: LogEntry): ShownVersion | null {
  const { messageSerial, creatorId } = entry;
  if (messageSerial === undefined) return null;
  return {
    channel: entry.key.channel,
    action: 'create',
    name: entry.event,
    data: entry.data,
    extras: entry.extras,
    tags: entry.tags,
    messageSerial,
    versionSerial: messageSerial,
    historySerial: entry.serial,
    deliverySerial: entry.serial,
    timestampMs: entry.publishedAtMs,
    clientId: creatorId,
    creatorId,
    description: undefined,
    metadata: undefined,
    createMessageId: entry.messageId,
  };
}

/** One change; of an append the fragment. */
export function shownEntry(entry: VersionEntry): ShownVersion {
  return {
    channel: entry.key.channel,
    action: entry.action,
    name: entry.event,
    data: entry.data,
    extras: entry.extras,
    tags: entry.tags,
    messageSerial: entry.messageSerial,
    versionSerial: entry.versionSerial,
    historySerial: entry.historySerial,
    deliverySerial: entry.serial,
    timestampMs: entry.publishedAtMs,
    clientId: entry.userId,
    creatorId: entry.creatorId,
    description: entry.description,
    metadata: entry.metadata,
    createMessageId: entry.messageId,
  };
}

/** The message as it stands, with its whole data. */
export function shownState(channel: string, state: MessageState): ShownVersion {
  return {
    channel,
    action: state.action,
    name: state.event,
    data: state.data(),
    extras: state.extras,
    tags: state.tags,
    messageSerial: state.messageSerial,
    versionSerial: state.versionSerial,
    historySerial: state.historySerial,
    deliverySerial: state.deliverySerial,
    timestampMs: state.versionAtMs,
    clientId: state.action === 'create' ? state.creatorId : state.userId,
    creatorId: state.creatorId,
    description: state.description,
    metadata: state.metadata,
    createMessageId: state.messageId,
  };
}

/** What a row of the history shows; null: its message has no versions. */
export function shownRow({ entry, latest }: HistoryRow): ShownVersion | null {
  return latest === null ? shownCreate(entry) : shownState(entry.key.channel, latest);
}
