// The server's settings as its modules receive them: parsed, defaulted, frozen, units in the names. Every module takes the
// slice it needs. How settings are named in files and in the environment is the business of config/ alone.
import type { App } from './apps/app.ts';

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
  readonly outbox: { readonly maxMessages: number; readonly maxBytes: number };
  /** Protocol 2 only: native ping after this much silence, close 1001 after idle. */
  readonly nativePingIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly presence: {
    readonly updatesPerSecond: number;
    readonly maxUpdateBytes: number;
    /** How long a member that vanished without a close stays listed, by protocol. */
    readonly leaveGraceMs: { readonly v1: number; readonly v2: number };
  };
  readonly filters: {
    readonly tagsEnabled: boolean;
    readonly tagsInFrames: boolean;
    readonly maxEvents: number;
    readonly maxEventNameBytes: number;
  };
  readonly echo: { readonly enabled: boolean; readonly defaultEcho: boolean };
  readonly ephemeralEnabled: boolean;
  readonly cachedEventTtlMs: number;
  readonly webhooks: {
    readonly batch: { readonly enabled: boolean; readonly durationMs: number; readonly maxEvents: number };
    readonly allowPrivateNetworks: boolean;
  };
  readonly pages: { readonly history: number; readonly versions: number; readonly presenceHistory: number };
  readonly appendRollupWindowsMs: readonly number[];
  /** Driver names; see compose.ts. */
  readonly drivers: {
    readonly channelLog: string;
    readonly workQueue: string;
    readonly cache: string;
    readonly fanout: string;
  };
  /** File of the embedded stores (SQLite). */
  readonly databasePath: string;
  readonly apps: readonly App[];
}
