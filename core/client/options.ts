/**
 * The options as users write them, with their defaults and units. What they amount to is worked out in settings.ts.
 * Names are those of pusher-js and of Sockudo's first client; times are milliseconds, as there.
 */
import type { DeltaAlgorithm } from '@sockudo/protocol';
import type { ProtocolVersion } from './event-names.ts';
import type { RecoveryStorage } from './position-store.ts';
import type { WebSocketConstructor } from './runtime.ts';

/** Answer of a channel authorisation endpoint or function. */
export interface ChannelAuthorizationData {
  /** `APP_KEY:signature`. */
  readonly auth: string;
  /** Presence channels: JSON text with `user_id` and `user_info`. */
  readonly channel_data?: string;
  /** Encrypted channels: base64 of the 32-byte key. */
  readonly shared_secret?: string;
}

/** Answer of a user authentication endpoint or function. */
export interface UserAuthenticationData {
  readonly auth: string;
  /** JSON text of the user; its `id` must be a non-empty string. */
  readonly user_data: string;
}

export interface ChannelAuthorizationParams {
  readonly socketId: string;
  readonly channelName: string;
}

export interface UserAuthenticationParams {
  readonly socketId: string;
}

/** Node style: exactly one of the two is null. */
export type AuthCallback<Data> = (error: Error | null, data: Data | null) => void;

// biome-ignore lint/suspicious/noConfusingVoidType: most handlers are functions without a return
type Answered<Data> = Promise<Data> | void;

/** Authorises in the application's own way: calls back, or returns a promise. */
export type AuthHandler<Params, Data> = (params: Params, callback: AuthCallback<Data>) => Answered<Data>;

export type ChannelAuthorizationHandler = AuthHandler<ChannelAuthorizationParams, ChannelAuthorizationData>;
export type UserAuthenticationHandler = AuthHandler<UserAuthenticationParams, UserAuthenticationData>;

type StringMap = Readonly<Record<string, string>>;

/** An HTTP endpoint (POST, form-encoded `socket_id` and `channel_name`, JSON answer), or a function in its place. */
export interface AuthOptions<Handler> {
  /** Default `/pusher/auth` for channels, `/pusher/user-auth` for users. Relative URLs need a page or worker. */
  readonly endpoint?: string;
  /** Only `ajax` exists; `jsonp` is refused. */
  readonly transport?: 'ajax';
  readonly headers?: StringMap;
  /** Asked before every request; its headers win over `headers`. */
  readonly headersProvider?: () => StringMap | Promise<StringMap>;
  /** Further form fields. */
  readonly params?: StringMap;
  /** Asked before every request; its fields win over `params`. */
  readonly paramsProvider?: () => StringMap | Promise<StringMap>;
  /** Used instead of the endpoint. */
  readonly customHandler?: Handler;
}

/** An endpoint of the application that asks the server's HTTP API for the client: POST of a JSON object with an `action`. */
export interface EndpointOptions {
  /** Relative URLs need a page or worker. */
  readonly endpoint: string;
  readonly headers?: StringMap;
  /** Asked before every request; its headers win over `headers`. */
  readonly headersProvider?: () => StringMap | Promise<StringMap>;
}

/** The channel as an old-style authorizer sees it. */
export interface AuthorizedChannel {
  readonly name: string;
}

/** pusher-js before 7.1. */
export type LegacyAuthorizer = (
  channel: AuthorizedChannel,
  options: LegacyAuthorizerOptions,
) => { authorize(socketId: string, callback: AuthCallback<ChannelAuthorizationData>): void };

export interface LegacyAuthorizerOptions {
  readonly authTransport: 'ajax';
  readonly authEndpoint: string;
  readonly auth: { readonly params?: StringMap; readonly headers?: StringMap };
}

/** Spellings of pusher-js that still work. */
export interface LegacyOptions {
  /** @deprecated use channelAuthorization.endpoint */
  readonly authEndpoint?: string;
  /** @deprecated use channelAuthorization.transport */
  readonly authTransport?: 'ajax';
  /** @deprecated use channelAuthorization.headers and .params */
  readonly auth?: { readonly params?: StringMap; readonly headers?: StringMap };
  /** @deprecated use channelAuthorization.customHandler */
  readonly authorizer?: LegacyAuthorizer;
}

/** Options of pusher-js about statistics and HTTP fall-backs: accepted so that old calls compile, without any effect. */
export interface IgnoredOptions {
  readonly enableStats?: boolean;
  readonly disableStats?: boolean;
  readonly statsHost?: string;
  readonly timelineParams?: unknown;
  readonly httpHost?: string;
  readonly httpPath?: string;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly ignoreNullOrigin?: boolean;
  readonly nacl?: unknown;
}

