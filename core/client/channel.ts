/**
 * One subscription: its state, its handlers, and what the server says about it. Plain public channels as they are; the other kinds
 * override the protected steps. Must not know: sockets, other channels, the registry.
 * Every subscribe gets a number (the join); what belongs to an earlier one — a late authorisation above all — is dropped.
 * Source: Pusher protocol, "channels"; names of properties and methods as in pusher-js.
 */
import {
  type AnnotationEvent,
  isJsonObject,
  type MessageSummary,
  member,
  stringMember,
} from '@sockudo/protocol';
import type { EventMetadata, Undeclared } from './emitter.ts';
import { type AuthErrorEvent, authErrorEvent, BadEventName } from './errors.ts';
import type { Frame, Serial } from './frame.ts';
import { MessageChannel } from './message-channel.ts';
import type { ChannelAuthorizationData } from './options.ts';
import type { ResumeFailure } from './recovery.ts';
import { protocolErrorData } from './socket-link.ts';
import { type SubscriptionOptions, subscriptionFields } from './subscription-options.ts';
import { messageOf, numberOf } from './values.ts';

type BothPrefixes<Map> = { [Name in keyof Map & string as `pusher:${Name}` | `sockudo:${Name}`]: Map[Name] };

/** Protocol events of every channel, without prefix. On protocol 7 they are called `pusher:…`, on 2 either way. */
interface ChannelEventData {
  subscription_succeeded: unknown;
  subscription_error: AuthErrorEvent;
  subscription_count: { readonly subscription_count: number };
  cache_miss: unknown;
  resume_failed: ResumeFailure;
  rewind_complete: RewindComplete;
}

/** Data of `sockudo:rewind_complete`. */
export interface RewindComplete {
  readonly historical_count: number;
  readonly live_count: number;
  readonly complete: boolean;
  readonly truncated_by_retention: boolean;
  readonly truncated_by_limit: boolean;
}

/** What happens to messages besides new versions (protocol 2). */
interface AnnotationEvents {
  'message.summary': MessageSummary;
  /** Only with the mode `ANNOTATION_SUBSCRIBE`. */
  'annotation.create': AnnotationEvent;
  'annotation.delete': AnnotationEvent;
}

export type ChannelEvents = BothPrefixes<ChannelEventData> & AnnotationEvents;

export class Channel<Events extends object = Undeclared> extends MessageChannel<ChannelEvents & Events> {
  /** The server has acknowledged the subscription. */
  subscribed = false;
  /** A subscribe is under way: being authorised, or sent and not acknowledged. */
  subscriptionPending = false;
  /** The subscribe under way is no longer wanted; its acknowledgement will be answered by an unsubscribe. */
  subscriptionCancelled = false;
  /** Latest `subscription_count`; undefined before the first. */
  subscriptionCount: number | undefined;
  /** Head of the channel's history when it was subscribed (protocol 2, channels with history). */
  attachSerial: Serial | undefined;

  #options: SubscriptionOptions = {};
  #join = 0;
  /** The subscribe frame of the current join has left. */
  #isSent = false;
  /** Options changed after it left: subscribe again when it is acknowledged. */
  #isOutdated = false;

  /**
   * Sends a client event to the channel's other subscribers (private and presence channels).
   * @returns false when not connected
   * @throws BadEventName unless the name begins with `client-`
   */
  trigger(event: string, data: unknown): boolean {
    if (!event.startsWith('client-'))
      throw new BadEventName(`Event '${event}' does not start with 'client-'`);
    if (!this.subscribed) this.host.logger.warn(`client event before ${this.name} is subscribed`);
    return this.host.send(event, data, this.name);
  }

