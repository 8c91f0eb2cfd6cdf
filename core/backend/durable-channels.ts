// The methods about durable channels, which `Sockudo` inherits: histories, mutable messages, annotations. Names are those of the
// Sockudo SDK where it has one. Wrong names and ids throw at once.
// Pages are the server's answers with `hasNext()`, `next()`, `pages()`; iterating a page goes on over all that follow.
import type {
  AnnotationAnswer,
  AnnotationDeleteAnswer,
  HistoryPurgeAnswer,
  HistoryResetAnswer,
  HistoryStateAnswer,
  MessageAnswer,
  MutationAnswer,
  PresenceResetAnswer,
  PresenceSnapshotAnswer,
  PresenceStateAnswer,
} from '@sockudo/protocol';
import {
  type AnnotationParams,
  type AnnotationsPage,
  type AnnotationsParams,
  createAnnotation,
  readAnnotations,
  removeAnnotation,
} from './annotations.ts';
import {
  type CutReason,
  type HistoryPage,
  type HistoryParams,
  type PurgeParams,
  purgeHistory,
  readHistory,
  readHistoryState,
  resetHistory,
} from './history.ts';
import {
  type AppendParams,
  changeMessage,
  type DeleteParams,
  type MutationParams,
  messagePath,
  readMessage,
  readVersions,
  type UpdateParams,
  type VersionsPage,
  type VersionsParams,
} from './messages.ts';
import {
  type PresenceHistoryPage,
  readPresenceHistory,
  readPresenceSnapshot,
  readPresenceState,
  resetPresenceHistory,
  type SnapshotParams,
} from './presence-history.ts';
import type { KeySource } from './publishing.ts';
import type { Requester } from './requester.ts';

export class DurableChannels {
  readonly #requester: Requester;
  readonly #opIds: KeySource | null;

  /** @param opIds for changes that bring none of their own; null: those get none and are not repeated on failure */
  protected constructor(requester: Requester, opIds: KeySource | null) {
    this.#requester = requester;
    this.#opIds = opIds;
  }

  /** A page of a channel's history, each message as it stands now. */
  channelHistory(channel: string, params: HistoryParams = {}): Promise<HistoryPage> {
    return readHistory(this.#requester, channel, params);
  }

  /** What is retained of a channel's history, and whether it is sound. */
  channelHistoryState(channel: string): Promise<HistoryStateAnswer> {
    return readHistoryState(this.#requester, channel);
  }

  /** Forgets a channel's messages and begins a new stream: every position and cursor becomes invalid. */
  resetChannelHistory(channel: string, params: CutReason): Promise<HistoryResetAnswer> {
    return resetHistory(this.#requester, channel, params);
  }

  /** Removes messages with their versions and annotations; numbering goes on. */
  purgeChannelHistory(channel: string, params: PurgeParams): Promise<HistoryPurgeAnswer> {
    return purgeHistory(this.#requester, channel, params);
  }

  /** A message as it stands. `serial`: its `message_serial`. */
  getMessage(channel: string, serial: string): Promise<MessageAnswer> {
    return readMessage(this.#requester, channel, serial);
  }

  /** A page of a message's versions, its create included; an append shows its fragment. */
  getMessageVersions(channel: string, serial: string, params: VersionsParams = {}): Promise<VersionsPage> {
    return readVersions(this.#requester, channel, serial, params);
  }

  /** Replaces parts of a message; what is not named stays. Repeated on failure as `trigger` is. */
  updateMessage(channel: string, serial: string, params: UpdateParams): Promise<MutationAnswer> {
    return changeMessage(this.#requester, 'update', messagePath(channel, serial), this.#withOpId(params));
  }

  /** Marks a message as deleted. Its content stays unless it is replaced or cleared. Repeated on failure as `trigger` is. */
  deleteMessage(channel: string, serial: string, params: DeleteParams = {}): Promise<MutationAnswer> {
    return changeMessage(this.#requester, 'delete', messagePath(channel, serial), this.#withOpId(params));
  }

  /** Adds text to the end of a message's. Repeated on failure as `trigger` is. For many in a row see `appendStream`. */
  appendMessage(channel: string, serial: string, params: AppendParams): Promise<MutationAnswer> {
    return changeMessage(this.#requester, 'append', messagePath(channel, serial), this.#withOpId(params));
  }

  /** Annotates a message. */
  publishAnnotation(
    channel: string,
    messageSerial: string,
    annotation: AnnotationParams,
  ): Promise<AnnotationAnswer> {
    return createAnnotation(this.#requester, channel, messageSerial, annotation);
  }

  /** Takes an annotation back. */
  deleteAnnotation(
    channel: string,
    messageSerial: string,
    annotationSerial: string,
    params: { readonly socket_id?: string | undefined } = {},
  ): Promise<AnnotationDeleteAnswer> {
    return removeAnnotation(this.#requester, channel, messageSerial, annotationSerial, params);
  }

  /** A page of a message's annotation events, oldest first. */
  listAnnotations(
    channel: string,
    messageSerial: string,
    params: AnnotationsParams = {},
  ): Promise<AnnotationsPage> {
    return readAnnotations(this.#requester, channel, messageSerial, params);
  }

  /** A page of who came, changed and left. */
  channelPresenceHistory(channel: string, params: HistoryParams = {}): Promise<PresenceHistoryPage> {
    return readPresenceHistory(this.#requester, channel, params);
  }

  /** What is retained of a presence history, and whether it is sound. */
  channelPresenceState(channel: string): Promise<PresenceStateAnswer> {
    return readPresenceState(this.#requester, channel);
  }

  /** Who was there at a serial or a time. */
  channelPresenceSnapshot(channel: string, params: SnapshotParams = {}): Promise<PresenceSnapshotAnswer> {
    return readPresenceSnapshot(this.#requester, channel, params);
  }

  /** Forgets a presence history. */
  resetChannelPresenceHistory(channel: string, params: CutReason): Promise<PresenceResetAnswer> {
    return resetPresenceHistory(this.#requester, channel, params);
  }

  #withOpId<Params extends MutationParams>(params: Params): Params {
    return params.op_id === undefined && this.#opIds !== null
      ? { ...params, op_id: this.#opIds.next() }
      : params;
  }
}
