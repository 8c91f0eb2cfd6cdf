// What the two halves of push know of each other: the domain (devices, publishes, status) and the delivery (plan, send, feedback,
// providers). Both import this file, neither imports the other; plugin.ts puts them together.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** In the order in which answers list them. */
export const PROVIDER_NAMES = ['fcm', 'apns', 'webPush', 'hms', 'wns', 'realtime'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

const token = z.string().min(1).max(4096);

/** Where one push goes. Tokens, endpoints and keys are secrets: they never leave through an answer, a log line or a status. */
export const recipientSchema = z.discriminatedUnion('transportType', [
  z.object({ transportType: z.literal('gcm'), registrationToken: token }),
  z.object({ transportType: z.literal('apns'), deviceToken: token }),
  z.object({ transportType: z.literal('web'), endpoint: token, p256dh: token, auth: token }),
  z.object({ transportType: z.literal('hms'), registrationToken: token }),
  z.object({ transportType: z.literal('wns'), channelUri: token }),
  z.object({ transportType: z.literal('realtime'), channel: token }),
]);
export type Recipient = z.infer<typeof recipientSchema>;

const PROVIDER_OF: Readonly<Record<Recipient['transportType'], ProviderName>> = {
  gcm: 'fcm',
  apns: 'apns',
  web: 'webPush',
  hms: 'hms',
  wns: 'wns',
  realtime: 'realtime',
};

export const providerOf = ({ transportType }: Recipient): ProviderName => PROVIDER_OF[transportType];

/** Hex SHA-256 of what identifies the recipient at its provider: all that may be shown of it. */
export function tokenHashOf(recipient: Recipient): string {
  return createHash('sha256').update(tokenOf(recipient)).digest('hex');
}

function tokenOf(recipient: Recipient): string {
  switch (recipient.transportType) {
    case 'gcm':
    case 'hms':
      return recipient.registrationToken;
    case 'apns':
      return recipient.deviceToken;
    case 'web':
      return recipient.endpoint;
    case 'wns':
      return recipient.channelUri;
    case 'realtime':
      return recipient.channel;
  }
}

export type JsonObject = { readonly [name: string]: unknown };

/** What goes to one provider, before what only the sender adds (the token). Its shape is that of push.md section 6.2. */
export interface RenderedPayload {
  readonly provider: ProviderName;
  readonly payload: JsonObject;
  readonly usedOverride: boolean;
}

/** With what a provider is asked. `credentialId` and `version` tell credentials of one app apart, e.g. in a cache of tokens. */
export interface Credential {
  readonly credentialId: string;
  readonly version: number;
  /** Stored for this app, or of the process for all apps. */
  readonly source: 'app' | 'environment';
  readonly material: CredentialMaterial;
}

export type CredentialMaterial =
  /** `serviceAccount`: the JSON that Google gives out. */
  | { readonly provider: 'fcm'; readonly serviceAccount: JsonObject }
  | { readonly provider: 'fcm'; readonly projectId: string; readonly providerToken: string }
  | {
      readonly provider: 'apns';
      readonly teamId: string;
      readonly keyId: string;
      /** PKCS #8, PEM. */
      readonly privateKey: string;
    }
  /** Base64 of the DER. */
  | { readonly provider: 'apns'; readonly p12: string; readonly p12Password?: string }
  /** Certificate and key. */
  | { readonly provider: 'apns'; readonly pem: string }
  | { readonly provider: 'apns'; readonly providerToken: string }
  /** VAPID keys, base64url: the uncompressed point and the scalar. */
  | {
      readonly provider: 'webPush';
      readonly publicKey: string;
      readonly privateKey: string;
      /** `mailto:` or https. */
      readonly contact: string;
    }
  | { readonly provider: 'hms'; readonly hmsAppId: string; readonly clientSecret: string }
  | { readonly provider: 'hms'; readonly hmsAppId: string; readonly providerToken: string }
  | { readonly provider: 'wns'; readonly packageSid: string; readonly clientSecret: string }
  | { readonly provider: 'wns'; readonly providerToken: string };

/** The credential of the app, else that of the process; null: there is none, nothing can be sent. */
export interface Credentials {
  resolve(appId: string, provider: ProviderName): Promise<Credential | null>;
}

/** One push to one recipient. */
export interface Delivery {
  readonly appId: string;
  readonly publishId: string;
  readonly recipient: Recipient;
  readonly payload: JsonObject;
  /** From the publish; absent: what the payload or the provider says. */
  readonly ttlSeconds?: number;
  readonly collapseKey?: string;
  /** Null only for `realtime`, which needs none. */
  readonly credential: Credential | null;
}

export type FailureClass =
  | 'device_terminal'
  | 'device_transient'
  | 'provider_transient'
  | 'provider_quota'
  | 'credential_auth'
  | 'caller_payload'
  | 'network_transport'
  | 'unknown';

/** The provider's own word, or `provider status <n>`. Never text of the recipient. */
type Reason = string;

export type SendResult =
  | { readonly kind: 'accepted'; readonly providerMessageId?: string }
  | {
      readonly kind: 'rejected';
      readonly failureClass: FailureClass;
      readonly reason: Reason;
      /** The provider says that this recipient is gone for good. */
      readonly removesDevice?: boolean;
    }
  /** `retryAfterMs`: how long to wait at least, as the provider asked. */
  | {
      readonly kind: 'retry';
      readonly failureClass: FailureClass;
      readonly reason: Reason;
      readonly retryAfterMs?: number;
    }
  /** May be tried with a smaller payload. */
  | { readonly kind: 'too-large' };

export interface Provider {
  readonly name: ProviderName;
  /** Never rejects for what the provider or the network does; that is a `retry`. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendResult>;
  close?(): Promise<void>;
}

/** To whom a publish goes. Devices reached by several get one push (divergence D77). */
export type PublishTarget =
  | { readonly type: 'device'; readonly deviceId: string }
  | { readonly type: 'client'; readonly clientId: string }
  | { readonly type: 'channel'; readonly channel: string }
  | { readonly type: 'recipient'; readonly recipient: Recipient };

export type FanoutRegime = 'fastPath' | 'shardPath';

/** All that delivery knows of a publish. Kept in the store; jobs carry its ids and ask for it with `publish`. */
export interface AcceptedPublish {
  readonly appId: string;
  readonly publishId: string;
  readonly targets: readonly PublishTarget[];
  readonly rendered: readonly RenderedPayload[];
  readonly fanoutRegime: FanoutRegime;
  readonly collapseKey?: string;
  /** Epoch milliseconds. */
  readonly notBeforeMs?: number;
  readonly expiresAtMs?: number;
  readonly acceptedAtMs: number;
  /** Only devices of clients that nobody sees when its turn comes; `afterMs` is in `notBeforeMs` already. */
  readonly away?: { readonly afterMs: number };
  /** Of each client the device that was used last; the others so much later, unless it was read meanwhile. */
  readonly lastUsedFirst?: { readonly othersAfterMs: number };
}

/**
 * Who of a publish is meant, in few bytes: for jobs. A device that is gone when its turn comes is not sent to; recipients that
 * the publish itself names are told by their place in `targets`.
 */
export type TargetRef =
  | { readonly kind: 'device'; readonly deviceId: string }
  | { readonly kind: 'recipient'; readonly index: number };

/** One member of an audience, as it was read. */
export interface AudienceMember {
  readonly ref: TargetRef;
  readonly recipient: Recipient;
}

export interface AudiencePage {
  readonly members: readonly AudienceMember[];
  /** Opaque; where the next page begins. Null: this was the last. A page may be empty although it is not the last. */
  readonly next: string | null;
  /** How long to wait before the next page. */
  readonly nextAfterMs?: number;
}

/** What became of one target. Recorded once for each (publish, target): repeats change nothing. */
export interface DeliveryResult {
  readonly ref: TargetRef;
  readonly provider: ProviderName;
  /** Of the recipient that was used; a device with a newer one by now is left alone. */
  readonly tokenHash: string;
  readonly attempt: number;
  /** Given when this was the replay of a dead letter: no counters of the publish change then, devices do. */
  readonly replayId?: string;
  readonly outcome:
    | { readonly kind: 'accepted'; readonly providerMessageId?: string }
    | {
        readonly kind: 'rejected';
        readonly failureClass: FailureClass;
        readonly reason: Reason;
        readonly removesDevice?: boolean;
      }
    /** `expiresAtMs` came first, or a newer publish with the same collapse key took its place at this target. */
    | { readonly kind: 'expired' }
    /** The device was removed before its turn: counts as failed, without a dead letter. */
    | { readonly kind: 'gone' }
    /** Attempts or time are used up: a dead letter that may be replayed. */
    | { readonly kind: 'dead'; readonly failureClass: FailureClass; readonly reason: Reason };
}

/** Attempts that are no result yet. They only count. */
export interface RetryCounts {
  readonly scheduled?: number;
  readonly attempted?: number;
  /** When the earliest of them runs, epoch milliseconds. */
  readonly nextAttemptAtMs?: number;
}

export type PublishState =
  | 'queued'
  | 'planning'
  | 'throttled'
  | 'quota_exceeded'
  | 'dispatching'
  | 'cancelled'
  | 'expired'
  | 'failed'
  | 'dead_lettered'
  | 'succeeded'
  | 'partiallySucceeded';

/** What the domain keeps for delivery. Everything rejects with `StoreUnavailable` when the store failed. */
export interface PushRepository {
  /** Null: cancelled, ended, or forgotten; drop the job. */
  publish(appId: string, publishId: string): Promise<AcceptedPublish | null>;
  /** As `publish`, and also one that has ended: for a replay. Null: forgotten. */
  publishForReplay(appId: string, publishId: string): Promise<AcceptedPublish | null>;
  /** queued → planning, or planning as it is after a restart. Null as for `publish`. */
  begin(appId: string, publishId: string): Promise<AcceptedPublish | null>;
  /**
   * Everybody whom a publish reaches, page by page, each device once; at most `limit` members (1…1000). Order is fixed, so that a
   * page can be read again. `cursor` null: from the first.
   */
  audience(publish: AcceptedPublish, cursor: string | null, limit: number): Promise<AudiencePage>;
  /** The recipients now behind some refs; null: gone. In the order asked for. */
  recipients(publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<readonly (Recipient | null)[]>;
  /**
   * How many targets were found up to here: the number itself, so that a repeated page counts once. `complete`: there are no more,
   * the publish may end now. State becomes dispatching.
   */
  planned(
    appId: string,
    publishId: string,
    plan: { readonly planned: number; readonly complete: boolean },
  ): Promise<void>;
  /** How many of the targets found so far have no result yet. */
  unsettled(appId: string, publishId: string): Promise<number>;
  /** Which of some targets have their result already: do not send to them again. In the order asked for. */
  settled(appId: string, publishId: string, refs: readonly TargetRef[]): Promise<readonly boolean[]>;
  /** Whose clients have read the publish, or what replaces it, elsewhere: do not send to them. In the order asked for. */
  read(publish: AcceptedPublish, refs: readonly TargetRef[]): Promise<readonly boolean[]>;
  /** At most 500 at once. Counts, keeps dead letters, removes dead devices, ends the publish when nothing is left. */
  recordResults(appId: string, publishId: string, results: readonly DeliveryResult[]): Promise<void>;
  recordRetries(appId: string, publishId: string, retries: RetryCounts): Promise<void>;
  /** Ends a publish that can go no further; unknown or ended ones stay as they are. */
  fail(appId: string, publishId: string, reason: string): Promise<void>;
}

/** What a dead letter is replayed with. */
export interface Replay {
  readonly appId: string;
  readonly publishId: string;
  readonly ref: TargetRef;
  /** To be given back in the result. */
  readonly replayId: string;
}

export interface Dispatcher {
  /** Resolves when the work is kept as the queue promises. Called again for one publish after a crash: it must not matter. */
  accept(publish: AcceptedPublish): Promise<void>;
  /** A hint: the repository knows already that it is cancelled. */
  cancel(appId: string, publishId: string): Promise<void>;
  /** Sends once more to one target, whatever its result was. */
  replay(replay: Replay): Promise<void>;
  /** Jobs that wait, of all stages: for back-pressure. */
  backlog(): Promise<number>;
  close(): Promise<void>;
}
