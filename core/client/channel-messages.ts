/**
 * The messages of one channel as the application's backend reads and annotates them for the client: the questions, the pages.
 * Must not know: sockets, subscriptions, how questions travel.
 * Source: Sockudo protocol 2, "App proxy calls".
 */
import {
  type AnnotationAnswer,
  type AnnotationDeleteAnswer,
  type AnnotationEvent,
  type AnnotationsAnswer,
  isAnnotationAnswer,
  isAnnotationDeleteAnswer,
  isAnnotationsAnswer,
  isMessageAnswer,
  isVersionsAnswer,
  type MessageVersion,
  type Page,
  pageOf,
  type VersionsAnswer,
} from '@sockudo/protocol';
import { type AskApplication, checked } from './application-endpoint.ts';

export interface VersionsParams {
  readonly limit?: number;
  /** Default `newest_first`. */
  readonly direction?: 'newest_first' | 'oldest_first';
  /** `next_cursor` of a page. */
  readonly cursor?: string;
}

export interface AnnotationsParams {
  readonly type?: string;
  /** Strictly after this annotation. */
  readonly fromSerial?: string;
  readonly limit?: number;
}

/** A new annotation. Whose it is (`clientId`) is for the backend to say. */
export interface Annotation {
  /** `NAMESPACE:SUMMARIZER.v1`. */
  readonly type: string;
  readonly name?: string;
  readonly count?: number;
  readonly data?: unknown;
}

export type VersionsPage = Page<VersionsAnswer, MessageVersion>;
export type AnnotationsPage = Page<AnnotationsAnswer, AnnotationEvent>;

export async function readMessage(
  ask: AskApplication,
  channel: string,
  messageSerial: string,
): Promise<MessageVersion> {
  const question = { channel, messageSerial, action: 'get_message' };
  return (await checked(ask(question), isMessageAnswer)).item;
}

export async function readVersions(
  ask: AskApplication,
  channel: string,
  messageSerial: string,
  params: VersionsParams,
): Promise<VersionsPage> {
  const question = { channel, messageSerial, params, action: 'get_message_versions' };
  const answer = await checked(ask(question), isVersionsAnswer);
  const { has_more: hasMore, next_cursor: cursor = null } = answer;
  if (!hasMore || cursor === null) return pageOf<VersionsAnswer, MessageVersion>(answer, null);
  return pageOf<VersionsAnswer, MessageVersion>(answer, () =>
    readVersions(ask, channel, messageSerial, { ...params, cursor }),
  );
}

export function createAnnotation(
  ask: AskApplication,
  channel: string,
  messageSerial: string,
  annotation: Annotation,
): Promise<AnnotationAnswer> {
  return checked(
    ask({ channel, messageSerial, annotation, action: 'publish_annotation' }),
    isAnnotationAnswer,
  );
}

/** @param socketId of this connection, as a hint to the backend; undefined while there is none */
export function removeAnnotation(
  ask: AskApplication,
  place: { readonly channel: string; readonly messageSerial: string; readonly annotationSerial: string },
  socketId: string | undefined,
): Promise<AnnotationDeleteAnswer> {
  return checked(ask({ ...place, socketId, action: 'delete_annotation' }), isAnnotationDeleteAnswer);
}

export async function readAnnotations(
  ask: AskApplication,
  channel: string,
  messageSerial: string,
  params: AnnotationsParams,
): Promise<AnnotationsPage> {
  const question = { channel, messageSerial, params, action: 'list_annotations' };
  const answer = await checked(ask(question), isAnnotationsAnswer);
  const { hasMore, nextCursor } = answer;
  if (!hasMore || nextCursor === null) return pageOf<AnnotationsAnswer, AnnotationEvent>(answer, null);
  return pageOf<AnnotationsAnswer, AnnotationEvent>(answer, () =>
    readAnnotations(ask, channel, messageSerial, { ...params, fromSerial: nextCursor }),
  );
}
