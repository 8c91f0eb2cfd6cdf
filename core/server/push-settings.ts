// Section `push` and the push rules as the plug-in of that name is given them.

/** The providers outside; the sixth, `realtime`, is this server and always there. */
export type PushProvider = 'fcm' | 'apns' | 'webPush' | 'hms' | 'wns';

export interface PushSettings {
  /** Those that are switched on. Whether they can send depends on credentials, too. */
  readonly enabled: readonly PushProvider[];
  readonly credentials: PushCredentialSettings;
  /** Encrypts stored credentials; null: none can be stored. */
  readonly encryptionKey: string | null;
  /** Where providers are asked, without a path; null: where they are. */
  readonly endpoints: {
    readonly fcm: string | null;
    readonly apns: string | null;
    readonly hms: string | null;
  };
  readonly apnsTopic: string | null;
  readonly webPushHosts: { readonly allowed: readonly string[]; readonly denied: readonly string[] };
  /** For tests: loopback and private addresses, also by plain HTTP. */
  readonly allowsLocalEndpoints: boolean;
  readonly workers: {
    readonly planners: number;
    readonly shards: number;
    readonly dispatchers: number;
    readonly feedback: number;
    readonly retries: number;
    readonly maxOutboundRequests: number;
  };
  /** Fewer expected recipients than this: fast path. */
  readonly fastThreshold: number;
  readonly shardSize: number;
  readonly retry: {
    readonly maxAttempts: number;
    readonly initialBackoffMs: number;
    readonly maxBackoffMs: number;
    readonly maxElapsedMs: number;
    /** Share of a pause that is varied, 0 to 1. */
    readonly jitter: number;
    readonly respectsRetryAfter: boolean;
  };
  readonly backpressure: {
    readonly always: boolean;
    readonly maxWaitingJobs: number;
    /** Age of the oldest accepted publish that nobody began; Infinity: it does not matter. */
    readonly maxLagMs: number;
    readonly retryAfterSeconds: number;
  };
  /** Infinity: no limit. */
  readonly quotas: {
    readonly acceptancePerSecond: number;
    readonly fanout: number;
    readonly deliveriesPerDay: number;
    readonly ceilings: Readonly<Record<PushProvider | 'realtime', number>>;
  };
  readonly statusTtlMs: number;
  readonly eventTtlMs: number;
  /** Accepted publishes that no job knows of; `intervalMs` Infinity: never looked for. */
  readonly repair: { readonly intervalMs: number; readonly minAgeMs: number; readonly batch: number };
  readonly rules: readonly PushRule[];
}

/** Of the process, for all apps that have none of their own. Members that were not given are absent. */
export interface PushCredentialSettings {
  readonly fcm: {
    readonly projectId?: string | undefined;
    readonly serviceAccountJson?: string | undefined;
    readonly serviceAccountPath?: string | undefined;
    readonly providerToken?: string | undefined;
  };
  readonly apns: {
    readonly teamId?: string | undefined;
    readonly keyId?: string | undefined;
    readonly privateKey?: string | undefined;
    readonly privateKeyPath?: string | undefined;
    readonly providerToken?: string | undefined;
  };
  readonly webPush: { readonly privateKey?: string | undefined; readonly contact: string };
  readonly hms: { readonly appId?: string | undefined; readonly providerToken?: string | undefined };
  readonly wns: { readonly providerToken?: string | undefined };
}

/** Pushes made from published events. */
export interface PushRule {
  /** A name, `*`, or a beginning with `*` at its end. */
  readonly channelPattern: string;
  readonly events: readonly string[];
  readonly perSecond: number;
  readonly titleField: string;
  readonly bodyField: string;
  readonly dataField: string;
  readonly includesRest: boolean;
}
