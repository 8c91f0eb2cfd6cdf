// What the HTTP side needs from the rest of the server, and nothing more: it never sees connections, subscriptions or the
// channel log. compose.ts fills this in; tests fill it with a few lines.
import type { ProtocolError, PublishRequest } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { App } from '../apps/app.ts';
import type { Annotations } from '../messages/annotations.ts';
import type { ChannelHistory } from '../messages/channel-history.ts';
import type { Mutations } from '../messages/mutations.ts';
import type { ChannelType, Counters } from '../metrics/counters.ts';
import type { Cache, Occupancy, Presence } from '../ports/index.ts';
import type { PresenceHistory } from '../presence-history/presence-history.ts';
import type { Settings } from '../settings.ts';
import type { RevokedTokens } from '../tokens/revocations.ts';

/** The settings that the main port and the metrics port read. */
export type HttpSettings = Pick<
  Settings,
  'host' | 'port' | 'tls' | 'http' | 'cors' | 'rateLimits' | 'metrics'
>;

export interface AppDirectory {
  byId(id: string): App | undefined;
  byKey(key: string): App | undefined;
  all(): readonly App[];
}

/** What one app holds on this node (`GET /stats`); gauges of the metrics come from the same numbers. */
export interface AppStats {
  readonly appId: string;
  readonly connections: number;
  /** Connections that signed in. */
  readonly authenticatedConnections: number;
  /** Distinct signed-in users. */
  readonly users: number;
  /** Connections subscribed to a meta channel. */
  readonly connectionsWithMeta: number;
  readonly channels: number;
  readonly subscriptions: number;
  readonly presenceChannels: number;
  readonly presenceSubscriptions: number;
  readonly presenceMembers: number;
  readonly activeChannels: Readonly<Record<ChannelType, number>>;
}

/** State of one durable store as `GET /stats` shows it. */
export interface StoreStats {
  readonly enabled: boolean;
  /** Driver name; `disabled` when off. */
  readonly backend: string;
  /** Who says whether a stream is healthy: `in_memory`, `durable_store`, `disabled`. */
  readonly stateAuthority: string;
  readonly degradedChannels: number;
  readonly resetRequiredChannels: number;
  /** Writes accepted and not yet durable. */
  readonly queueDepth: number;
}

export interface ServerStats {
  readonly apps: readonly AppStats[];
  readonly history: StoreStats;
  readonly presenceHistory: StoreStats;
}

/**
 * One dependency that `GET /up` asks. A failing or slow `required` one makes the answer ERROR (503), a failing `optional` one
 * DEGRADED (200). `check` rejects when the dependency is not usable; it is given up after `http.healthCheckTimeoutMs`.
 */
export interface HealthCheck {
  readonly name: string;
  readonly weight: 'required' | 'optional';
  check(): Promise<void>;
}

export interface HttpDeps {
  readonly settings: HttpSettings;
  readonly logger: Logger;
  readonly apps: AppDirectory;
  /**
   * Takes one event through the whole publish pipeline and answers with complete JSON text (status 200).
   * @param headerKey value of `X-Idempotency-Key`, also when it is empty
   * @throws ProtocolError for every refusal
   */
  publishEvent(app: App, request: PublishRequest, headerKey?: string): Promise<string>;
  publishBatch(app: App, requests: readonly PublishRequest[], headerKey?: string): Promise<string>;
  /** The HTTP refusal of a channel name, namespaces included; null: the name is fine. */
  validateChannelName(app: App, channel: string): ProtocolError | null;
  readonly occupancy: Occupancy;
  readonly presence: Presence;
  readonly presenceHistory: Pick<
    PresenceHistory,
    'maxPageRows' | 'isEnabled' | 'page' | 'state' | 'snapshot' | 'reset'
  >;
  readonly history: Pick<
    ChannelHistory,
    'pageSize' | 'requireEnabled' | 'page' | 'state' | 'purge' | 'reset'
  >;
  readonly mutations: Pick<
    Mutations,
    'requireMutable' | 'requireMessage' | 'change' | 'changeInOrder' | 'refusalOf' | 'latest' | 'versions'
  >;
  readonly annotations: Pick<Annotations, 'requireEnabled' | 'create' | 'list' | 'remove'>;
  readonly cache: Cache;
  /** The event kept for a cache channel: JSON text of `{event, channel, data}` and whole seconds it is still kept. */
  cachedEvent(app: App, channel: string): Promise<{ data: string; ttlSeconds: number } | null>;
  /** Closes every connection signed in as this user, on all nodes. Unknown users are no error. */
  closeUser(app: App, userId: string, code: 4009 | 4200): void;
  /** Makes tokens count no more, on all nodes, and answers how many connections lived by them. */
  revokeTokens(app: App, tokens: RevokedTokens, ttlMs: number): Promise<number>;
  /** What plug-ins say of a channel, as members of `GET /channels/{channel}`. */
  channelFacts(app: App, channel: string): Promise<Readonly<Record<string, unknown>>>;
  /** True from the first stop signal on. */
  isDraining(): boolean;
  readonly counters: Counters;
  /** Local node only; cheap enough for a scrape. */
  stats(): ServerStats;
  /** Asked besides the cache, which is always asked. */
  readonly healthChecks: readonly HealthCheck[];
}
