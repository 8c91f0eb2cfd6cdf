/**
 * The signed-in user: sign-in and its repetition after each reconnect, events sent to the user, the watchlist.
 * Must not know: sockets, other channels.
 * Source: Pusher protocol, user authentication; names as in pusher-js.
 */
import {
  isJsonObject,
  type JsonObject,
  stringMember,
  tryParseJson,
  userChannelName,
} from '@sockudo/protocol';
import type { Channel } from './channel.ts';
import { Emitter, type Undeclared } from './emitter.ts';
import { type AuthErrorEvent, authErrorEvent } from './errors.ts';
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
import type { Logger } from './logger.ts';
import type { UserAuthenticationData } from './options.ts';
import type { Runtime } from './runtime.ts';
import { protocolErrorData } from './socket-link.ts';
import { messageOf } from './values.ts';
import { Watchlist } from './watchlist.ts';

export interface UserEvents {
  'pusher:signin_error': AuthErrorEvent;
  'sockudo:signin_error': AuthErrorEvent;
}

/** The user as signed by the backend. */
export interface UserData extends JsonObject {
  readonly id: string;
}

export interface UserHost {
  readonly names: EventNames;
  readonly logger: Logger;
  readonly runtime: Runtime;
  isConnected(): boolean;
  send(event: string, data: unknown): boolean;
  /** Asks the application's backend. */
  authenticateUser(): Promise<UserAuthenticationData>;
  /** A channel object outside the list of subscriptions. */
  createChannel(name: string): Channel;
}

/** A sign-in somebody may wait for. */
interface Pending {
  readonly promise: Promise<string | null>;
  settle(userId: string | null): void;
}

function createPending(): Pending {
  let settle: (userId: string | null) => void = () => {};
  const promise = new Promise<string | null>((resolve) => {
    settle = resolve;
  });
  return { promise, settle: (userId) => settle(userId) };
}

/** Texts of Sockudo's refusals of a sign-in: its error frames name no cause but the text. */
const SIGNIN_REFUSAL = /sign-?in|user_data|user authentication/i;

export class User<Events extends object = Undeclared> extends Emitter<UserEvents & Events> {
  readonly watchlist: Watchlist;
  /** `signin` was called; it is repeated after every reconnect. */
  signin_requested = false;
  /** The signed-in user; null before and after. */
  user_data: UserData | null = null;

  readonly #host: UserHost;
  #channel: Channel | undefined;
  #pending: Pending | undefined;
  #hasFailed = false;
  /** Counts sign-ins; an answer that belongs to an earlier one is dropped. */
  #attempt = 0;

  constructor(host: UserHost) {
    super({ handlerKey: host.names.handlerKey, report: host.runtime.report });
    this.#host = host;
    this.watchlist = new Watchlist(host.names, host.runtime);
  }

  /**
   * Signs in, now or as soon as there is a connection, and again after each reconnect. Failure: `pusher:signin_error` here;
   * then it may be called once more.
   */
  signin(): void {
    if (this.signin_requested && !this.#hasFailed) return;
    this.signin_requested = true;
    this.#hasFailed = false;
    this.#pending = createPending();
    if (this.#host.isConnected()) this.#begin();
  }

  /** For internal use: the user's id once a sign-in under way is settled; null when there is none or it failed. */
  async signedInUser(): Promise<string | null> {
    return this.user_data?.id ?? (await this.#pending?.promise) ?? null;
  }

  /** For internal use. */
  connected(): void {
    if (this.signin_requested) this.#begin();
  }

  /** For internal use: the connection is gone, and with it the sign-in. */
  lost(): void {
    this.#end();
    this.watchlist.lost();
    if (this.signin_requested) this.#pending = createPending();
  }

  /** For internal use: true for the channel of events sent to the signed-in user. */
  ownsChannel(name: string): boolean {
    return name === this.#channel?.name;
  }

  /** For internal use: looks at every frame. */
  handleFrame(frame: Frame): void {
    const { names } = this.#host;
    this.watchlist.handleFrame(frame);
    if (frame.event === names.platform('signin_success')) this.#succeeded(frame.data);
    if (frame.event === names.platform('error')) this.#refused(frame.data);
    if (frame.channel !== undefined && this.ownsChannel(frame.channel)) this.#channel?.handleFrame(frame);
  }

  #begin(): void {
    this.#hasFailed = false;
    const attempt = ++this.#attempt;
    this.#host.authenticateUser().then(
      (data) => {
        if (attempt === this.#attempt) this.#host.send(this.#host.names.platform('signin'), { ...data });
      },
      (error: unknown) => {
        if (attempt === this.#attempt) this.#failed(authErrorEvent(error));
      },
    );
  }

  #succeeded(data: unknown): void {
    const text = isJsonObject(data) ? stringMember(data, 'user_data') : undefined;
    const user = text === undefined ? undefined : tryParseJson(text);
    const id = isJsonObject(user) ? stringMember(user, 'id') : undefined;
    if (!isJsonObject(user) || id === undefined || id === '') {
      this.#host.logger.error('signin_success carries no user with an id');
      this.#end();
      return;
    }
    this.user_data = { ...user, id };
    this.#openChannel(id);
    this.#pending?.settle(id);
  }

  #openChannel(id: string): void {
    const channel = this.#host.createChannel(userChannelName(id));
    channel.bind_global((event, data, metadata) => {
      if (!this.#host.names.isProtocol(event)) this.emit(event, data, metadata);
    });
    this.#channel = channel;
    channel.subscribe();
  }

  /** While a sign-in waits for its answer, an error about signing in is that answer. */
  #refused(data: unknown): void {
    if (!this.signin_requested || this.user_data !== null) return;
    const { code, message } = protocolErrorData(data);
    if (!SIGNIN_REFUSAL.test(message)) return;
    this.#failed({ type: 'PusherError', error: message, ...(code !== null && { status: code }) });
  }

  #failed(event: AuthErrorEvent): void {
    this.#hasFailed = true;
    this.#host.logger.warn(`sign-in failed: ${messageOf(event.error)}`);
    this.#end();
    this.emit(this.#host.names.platform('signin_error'), event);
  }

  #end(): void {
    this.#attempt += 1;
    this.user_data = null;
    this.#channel?.unbind_all();
    this.#channel?.connectionLost();
    this.#channel = undefined;
    this.#pending?.settle(null);
  }
}
