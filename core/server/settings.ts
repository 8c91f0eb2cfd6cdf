// The server's settings as its modules receive them: parsed, defaulted, frozen, units in the names. Every module takes the
// slice it needs. How settings are named in files and in the environment is the business of config/ alone.
import type { DeltaAlgorithm } from '@sockudo/protocol';
import type { App } from './apps/app.ts';
import type { PushSettings } from './push-settings.ts';

export interface RateLimit {
  readonly enabled: boolean;
  readonly max: number;
  readonly windowMs: number;
  /** Proxies in front whose X-Forwarded-For entry is believed; 0: none, the socket's peer counts (divergence D60). */
  readonly trustHops: number;
}

export interface Settings {
  readonly mode: 'production' | 'development';
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  /** 0: unlimited. */
  readonly maxConnections: number;
  readonly activityTimeoutSeconds: number;
  readonly userAuthenticationTimeoutMs: number;
  readonly shutdownGraceMs: number;
  readonly maxFrameBytes: number;
  readonly nodeId: string;
  readonly log: { readonly level: string; readonly pretty: boolean };
  readonly http: {
    readonly maxBodyBytes: number;
    readonly usageEnabled: boolean;
    readonly healthCheckTimeoutMs: number;
  };
  readonly cors: {
    readonly origins: readonly string[];
    readonly methods: readonly string[];
    readonly headers: readonly string[];
    readonly credentials: boolean;
  };
  readonly rateLimits: { readonly api: RateLimit; readonly websocket: RateLimit };
  readonly metrics: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly prefix: string;
  };
  /** Bounds of one connection's queue; `maxMessages` is Infinity where only the bytes count. */
  readonly outbox: { readonly maxMessages: number; readonly maxBytes: number };
  /** Protocol 2 only: native ping after this much silence, close 1001 after idle. Infinity: never. */
  readonly nativePingIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly presence: {
    readonly updatesPerSecond: number;
    readonly maxUpdateBytes: number;
    /** How long a member that vanished without a close stays listed, by protocol. */
    readonly leaveGraceMs: { readonly v1: number; readonly v2: number };
  };
  readonly filters: {
    readonly eventNamesEnabled: boolean;
    readonly tagsEnabled: boolean;
    readonly tagsInFrames: boolean;
    readonly maxEvents: number;
    readonly maxEventNameBytes: number;
  };
  /** Delta compression (protocol 2); what an app says about its channels stands in its record. */
  readonly delta: {
    readonly enabled: boolean;
    readonly algorithm: DeltaAlgorithm;
    /** Deltas between two full messages. */
    readonly fullMessageInterval: number;
    /** Smaller frames always go out whole. */
    readonly minMessageBytes: number;
    /** An older base is not used. */
    readonly maxStateAgeMs: number;
    readonly maxChannelsPerConnection: number;
    readonly maxSeriesPerChannel: number;
    /** Where the conflation key stands in a frame; null: nowhere. */
    readonly conflationPath: readonly string[] | null;
    /** Delta frames name their algorithm only where the client would take another. */
    readonly omitAlgorithm: boolean;
  };
  readonly echo: { readonly enabled: boolean; readonly defaultEcho: boolean };
  readonly ephemeralEnabled: boolean;
  readonly cachedEventTtlMs: number;
  /** Most keys of the memory cache. */
  readonly cacheMaxKeys: number;
  /** Server-wide switches; what an app may do stands in its record. Off is answered with 422 (http.md sections 7 and 8). */
  readonly versionsEnabled: boolean;
  readonly annotationsEnabled: boolean;
  readonly queue: {
    readonly maxAttempts: number;
    readonly retryBaseDelayMs: number;
    readonly retryMaxDelayMs: number;
    /** Share of a pause that is random, 0 to 1. */
    readonly retryJitter: number;
    readonly leaseMs: number;
    readonly leaseRenewMs: number;
    readonly pollIntervalMs: number;
    readonly prefetch: number;
    readonly shutdownTimeoutMs: number;
    readonly deduplicationTtlMs: number;
    readonly failedRetention: number;
    readonly memoryCapacity: number;
  };
  readonly webhooks: {
    readonly batch: { readonly enabled: boolean; readonly durationMs: number; readonly maxEvents: number };
    readonly allowPrivateNetworks: boolean;
  };
  readonly pages: { readonly history: number; readonly versions: number; readonly presenceHistory: number };
  readonly appendRollupWindowsMs: readonly number[];
  /** Null: AI Transport is off. */
  readonly aiTransport: AiTransportSettings | null;
  /** Null: push is off. */
  readonly push: PushSettings | null;
  /** Driver names; see compose.ts. */
  readonly drivers: {
    readonly channelLog: string;
    readonly workQueue: string;
    readonly cache: string;
    readonly fanout: string;
  };
  /** File of the embedded stores (SQLite). */
  readonly databasePath: string;
  /** Where PostgreSQL is, for the drivers that use it. */
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
    /** Holds all tables. */
    readonly schema: string;
    /** Connections of this node at most. */
    readonly maxConnections: number;
    readonly statementTimeoutMs: number;
  };
  /** Where Redis is, for the drivers that use it; the cache may be in another one. */
  readonly redis: {
    readonly address: RedisPlace;
    readonly cacheAddress: RedisPlace;
    /** What keys and topics begin with. */
    readonly prefix: string;
    readonly cachePrefix: string;
  };
  /** When the nodes of a cluster take one of them for dead. */
  readonly nodeHealth: {
    readonly heartbeatMs: number;
    readonly timeoutMs: number;
    readonly sweepMs: number;
  };
  readonly apps: readonly App[];
}

/** Section `ai_transport`; the plug-in of that name is given it. */
export interface AiTransportSettings {
  /** AI channels are those whose name begins with one of these. */
  readonly prefixes: readonly string[];
  readonly maxMessageBytes: number;
  readonly maxAppendsPerMessage: number;
  readonly maxOpenStreamsPerChannel: number;
  readonly maxTransportValueBytes: number;
  readonly maxSteerListBytes: number;
  /** Null: appends are never rolled up. */
  readonly rollup: { readonly defaultWindowMs: number } | null;
  /** Silence after which an unfinished message is ended. */
  readonly orphanTtlMs: number;
}

export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** Null: without TLS. Paths of PEM files. */
  readonly tls: {
    readonly acceptsAnyCertificate: boolean;
    readonly caPath?: string;
    readonly certPath?: string;
    readonly keyPath?: string;
  } | null;
}
