/**
 * What a channel does with messages: reads its history, publishes, changes, annotates; and shows every event whole to whoever asks.
 * Must not know: subscriptions, sockets.
 */
import type {
  AnnotationAnswer,
  AnnotationDeleteAnswer,
  JsonObject,
  MessageVersion,
  MutationAnswer,
  PublishAck,
} from '@sockudo/protocol';
import type { ChannelHost } from './channel-host.ts';
import {
  type Annotation,
  type AnnotationsPage,
  type AnnotationsParams,
  createAnnotation,
  readAnnotations,
  readMessage,
  readVersions,
  removeAnnotation,
  type VersionsPage,
  type VersionsParams,
} from './channel-messages.ts';
import {
  askPlugin,
  type ChangeOptions,
  changeMessage,
  type MessagePatch,
  type PublishOptions,
  publishMessage,
} from './channel-publishing.ts';
import { Emitter } from './emitter.ts';
import type { Frame } from './frame.ts';
import type { HistoryPage, HistoryParams } from './history.ts';
import {
  createOptions,
  type EventsPage,
  type EventsParams,
  eventsPage,
  historyParams,
  type MessageToCreate,
  type WholeEvent,
  wholeEvent,
} from './whole-events.ts';

export class MessageChannel<Events extends object> extends Emitter<Events> {
  readonly name: string;
  protected readonly host: ChannelHost;

  constructor(name: string, host: ChannelHost) {
    super({ handlerKey: host.names.handlerKey, report: host.runtime.report });
    this.name = name;
    this.host = host;
  }

  /**
   * Called with every event of the channel, before its handlers. Does nothing: put a function in its place to see events whole.
   * `@sockudo/ai-transport` 3 does.
   */
  handleEvent(_event: WholeEvent): unknown {
    return undefined;
  }

  /** For internal use: shows a frame to whoever took the place of `handleEvent`. */
  showWhole(frame: Frame): void {
    if (this.handleEvent === MessageChannel.prototype.handleEvent) return;
    try {
      this.handleEvent(wholeEvent(frame));
    } catch (error) {
      // The application's, like what handlers throw.
      this.host.runtime.report(error);
    }
  }

  /**
   * A page of the channel's history, each message as it stands now, over the connection (protocol 2). Waits until the channel is
   * subscribed, and asks again after a reconnect, for half a minute in all. Iterating the page goes on over all that follow.
   * Rejects with a HistoryError.
   */
  history(params: HistoryParams = {}): Promise<HistoryPage> {
    return this.host.readHistory(this.name, params);
  }

  /** A page of the history as `@sockudo/ai-transport` 3 reads it: see `EventsPage`. Bounds also in snake_case. As `history` otherwise. */
  async channelHistory(params: EventsParams = {}): Promise<EventsPage> {
    return eventsPage(await this.history(historyParams(params)));
  }

  /**
   * Publishes an event (protocol 2, with a token or a sign-in that lists `publish`) and answers the serials that it got. Waits until the
   * channel is subscribed, for half a minute in all. With a `messageId` it is sent again when the answer was lost with the
   * connection. Rejects with a RequestError.
   */
  publish(name: string, data: unknown, options: PublishOptions = {}): Promise<PublishAck> {
    return publishMessage(this.host.ask, this.name, { name, data }, options);
  }

  /** `publish` as `@sockudo/ai-transport` 3 asks for it. Who publishes and under which serial is the server's to say. */
  publishCreate(message: MessageToCreate): Promise<PublishAck> {
    return this.publish(message.name, message.data, createOptions(message));
  }

  /** Adds text to the end of a message's. This and the following are asked as `publish` is; `opId` lets them be sent again. */
  appendMessage(messageSerial: string, data: string, options: ChangeOptions = {}): Promise<MutationAnswer> {
    return this.#change({ action: 'append', messageSerial, data }, options);
  }

  /** Replaces parts of a message; what is not named stays. */
  updateMessage(messageSerial: string, change: MessagePatch & ChangeOptions): Promise<MutationAnswer> {
    return this.#change({ ...change, action: 'update', messageSerial }, change);
  }

  /** Marks a message as deleted. Its content stays unless it is replaced or cleared. */
  deleteMessage(messageSerial: string, change: MessagePatch & ChangeOptions = {}): Promise<MutationAnswer> {
    return this.#change({ ...change, action: 'delete', messageSerial }, change);
  }

  /** A message as it stands. This and the following are asked through `versionedMessages.endpoint`. */
  getMessage(messageSerial: string): Promise<MessageVersion> {
    return readMessage(this.host.askAboutMessages, this.name, messageSerial);
  }

  /** A page of a message's versions, its create included; an append shows its fragment. */
  getMessageVersions(messageSerial: string, params: VersionsParams = {}): Promise<VersionsPage> {
    return readVersions(this.host.askAboutMessages, this.name, messageSerial, params);
  }

  /** Annotates a message. */
  publishAnnotation(messageSerial: string, annotation: Annotation): Promise<AnnotationAnswer> {
    return createAnnotation(this.host.askAboutMessages, this.name, messageSerial, annotation);
  }

  /** Takes an annotation back. */
  deleteAnnotation(messageSerial: string, annotationSerial: string): Promise<AnnotationDeleteAnswer> {
    const place = { channel: this.name, messageSerial, annotationSerial };
    return removeAnnotation(this.host.askAboutMessages, place, this.host.socketId());
  }

  /** A page of a message's annotation events, oldest first. */
  listAnnotations(messageSerial: string, params: AnnotationsParams = {}): Promise<AnnotationsPage> {
    return readAnnotations(this.host.askAboutMessages, this.name, messageSerial, params);
  }

  /**
   * Asks something that a plug-in of the server answers, over the socket: `sockudo:NAME` with `data`, a `request_id` and this channel.
   * Resolves with the data of the answer, a frame of the same name. Waits for the subscription; protocol 2.
   * Rejects as {@link publish}.
   */
  request(
    name: string,
    data: JsonObject = {},
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<JsonObject> {
    return askPlugin(this.host.ask, this.name, name, data, options);
  }

  #change(change: Parameters<typeof changeMessage>[2], options: ChangeOptions): Promise<MutationAnswer> {
    return changeMessage(this.host.ask, this.name, change, options);
  }
}