/** Why a token is asked for, and for which connection (none before the first). */
export interface AuthTokenRequest {
  readonly reason: 'initial' | 'reconnect' | 'refresh' | 'expired';
  readonly socketId?: string;
}

/** A token, or an object that holds one. */
export type AuthTokenResult = string | { readonly token: string };

export interface SockudoOptions extends LegacyOptions, IgnoredOptions {
  /** Host without scheme or port. Required unless `cluster` is given. */
  readonly wsHost?: string;
  /** Port without TLS, default 80. */
  readonly wsPort?: number;
  /** Port with TLS, default 443. */
  readonly wssPort?: number;
  /** Put before `/app/KEY`, default empty. */
  readonly wsPath?: string;
  /** TLS or not; default true, and always true on https pages. */
  readonly forceTLS?: boolean;
  /** A Pusher cluster: `wsHost` becomes `ws-CLUSTER.pusher.com` unless given. */
  readonly cluster?: string;
  /** There is one transport, WebSocket: `ws`, `wss` or both. A list with neither ends in state `failed`. */
  readonly enabledTransports?: readonly string[];
  readonly disabledTransports?: readonly string[];
  /**
   * Protocol 2: where WebSockets fail to open three times in a row, read over Server-Sent Events (`connection.transport` is `sse`)
   * until they do. Default true; needs `appendMode` delta.
   */
  readonly eventStreamFallback?: boolean;
  /** 7 (default): the Pusher protocol. 2: Sockudo's own, with positions, recovery, filters. */
  readonly protocolVersion?: ProtocolVersion;

  readonly channelAuthorization?: AuthOptions<ChannelAuthorizationHandler>;
  readonly userAuthentication?: AuthOptions<UserAuthenticationHandler>;
  /** Protocol 2: a capability token, sent in the URL. */
  readonly token?: string;
  /** Protocol 2: gives a token before every connection and for each refresh; wins over `token`. */
  readonly tokenProvider?: () => string | Promise<string>;
  /** Protocol 2: as `tokenProvider`, told why. */
  readonly authCallback?: (request: AuthTokenRequest) => AuthTokenResult | Promise<AuthTokenResult>;
  /** Protocol 2: an endpoint in place of `authCallback`; POST of JSON `{socket_id, reason}`, JSON answer. */
  readonly authUrl?: string;

  /** Who reads single messages, their versions and annotations for this client, and annotates (`channel.getMessage` and others). */
  readonly versionedMessages?: EndpointOptions;
  /** Who reads histories of presence channels for this client (`channel.presenceHistory`, `presenceSnapshot`). */
  readonly presenceHistory?: EndpointOptions;

  /** Silence, in ms, after which the client pings; default 120 000, and never more than the server announces. */
  readonly activityTimeout?: number;
  /** Time for an answer to a ping, in ms; default 30 000. */
  readonly pongTimeout?: number;
  /** Time without success, in ms, after which `connecting` becomes `unavailable`; default 10 000. */
  readonly unavailableTimeout?: number;

  /** Protocol 2: false keeps this connection's own client events away from it. Default: the server's. */
  readonly echoMessages?: boolean;
  /** Protocol 2: appends as fragments (`delta`) or as the whole text (`full`). Default: the server's (`delta`). */
  readonly appendMode?: 'delta' | 'full';
  /** Protocol 2: further parameters of the connection's URL, such as `append_rollup_window`. */
  readonly transportParams?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Protocol 2: ask for messages as deltas on every subscription that does not say otherwise. Default: not enabled. `algorithms`:
   * those that may be used, default both.
   */
  readonly deltaCompression?: {
    readonly enabled?: boolean;
    readonly algorithms?: readonly DeltaAlgorithm[];
  };
  /** Protocol 2: after a reconnect ask for what was missed, channel by channel. Default false. */
  readonly connectionRecovery?: boolean;
  /**
   * With `connectionRecovery`: where positions are kept over page loads, so that a page goes on from where the one before it was.
   * `session`: the tab's sessionStorage; else an own place for a text. A channel with a stored position is not rewound.
   */
  readonly recoveryStorage?: 'session' | RecoveryStorage;
  /**
   * Protocol 2, pages: tells the server whether the page can be seen, so that pushes for users who are away spare those who look.
   * Default false.
   */
  readonly reportVisibility?: boolean;
  /** Drop messages already seen; default true. */
  readonly messageDeduplication?: boolean;
  /** How many messages are remembered for that; default 1000. */
  readonly messageDeduplicationCapacity?: number;

  /** Log lines go to the console; default false. */
  readonly logToConsole?: boolean;
  /** Log lines go to this function instead. */
  readonly log?: (line: string) => void;
  /** WebSocket class to use instead of the runtime's own (old runtimes, tests). */
  readonly WebSocket?: WebSocketConstructor;
}
