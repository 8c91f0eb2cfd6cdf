// What the push routes take and answer (docs/push/http.md), and the checks of answers. Members of lists and credentials are in
// snake case, all others in camel case, as the server has them.
import { isJsonObject, type Page } from '@sockudo/protocol';
import type { QueryValue } from './signed-query.ts';

/** Where one push goes. */
export type PushRecipient =
  | { readonly transportType: 'gcm' | 'hms'; readonly registrationToken: string }
  | { readonly transportType: 'apns'; readonly deviceToken: string }
  | {
      readonly transportType: 'web';
      readonly endpoint: string;
      readonly p256dh: string;
      readonly auth: string;
    }
  | { readonly transportType: 'wns'; readonly channelUri: string }
  | { readonly transportType: 'realtime'; readonly channel: string };

export interface PushRegistration {
  readonly id: string;
  readonly clientId?: string | undefined;
  readonly formFactor: 'phone' | 'tablet' | 'desktop' | 'tv' | 'car' | 'watch' | 'embedded' | 'other';
  readonly platform: 'android' | 'ios' | 'browser' | 'windows' | 'macos' | 'watchos' | 'tvos' | 'other';
  readonly timezone: string;
  readonly locale: string;
  /** Any JSON, at most 4096 bytes. */
  readonly metadata?: unknown;
  readonly lastActiveAtMs?: number | undefined;
  readonly push: { readonly recipient: PushRecipient };
  readonly pushRatePolicy?: { readonly capacity: number; readonly refillPerSecond: number } | undefined;
}

/** A device as the server shows it: no token, no secret. */
export interface PushDevice {
  readonly appId: string;
  readonly id: string;
  readonly clientId: string | null;
  readonly formFactor: string;
  readonly platform: string;
  readonly timezone: string;
  readonly locale: string;
  readonly lastActiveAtMs: number;
  readonly pushState: 'ACTIVE' | 'FAILING' | 'FAILED';
  readonly pushFailureCount: number;
  readonly recipient: {
    readonly transportType: string;
    readonly provider: string;
    readonly tokenHash: string;
  };
}

export interface PushRegistrationResult {
  readonly change: 'inserted' | 'updated' | 'unchanged';
  readonly tokenHash: string;
  readonly device: PushDevice;
  /** Told only where it is new. */
  readonly deviceIdentityToken?: string;
}

export interface PushSubscription {
  readonly channel: string;
  readonly deviceId: string;
  readonly clientId?: string | undefined;
  readonly provider: 'fcm' | 'apns' | 'webPush' | 'hms' | 'wns' | 'realtime';
  /** That of the registration's answer. */
  readonly tokenHash: string;
  readonly credentialVersion?: number | undefined;
}

export type PushTarget =
  | { readonly type: 'device'; readonly deviceId: string }
  | { readonly type: 'client'; readonly clientId: string }
  | { readonly type: 'channel'; readonly channel: string }
  | { readonly type: 'recipient'; readonly recipient: PushRecipient };

export interface PushPublish {
  /** Accepted once under this id. Made up where it is left out. */
  readonly publishId?: string | undefined;
  /** 1 to 1024. */
  readonly recipients: readonly PushTarget[];
  readonly payload: {
    readonly templateId?: string | undefined;
    readonly templateData?: Readonly<Record<string, unknown>> | undefined;
    readonly title?: string | undefined;
    readonly body?: string | undefined;
    /** https. */
    readonly icon?: string | undefined;
    readonly sound?: string | undefined;
    readonly collapseKey?: string | undefined;
  };
  readonly providerOverrides?:
    | readonly { readonly provider: string; readonly payload: Readonly<Record<string, unknown>> }[]
    | undefined;
  /** Epoch milliseconds. */
  readonly notBeforeMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
  /** Sent so much later, and only to devices of clients without a live, visible connection then. 0 to 600,000. */
  readonly away?: { readonly afterMs?: number | undefined } | undefined;
  /** Of each client first the device that was used last. For recipients of type `client`. */
  readonly devices?: 'all' | 'last-used-first' | undefined;
  /** When the others follow, unless it was read meanwhile. 0 to 600,000, default 30,000. */
  readonly othersAfterMs?: number | undefined;
}

export interface PushPublishResult {
  readonly publishId: string;
  readonly status: string;
  readonly expectedRecipients: number;
  readonly fanoutRegime: 'fastPath' | 'shardPath';
  readonly renderedPayloads: readonly {
    readonly provider: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly usedOverride: boolean;
  }[];
}

export interface PushPublishStatus {
  readonly appId: string;
  readonly publishId: string;
  readonly state: string;
  readonly counters: {
    readonly planned: number;
    readonly dispatched: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly expired: number;
    readonly retryScheduled: number;
    readonly retryAttempted: number;
    readonly deadLettered: number;
  };
  readonly fanoutRegime: 'fastPath' | 'shardPath';
  readonly retryAfterMs?: number;
  readonly errorReason?: string;
}

export interface PushTemplate {
  readonly templateId: string;
  readonly defaultLocale: string;
  readonly locales: Readonly<
    Record<string, { readonly title: string; readonly body: string; readonly [name: string]: unknown }>
  >;
  readonly providerOverrides?: Readonly<Record<string, unknown>> | undefined;
}

export interface PushCredential {
  readonly app_id: string;
  readonly credential_id: string;
  readonly provider: string;
  readonly version: number;
}

export interface PushDeadLetter {
  readonly deadLetterId: string;
  readonly publishId: string;
  readonly provider: string;
  readonly stage: string;
  readonly reason: string;
  readonly occurredAtMs: number;
  readonly replayable: boolean;
}

export interface PushListParams {
  /** 1 to 1000, default 100. */
  readonly limit?: number | undefined;
  readonly [param: string]: QueryValue;
}

/** A page of a list; iterating it goes on over all that follow. */
export type PushList<Item> = Page<ListAnswer<Item>, Item>;

export interface ListAnswer<Item> {
  readonly items: readonly Item[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

const has = (value: unknown, ...names: string[]): boolean =>
  isJsonObject(value) && names.every((name) => Object.hasOwn(value, name));

export const isList = <Item>(value: unknown): value is ListAnswer<Item> =>
  has(value, 'has_more', 'next_cursor') && isJsonObject(value) && Array.isArray(value.items);
export const isDevice = (value: unknown): value is PushDevice => has(value, 'id', 'pushState');
export const isRegistrationResult = (value: unknown): value is PushRegistrationResult =>
  has(value, 'change', 'device');
export const isSubscription = (value: unknown): value is PushSubscription =>
  has(value, 'channel', 'deviceId');
export const isDeleted = (value: unknown): value is { readonly deleted: number } => has(value, 'deleted');
export const isCredential = (value: unknown): value is PushCredential => has(value, 'credential_id');
export const isTemplate = (value: unknown): value is PushTemplate => has(value, 'templateId', 'locales');
export const isPublishResult = (value: unknown): value is PushPublishResult =>
  has(value, 'publishId', 'status');
export const isBatchResult = (value: unknown): value is { readonly items: readonly PushPublishResult[] } =>
  isJsonObject(value) && Array.isArray(value.items) && value.items.every(isPublishResult);
export const isPublishStatus = (value: unknown): value is PushPublishStatus =>
  has(value, 'state', 'counters');
export const isWithdrawn = (value: unknown): value is { readonly withdrawn: number } =>
  has(value, 'withdrawn');
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => isJsonObject(value);
export const isReplay = (
  value: unknown,
): value is { readonly deadLetterId: string; readonly messageId: string } =>
  has(value, 'deadLetterId', 'messageId');