  /** For internal use: takes over options; a running subscription is renewed with them. */
  configure(options: SubscriptionOptions): void {
    if (JSON.stringify(options) === JSON.stringify(this.#options)) return;
    this.#options = options;
    if (this.host.protocolVersion === 7) {
      this.host.logger.warn(`subscription options of ${this.name} need protocolVersion 2`);
      return;
    }
    if (this.#isSent && this.subscriptionPending) this.#isOutdated = true;
    else if (this.subscribed) this.#begin();
  }

  /** For internal use: begins a subscribe unless there is one; takes back a cancellation. */
  subscribe(): void {
    if (this.subscriptionPending) this.subscriptionCancelled = false;
    else if (!this.subscribed) this.#begin();
  }

  /** For internal use: ends the subscription. False when that has to wait for an acknowledgement under way. */
  leave(): boolean {
    if (this.subscriptionPending && this.#isSent) {
      this.subscriptionCancelled = true;
      return false;
    }
    if (this.subscribed) this.host.send(this.host.names.platform('unsubscribe'), { channel: this.name });
    this.#settle(false);
    return true;
  }

  /** For internal use: the connection is gone. */
  connectionLost(): void {
    const wasCancelled = this.subscriptionPending && this.subscriptionCancelled;
    this.#settle(false);
    if (wasCancelled) this.host.drop(this.name);
  }

  /** For internal use: the gap of a reconnect could not be filled. A subscription with rewind starts over. */
  resumeFailed(failure: ResumeFailure): void {
    this.emit(this.host.names.platform('resume_failed'), failure, { channel: failure.channel });
    const isOwn = failure.channel === this.name;
    if (isOwn && this.#options.rewind != null && this.subscribed) this.#begin();
  }

  /** For internal use: a frame of this channel, or on a pattern one of a matching channel. */
  handleFrame(frame: Frame): void {
    const { names } = this.host;
    switch (frame.event) {
      case names.internal('subscription_succeeded'):
        this.#acknowledged(frame);
        break;
      case names.internal('subscription_error'):
      case names.platform('subscription_error'):
        this.#refused(frame);
        break;
      case names.platform('error'):
        // Sockudo's error frames name no channel; a server that does tells us whose subscribe failed.
        if (this.subscriptionPending) this.#refused(frame);
        this.emit(frame.event, frame.data, metadataOf(frame));
        break;
      case names.internal('subscription_count'):
        this.#counted(frame);
        break;
      case names.internal('message'):
      case names.internal('annotation'):
        this.#acted(frame);
        break;
      default:
        this.deliver(frame);
    }
  }

  /** What the subscribe frame must carry. Public channels need nothing and do not wait. */
  protected authorization(): ChannelAuthorizationData | Promise<ChannelAuthorizationData> {
    return { auth: '' };
  }

  /** The authorisation belongs to the current join and will be used. @throws when it lacks something */
  protected accepted(_data: ChannelAuthorizationData): void {}

  /** What handlers of subscription_succeeded receive. */
  protected acknowledgement(frame: Frame): unknown {
    return frame.data;
  }

  /** Hands an event to the handlers. */
  protected deliver(frame: Frame): void {
    this.emit(frame.event, frame.data, metadataOf(frame));
  }

  #begin(): void {
    const join = ++this.#join;
    this.subscriptionPending = true;
    this.subscriptionCancelled = false;
    this.#isSent = false;
    this.#isOutdated = false;
    const given = this.authorization();
    if (!(given instanceof Promise)) {
      this.#send(given);
      return;
    }
    given.then(
      (data) => join === this.#join && this.#authorised(data),
      (error: unknown) => join === this.#join && this.#failed(error),
    );
  }

  #authorised(data: ChannelAuthorizationData): void {
    try {
      this.accepted(data);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#send(data);
  }

  #failed(error: unknown): void {
    this.#settle(this.subscribed);
    this.host.logger.error(`${this.name} was not authorised: ${messageOf(error)}`);
    this.emit(this.host.names.platform('subscription_error'), authErrorEvent(error), { channel: this.name });
  }

  #send({ auth, channel_data }: ChannelAuthorizationData): void {
    const { name, host } = this;
    const withRewind = !host.willResume(name);
    const fields = host.protocolVersion === 7 ? {} : subscriptionFields(this.#options, withRewind);
    this.#isSent = host.send(host.names.platform('subscribe'), {
      auth,
      channel_data,
      channel: name,
      ...fields,
    });
    if ('rewind' in fields) host.rewindSent(name);
  }

  #acknowledged(frame: Frame): void {
    const isCancelled = this.subscriptionCancelled;
    const isOutdated = this.#isOutdated;
    this.#settle(true);
    if (isCancelled) {
      this.leave();
      this.host.drop(this.name);
      return;
    }
    const attached = isJsonObject(frame.data) ? member(frame.data, 'attach_serial') : undefined;
    if (typeof attached === 'number' || typeof attached === 'string') this.attachSerial = attached;
    const data = this.acknowledgement(frame);
    if (isOutdated) this.#begin();
    this.emit(this.host.names.platform('subscription_succeeded'), data, metadataOf(frame));
  }

  #refused(frame: Frame): void {
    const isCancelled = this.subscriptionCancelled;
    this.#settle(false);
    if (isCancelled) this.host.drop(this.name);
    const { code, message } = protocolErrorData(frame.data);
    const status = code ?? (isJsonObject(frame.data) ? numberOf(member(frame.data, 'status')) : undefined);
    const text = message || (isJsonObject(frame.data) ? (stringMember(frame.data, 'error') ?? '') : '');
    const event: AuthErrorEvent = {
      type: 'PusherError',
      error: text,
      ...(status !== undefined && { status }),
    };
    this.emit(this.host.names.platform('subscription_error'), event, metadataOf(frame));
  }

  #counted(frame: Frame): void {
    const count = isJsonObject(frame.data) ? numberOf(member(frame.data, 'subscription_count')) : undefined;
    if (count !== undefined) this.subscriptionCount = count;
    this.emit(this.host.names.platform('subscription_count'), frame.data, metadataOf(frame));
  }

  /** Annotation summaries and raw annotations are named by their `action`: `message.summary`, `annotation.create`, … */
  #acted(frame: Frame): void {
    const action = isJsonObject(frame.data) ? stringMember(frame.data, 'action') : undefined;
    this.emit(action ?? frame.event, frame.data, metadataOf(frame));
  }

  /** Ends the current join; whatever still belongs to it is late from now on. */
  #settle(subscribed: boolean): void {
    this.#join += 1;
    this.subscribed = subscribed;
    this.subscriptionPending = false;
    this.subscriptionCancelled = false;
    this.#isSent = false;
    this.#isOutdated = false;
  }
}

/** The part of a frame that handlers get beside the data. */
export function metadataOf(frame: Frame): EventMetadata {
  const { event: _event, data: _data, base: _base, ...metadata } = frame;
  return metadata;
}
