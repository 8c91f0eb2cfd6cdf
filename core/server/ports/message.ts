// A message on its way from the log to the frames. `data` is JSON text, encoded once and never parsed again on the way.
import type { Extras } from '@sockudo/protocol';

/** The place of a message in its channel; absent on channels without a log and on ephemeral messages. */
export interface MessagePosition {
  readonly streamId: string;
  readonly serial: number;
}

/** Identity and version of a mutable message (realtime protocol 2, `extras.headers.sockudo_*`). */
export interface MessageVersion {
  readonly action: 'create' | 'update' | 'append' | 'delete';
  readonly messageSerial: string;
  readonly versionSerial: string;
  readonly timestampMs: number;
  /** Serial of the message's create. */
  readonly historySerial: number;
  /** `message_id` of the create, on frames whose own id is that of a later version (divergence D31). */
  readonly createMessageId?: string;
}

export interface Message {
  readonly channel: string;
  readonly event: string;
  /** The publisher's event name, where `event` is the platform's word for a version of the message. */
  readonly name?: string;
  /** JSON text of the frame's `data` member; absent: the frame has none. */
  readonly data?: string;
  readonly publishedAtMs: number;
  readonly position?: MessagePosition;
  readonly version?: MessageVersion;
  readonly messageId?: string;
  /** Sender of a client event on a presence channel; author of a version. */
  readonly userId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Tags of the message that this frame is a version of: filters see them, the frame does not show them. */
  readonly hiddenTags?: Readonly<Record<string, string>>;
  readonly extras?: Extras;
  /** True: published over HTTP and its publisher did not refuse, so it may be sent as a delta. Absent counts as false. */
  readonly delta?: boolean;
  /** An event of the platform itself (members, counts): no filter hides it (divergence D26). */
  readonly platform?: true;
  /** Set on member_added and member_removed: whom it is about. */
  readonly membership?: { readonly change: 'added' | 'removed'; readonly userId: string };
  /** Never sent to protocol 1 connections. */
  readonly protocol2Only?: true;
  /** Sent only to subscriptions that asked for raw annotations. */
  readonly annotationModeOnly?: true;
  /** Sent only to subscriptions with this interest, a plug-in's word. */
  readonly onlyFor?: string;
  /** What connections with append_mode=full get instead. Called when the first of them needs it. */
  readonly forFullMode?: () => Message;
}
