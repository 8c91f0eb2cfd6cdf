// The app record as the rest of the server sees it: parsed once at start, every default filled in, units in the names.
// Where a value comes from a setting, the setting's name stands in http.md section 12 under the same words.
import type { DeltaAlgorithm } from '@sockudo/protocol';
import type { JSONWebKeySet } from 'jose';
import type { Retention } from '../ports/channel-log.ts';
import type { KeySetAlgorithm } from '../tokens/key-set.ts';

export interface AppLimits {
  /** 0: unlimited. */
  readonly maxConnections: number;
  /** 0: no limit. */
  readonly maxClientEventsPerWindow: number;
  readonly clientEventWindowMs: number;
  readonly closeOnClientEventLimit: boolean;
  /** All inbound frames of one connection; null: off. */
  readonly messageRate: {
    readonly max: number;
    readonly windowMs: number;
    readonly closeOnLimit: boolean;
  } | null;
  readonly maxPresenceMembersPerChannel: number | null;
  readonly maxPresenceMemberSizeKb: number | null;
  readonly maxChannelNameBytes: number;
  readonly maxEventNameBytes: number;
  readonly maxEventPayloadBytes: number | null;
  readonly maxEventChannels: number | null;
  readonly maxBatchEvents: number | null;
}

export interface Namespace {
  readonly name: string;
  readonly channelPattern: RegExp | null;
  readonly maxChannelNameBytes: number | null;
  readonly allowUserLimitedChannels: boolean;
  readonly allowSubscribeForClient: boolean;
  readonly allowPublishForClient: boolean;
  readonly allowPresenceForClient: boolean;
  readonly annotationsEnabled: boolean | null;
  /** Every bound resolved down to the server's; null: the app's counts. */
  readonly retention: Retention | null;
  /** null: the app's choice counts. */
  readonly rewindEnabled: boolean | null;
  readonly presenceHistory: { readonly enabled: boolean; readonly retention: Retention } | null;
}

/** Delta compression on the channels of one name or pattern with one `*`; null: the server's value. */
export interface ChannelDeltaRule {
  readonly pattern: string;
  /** False: messages of these channels always go out whole. */
  readonly enabled: boolean;
  readonly algorithm: DeltaAlgorithm | null;
  readonly conflationPath: readonly string[] | null;
  readonly maxSeries: number | null;
}

export interface WebhookFilter {
  readonly channelPrefix?: string;
  readonly channelSuffix?: string;
  readonly channelPattern?: RegExp;
  readonly channelNamespaces?: readonly string[];
}

export interface WebhookRetry {
  readonly enabled: boolean;
  readonly maxAttempts: number | null;
  readonly maxElapsedMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

export interface WebhookEndpoint {
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly filter: WebhookFilter | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: WebhookRetry;
  readonly requestTimeoutMs: number;
}

/** Whose tokens an app takes besides those that its own secret signed. */
export interface TokenTrust {
  readonly keys:
    | { readonly inline: JSONWebKeySet }
    | { readonly url: string; readonly allowPrivateNetworks: boolean };
  readonly algorithms: readonly KeySetAlgorithm[];
  /** What `iss` has to be; null: anything. */
  readonly issuer: string | null;
  /** What `aud` has to be or hold; null: anything. */
  readonly audience: string | null;
}

export interface App {
  readonly id: string;
  readonly key: string;
  /** Never logged, never sent. */
  readonly secret: string;
  readonly enabled: boolean;
  readonly limits: AppLimits;
  readonly clientMessagesEnabled: boolean;
  readonly userAuthenticationEnabled: boolean;
  readonly watchlistEnabled: boolean;
  /** Empty: every origin is allowed. */
  readonly allowedOrigins: readonly string[];
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** In the order of the configuration: an exact name counts first, then the first pattern that matches. */
  readonly deltaRules: readonly ChannelDeltaRule[];
  readonly webhooks: readonly WebhookEndpoint[];
  /** Null: tokens are signed with the app's secret and nothing else. */
  readonly tokens: TokenTrust | null;
  readonly idempotency: { readonly enabled: boolean; readonly ttlMs: number; readonly maxKeyBytes: number };
  /** Published events are kept in the durable log. */
  readonly history: {
    readonly enabled: boolean;
    readonly rewindEnabled: boolean;
    readonly retention: Retention;
  };
  /** Messages get serials and can be replayed after a reconnect, also where history is off. */
  readonly recovery: { readonly enabled: boolean; readonly windowMs: number; readonly maxMessages: number };
  /** Messages on durable channels are mutable: creates carry message and version serials. */
  readonly versionsEnabled: boolean;
  readonly annotationsEnabled: boolean;
  readonly presenceHistory: { readonly enabled: boolean; readonly retention: Retention };
}
