// The class users know: each method checks its arguments, builds one request and leaves the rest to the modules beside it.
// Wrong names and ids throw at once, as in the Pusher SDK; whatever the server or the network does rejects the promise.
import { userChannelName } from '@sockudo/protocol';
import { AppendStream, type AppendStreamOptions } from './append-stream.ts';
import {
  authenticateUser,
  authorizeChannel,
  type ChannelAuthorization,
  type PresenceData,
  type UserAuthentication,
  type UserData,
} from './authorization.ts';
import { type ChannelEvent, type ChannelEventsParams, readChannelEvents } from './channel-events.ts';
import {
  type ChannelList,
  type ChannelState,
  type ChannelUsers,
  type InfoParam,
  infoText,
  isChannelList,
  isChannelState,
  isChannelUsers,
} from './channel-state.ts';
import { type Configuration, optionsFromUrl, parseOptions, type SockudoOptions } from './configuration.ts';
import { sharedSecret } from './encryption.ts';
import { SockudoRequestError, WebHookError } from './errors.ts';
import { assertChannel, assertUserId, channelPath, pathSegment } from './names.ts';
import {
  type BatchEvent,
  createKeySource,
  type PreparedBatch,
  type PreparedEvent,
  type PublishContext,
  prepareBatch,
  prepareEvent,
  type TriggerParams,
} from './publishing.ts';
import { PushMethods } from './push.ts';
import { createRequester, type Requester } from './requester.ts';
import { withRetries } from './retry.ts';
import { createSignedQuery, type QueryParams, type SignedQueryRequest } from './signed-query.ts';
import { Token } from './token.ts';
import { type AppRequest, sendOnce } from './transport.ts';
import { WebHook, type WebHookRequest } from './webhook.ts';

/** A call to a route of the server, below `/apps/APP_ID`. */
export interface RouteRequest {
  /** Begins with `/`; segments percent-encoded by the caller, no query. */
  readonly path: string;
  readonly params?: QueryParams | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Gives the request up: it rejects with a SockudoRequestError that is not retryable, whatever the server has done by then. */
  readonly signal?: AbortSignal | undefined;
}

/** A POST to a route; `body` is sent as its JSON text, undefined as an empty body. */
export interface PostRequest extends RouteRequest {
  readonly body?: unknown;
}

/** A fetch `Response` whose body is already here. */
export type TriggerResponse = Response & { readonly idempotencyKey: string | undefined };

/** As above, with one key an item. */
export type BatchResponse = Response & { readonly idempotencyKeys: readonly (string | undefined)[] };

/** The signed HTTP API of one app. Holds no connection or timer of its own, so there is nothing to close. */
export class Sockudo extends PushMethods {
  static readonly Token = Token;
  static readonly RequestError = SockudoRequestError;
  static readonly WebHookError = WebHookError;

  readonly #config: Configuration;
  readonly #publishing: PublishContext;
  readonly #requester: Requester;

