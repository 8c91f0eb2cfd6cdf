/**
 * What a reader gets of mutable messages and their annotations: the answers of the `…/messages/{serial}` routes, checked as far as
 * an SDK relies on them. Members stand as on the wire; what this version does not know stays on the objects.
 * Must not know: requests, who asks.
 * Sources: http sheet 7 and 8.
 */
import type { AnnotationItem } from './annotation.ts';
import { isJsonObject, type JsonObject, member, stringMember } from './json.ts';
import type { MutationKind } from './mutation.ts';

/** One version of a message. In lists of versions the `data` of an append is its fragment, everywhere else the whole text. */
export interface MessageVersion {
  /** `sockudo:message.ACTION`. */
  readonly event: string;
  readonly channel: string;
  /** As it was published: the text of a backend, any JSON of a client; absent once it was cleared. */
  readonly data?: unknown;
  /** The publisher's event name; absent once it was cleared. */
  readonly name?: string;
  /** Same as `delivery_serial`. */
  readonly serial: number | string;
  readonly action: 'create' | MutationKind | 'summary';
  readonly message_serial: string;
  /** Place of the create in the history. */
  readonly history_serial: number | string;
  /** Place of this version among everything the channel delivers. */
  readonly delivery_serial: number | string;
  readonly version: {
    readonly serial: string;
    readonly timestamp_ms: number;
    readonly client_id?: string;
    readonly description?: string;
    readonly metadata?: unknown;
  };
  readonly extras?: JsonObject;
}

/** `GET …/messages/{serial}`. */
export interface MessageAnswer {
  readonly channel: string;
  readonly item: MessageVersion;
}

/** `GET …/messages/{serial}/versions`. */
export interface VersionsAnswer {
  readonly channel: string;
  readonly direction: 'newest_first' | 'oldest_first';
  readonly limit: number;
  readonly has_more: boolean;
  /** Absent at the end. */
  readonly next_cursor?: string | null;
  readonly items: readonly MessageVersion[];
}

/** `POST …/messages/{serial}/update`, `delete` and `append`. */
export interface MutationAnswer {
  readonly channel: string;
  readonly message_serial: string;
  readonly action: MutationKind;
  readonly accepted: boolean;
  readonly version_serial: string;
  readonly history_serial: number;
  readonly delivery_serial: number;
  /** `duplicate`: the same `op_id` was applied before, with these serials. */
  readonly status: 'applied' | 'duplicate';
}

/** One annotation event: in lists and in the data of `annotation.create` and `annotation.delete`. */
export interface AnnotationEvent {
  readonly action: AnnotationItem['action'];
  /** Creates only. */
  readonly id?: string;
  readonly serial: string;
  readonly messageSerial: string;
  /** `NAMESPACE:SUMMARIZER.v1`. */
  readonly type: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly count?: number;
  readonly data?: unknown;
  readonly encoding?: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** `GET …/messages/{serial}/annotations`: events, oldest first. */
export interface AnnotationsAnswer {
  readonly channel: string;
  readonly messageSerial: string;
  readonly limit: number;
  readonly hasMore: boolean;
  /** Continue with this as `from_serial`. */
  readonly nextCursor: string | null;
  readonly items: readonly AnnotationEvent[];
}

/** `POST …/annotations`. */
export interface AnnotationAnswer {
  readonly annotationSerial: string;
}

/** `DELETE …/annotations/{serial}`; both serials are the same if it had been deleted before. */
export interface AnnotationDeleteAnswer extends AnnotationAnswer {
  readonly deletedAnnotationSerial: string;
}

/** Data of `message.summary`: the whole summary of one type, in place of what was known of it. */
export interface MessageSummary {
  readonly action: 'message.summary';
  /** Message serial. */
  readonly serial: string;
  readonly annotations: { readonly summary: Readonly<Record<string, JsonObject>> };
}

export const isMessageVersion = (value: unknown): value is MessageVersion =>
  isJsonObject(value) &&
  hasStrings(value, 'event', 'channel', 'action', 'message_serial') &&
  isJsonObject(member(value, 'version'));

export const isMessageAnswer = (value: unknown): value is MessageAnswer =>
  isJsonObject(value) && isMessageVersion(member(value, 'item'));

export const isVersionsAnswer = (value: unknown): value is VersionsAnswer =>
  isJsonObject(value) &&
  typeof member(value, 'has_more') === 'boolean' &&
  isListOf(member(value, 'items'), isMessageVersion);

export const isMutationAnswer = (value: unknown): value is MutationAnswer =>
  isJsonObject(value) && hasStrings(value, 'message_serial', 'version_serial', 'status');

export const isAnnotationEvent = (value: unknown): value is AnnotationEvent =>
  isJsonObject(value) && hasStrings(value, 'action', 'serial', 'messageSerial', 'type');

export const isAnnotationsAnswer = (value: unknown): value is AnnotationsAnswer =>
  isJsonObject(value) &&
  typeof member(value, 'hasMore') === 'boolean' &&
  isListOf(member(value, 'items'), isAnnotationEvent);

export const isAnnotationAnswer = (value: unknown): value is AnnotationAnswer =>
  isJsonObject(value) && hasStrings(value, 'annotationSerial');

export const isAnnotationDeleteAnswer = (value: unknown): value is AnnotationDeleteAnswer =>
  isAnnotationAnswer(value) && 'deletedAnnotationSerial' in value;

export const isListOf = <Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] =>
  Array.isArray(value) && value.every(isItem);

const hasStrings = (value: JsonObject, ...names: readonly string[]): boolean =>
  names.every((name) => stringMember(value, name) !== undefined);
