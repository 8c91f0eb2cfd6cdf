// One event for one channel, checked and allowed, on its way through the spine: what is stored of it and what is sent.
import { type Extras, encodeExtras, encodeTags } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { namespaceFor } from '../apps/channel-rules.ts';
import { keepsHistory } from '../apps/durability.ts';
import type { EntryDraft, LogEntry, Retention } from '../ports/channel-log.ts';
import type { Message } from '../ports/message.ts';

export interface Publication {
  readonly app: App;
  readonly channel: string;
  readonly event: string;
  /** JSON text of the frame's data. */
  readonly data: string;
  readonly source: 'http' | 'client';
  readonly messageId?: string;
  /** Makes the message's identity where messages are mutable. */
  readonly versionSerial?: (historySerial: number) => string;
  /** `user_id` of the frame. */
  readonly userId?: string;
  /** Verified id of who sent it. */
  readonly creatorId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly extras?: Extras;
  /** false: the publisher wants it sent whole. */
  readonly delta?: boolean;
  readonly exceptSocketId?: string;
  /** Who sent a client event; the same as `exceptSocketId` unless the sender hears its own events. */
  readonly senderSocketId?: string;
  /** Never stored, no serial, no webhook (realtime.md section 6.7). */
  readonly isEphemeral: boolean;
  readonly publishedAtMs: number;
  /** See PublishRequest. */
  readonly fence?: string;
  /** What the webhook `client_event` says instead of the event and its data; absent: those. */
  readonly withheld?: { readonly event: string };
}

/** A client event as its handler gives it; everything else of the publication follows. */
export type ClientEvent = Pick<
  Publication,
  | 'app'
  | 'channel'
  | 'event'
  | 'data'
  | 'userId'
  | 'creatorId'
  | 'exceptSocketId'
  | 'senderSocketId'
  | 'extras'
  | 'tags'
  | 'withheld'
> & { readonly messageId?: string };

export function draftOf(publication: Publication): EntryDraft {
  const {
    app,
    channel,
    event,
    data,
    publishedAtMs,
    messageId,
    versionSerial,
    userId,
    creatorId,
    tags,
    extras,
  } = publication;
  return {
    key: { appId: app.id, channel },
    event,
    data,
    publishedAtMs,
    retention: retentionOf(app, channel),
    ...(messageId !== undefined && { messageId }),
    ...(versionSerial !== undefined && { versionSerial }),
    ...(userId !== undefined && { userId }),
    ...(creatorId !== undefined && { creatorId }),
    ...(tags !== undefined && { tags: encodeTags(tags) }),
    ...(extras !== undefined && { extras: encodeExtras(extras) }),
  };
}

export function messageOf(publication: Publication, entry: LogEntry | null): Message {
  const { channel, event, data, publishedAtMs, messageId, userId, tags, extras, delta, source } = publication;
  return {
    channel,
    event,
    data,
    publishedAtMs,
    ...(entry !== null && { position: { streamId: entry.streamId, serial: entry.serial } }),
    ...(entry !== null && versionOf(entry)),
    ...(messageId !== undefined && { messageId }),
    ...(userId !== undefined && { userId }),
    ...(tags !== undefined && { tags }),
    ...(extras !== undefined && { extras }),
    delta: source === 'http' && delta !== false,
  };
}

function versionOf({ messageSerial, serial, publishedAtMs }: LogEntry): Pick<Message, 'version'> {
  if (messageSerial === undefined) return {};
  return {
    version: {
      action: 'create',
      messageSerial,
      versionSerial: messageSerial,
      timestampMs: publishedAtMs,
      historySerial: serial,
    },
  };
}

/** How long the messages of a channel are kept. */
export function retentionOf(app: App, channel: string): Retention {
  if (!keepsHistory(app, channel))
    return { ageMs: app.recovery.windowMs, messages: app.recovery.maxMessages };
  const namespace = namespaceFor(app, channel);
  return namespace?.retention ?? app.history.retention;
}