  constructor(options: SockudoOptions) {
    const config = parseOptions(options);
    const requester = createRequester(config);
    super(requester, config.autoIdempotencyKey ? createKeySource() : null);
    this.#config = config;
    this.#requester = requester;
    this.#publishing = {
      masterKey: config.masterKey,
      autoIdempotencyKey: config.autoIdempotencyKey,
      keys: createKeySource(),
    };
  }

  /** From `http(s)://KEY:SECRET@HOST[:PORT]/apps/APP_ID`; what the address says wins over `options`. */
  static forURL(address: string, options: Partial<SockudoOptions> = {}): Sockudo {
    return new Sockudo({ ...options, ...optionsFromUrl(address) });
  }

  /** For the host `api-CLUSTER.sockudo.com`. */
  static forCluster(cluster: string, options: Omit<SockudoOptions, 'cluster' | 'host'>): Sockudo {
    return new Sockudo({ ...options, host: undefined, cluster });
  }

  /**
   * Publishes an event to a channel or to at most 100. `data` that is no string is sent as its JSON text; on
   * `private-encrypted-` channels it is encrypted, whatever its type. Repeated on network failure, 429 and 5xx.
   */
  trigger(
    channels: string | readonly string[],
    event: string,
    data: unknown,
    params: TriggerParams = {},
  ): Promise<TriggerResponse> {
    const targets = typeof channels === 'string' ? [channels] : channels;
    return this.#publish(prepareEvent(this.#publishing, targets, { ...params, name: event, data }));
  }

  /** Publishes several events in one request, each with its own channel, name, data and options. Repeated as `trigger` is. */
  triggerBatch(batch: readonly BatchEvent[]): Promise<BatchResponse> {
    return this.#publishBatch(prepareBatch(this.#publishing, batch));
  }

  /** Publishes an event to all connections that are signed in as this user. Repeated as `trigger` is. */
  sendToUser(userId: string, event: string, data: unknown): Promise<TriggerResponse> {
    assertUserId(userId);
    return this.#publish(prepareEvent(this.#publishing, [userChannelName(userId)], { name: event, data }));
  }

  /**
   * A stream of text that is appended to a mutable message, fragment by fragment, over one request that reconnects by itself.
   * `messageSerial`: that of the create. See append-stream.ts.
   */
  appendStream(channel: string, messageSerial: string, options: AppendStreamOptions = {}): AppendStream {
    const path = `${channelPath(channel)}/messages/${pathSegment(messageSerial, 'message serial')}/appends`;
    return new AppendStream(this.#config, { method: 'POST', path }, options);
  }

  /**
   * A channel as it happens: first what was missed since `lastEventId`, then live. Ends when the server ends it; rejects with a
   * SockudoRequestError when it breaks. Come back with the last `id`. See channel-events.ts.
   */
  channelEvents(channel: string, params: ChannelEventsParams = {}): AsyncGenerator<ChannelEvent, void> {
    assertChannel(channel);
    return readChannelEvents(this.#config, channel, params);
  }

  /** Closes all connections of a user with code 4009: its clients stay away. */
  terminateUserConnections(userId: string): Promise<Response> {
    return this.#postToUser(userId, 'terminate_connections');
  }

  /** Closes all connections of a user with code 4200: its clients connect again at once. */
  forceReconnectUser(userId: string): Promise<Response> {
    return this.#postToUser(userId, 'force_reconnect');
  }

  /** The answer of a channel auth endpoint: see authorization.ts. */
  authorizeChannel(socketId: string, channel: string, presence?: PresenceData): ChannelAuthorization {
    return authorizeChannel(this.#config, socketId, channel, presence);
  }

  /** @deprecated Use `authorizeChannel`. */
  authenticate(socketId: string, channel: string, presence?: PresenceData): ChannelAuthorization {
    return this.authorizeChannel(socketId, channel, presence);
  }

  /** The answer of a user auth endpoint. */
  authenticateUser(socketId: string, user: UserData): UserAuthentication {
    return authenticateUser(this.#config.token, socketId, user);
  }

  /** The 32-byte key of an encrypted channel. Throws without a master key. */
  channelSharedSecret(channel: string): Buffer {
    assertChannel(channel);
    return sharedSecret(channel, this.#config.masterKey);
  }

  /** A received webhook; ask its `isValid()` before anything else. */
  webhook(request: WebHookRequest): WebHook {
    return new WebHook(this.#config.token, request);
  }

  /** Occupied channels. `info` names attributes to add; `user_count` needs a prefix that begins with `presence-`. */
  channels(
    query: { filter_by_prefix?: string | undefined; info?: InfoParam | undefined } = {},
  ): Promise<ChannelList> {
    const params = { filter_by_prefix: query.filter_by_prefix, info: infoText(query.info) };
    return this.#requester.read({ path: '/channels', params, isAnswer: isChannelList });
  }

  /** Whether a channel is occupied, with the attributes that `info` names: `user_count`, `subscription_count`, `cache`. */
  channel(channel: string, query: { info?: InfoParam | undefined } = {}): Promise<ChannelState> {
    const params = { info: infoText(query.info) };
    return this.#requester.read({ path: channelPath(channel), params, isAnswer: isChannelState });
  }

  /** Members of a presence channel. */
  channelUsers(channel: string): Promise<ChannelUsers> {
    return this.#requester.read({ path: `${channelPath(channel)}/users`, isAnswer: isChannelUsers });
  }

  /** A GET of any route below the app. One attempt: repeating it is the caller's decision. */
  get(request: RouteRequest): Promise<Response> {
    return sendOnce(this.#config, { ...pickRoute(request), method: 'GET' });
  }

  /** A POST to any route below the app. One attempt. */
  post(request: PostRequest): Promise<Response> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    return sendOnce(this.#config, { ...pickRoute(request), method: 'POST', body });
  }

  /** A DELETE of any route below the app. One attempt. */
  delete(request: RouteRequest): Promise<Response> {
    return sendOnce(this.#config, { ...pickRoute(request), method: 'DELETE' });
  }

  /** The query string for a request that somebody else sends, signature included and percent-encoded. Valid for ten minutes. */
  createSignedQueryString(request: SignedQueryRequest): string {
    return createSignedQuery(this.#config.token, request);
  }

  async #publish({ body, idempotencyKey }: PreparedEvent): Promise<TriggerResponse> {
    const headers = headerSafe(idempotencyKey) ? { 'x-idempotency-key': idempotencyKey } : undefined;
    const response = await this.#send(
      { method: 'POST', path: '/events', body, headers },
      idempotencyKey !== undefined,
    );
    return Object.assign(response, { idempotencyKey });
  }

  async #publishBatch({ body, idempotencyKeys }: PreparedBatch): Promise<BatchResponse> {
    const isKeyed = idempotencyKeys.every((key) => key !== undefined);
    const response = await this.#send({ method: 'POST', path: '/batch_events', body }, isKeyed);
    return Object.assign(response, { idempotencyKeys });
  }

  #postToUser(userId: string, action: string): Promise<Response> {
    assertUserId(userId);
    const path = `/users/${pathSegment(userId, 'user id')}/${action}`;
    return this.#send({ method: 'POST', path, body: '{}' }, true);
  }

  #send(request: AppRequest, isIdempotent: boolean): Promise<Response> {
    const rules = { maxAttempts: this.#config.maxAttempts, isIdempotent };
    return withRetries(rules, () => sendOnce(this.#config, request));
  }
}

function pickRoute({ path, params, headers, signal }: RouteRequest): RouteRequest {
  return { path, params, headers, signal };
}

/** The body carries the key anyway; a key that no HTTP header can hold is not repeated there. */
function headerSafe(key: string | undefined): key is string {
  return key !== undefined && /^[\x21-\x7e]+$/.test(key);
}
