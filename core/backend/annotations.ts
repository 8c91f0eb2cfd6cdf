// Annotations of messages: publish, list, take back (http.md 8).
import {
  type AnnotationAnswer,
  type AnnotationDeleteAnswer,
  type AnnotationEvent,
  type AnnotationsAnswer,
  isAnnotationAnswer,
  isAnnotationDeleteAnswer,
  isAnnotationsAnswer,
  type Page,
} from '@sockudo/protocol';
import { messagePath } from './messages.ts';
import { pathSegment } from './names.ts';
import { type Requester, readPage } from './requester.ts';
import type { QueryValue } from './signed-query.ts';

/** A new annotation. */
export interface AnnotationParams {
  /** `NAMESPACE:SUMMARIZER.v1`, the summarizer one of `total`, `flag`, `distinct`, `unique`, `multiple`. */
  readonly type: string;
  /** Needed by `distinct`, `unique` and `multiple`. */
  readonly name?: string | undefined;
  /** Needed by `flag`, `distinct` and `unique`. */
  readonly clientId?: string | undefined;
  /** The connection on whose behalf it is made: then its permissions decide. */
  readonly socketId?: string | undefined;
  /** At least 1; `multiple` adds it up. */
  readonly count?: number | undefined;
  /** Any JSON. */
  readonly data?: unknown;
  readonly encoding?: string | undefined;
}

export interface AnnotationsParams {
  readonly type?: string | undefined;
  /** Strictly after this annotation. */
  readonly from_serial?: string | undefined;
  /** Events of a page. */
  readonly limit?: number | undefined;
  readonly socket_id?: string | undefined;
  readonly [param: string]: QueryValue;
}

export type AnnotationsPage = Page<AnnotationsAnswer, AnnotationEvent>;

const annotationsPath = (channel: string, messageSerial: string): string =>
  `${messagePath(channel, messageSerial)}/annotations`;

/** Not repeated but for a 429: a second annotation could count twice. */
export function createAnnotation(
  requester: Requester,
  channel: string,
  messageSerial: string,
  annotation: AnnotationParams,
): Promise<AnnotationAnswer> {
  return requester.change({
    path: annotationsPath(channel, messageSerial),
    body: annotation,
    isIdempotent: false,
    isAnswer: isAnnotationAnswer,
  });
}

export function removeAnnotation(
  requester: Requester,
  channel: string,
  messageSerial: string,
  annotationSerial: string,
  params: { readonly socket_id?: string | undefined },
): Promise<AnnotationDeleteAnswer> {
  const segment = pathSegment(annotationSerial, 'annotation serial');
  const path = `${annotationsPath(channel, messageSerial)}/${segment}`;
  return requester.remove({ path, params, isAnswer: isAnnotationDeleteAnswer });
}

export function readAnnotations(
  requester: Requester,
  channel: string,
  messageSerial: string,
  params: AnnotationsParams,
): Promise<AnnotationsPage> {
  const call = { path: annotationsPath(channel, messageSerial), params, isAnswer: isAnnotationsAnswer };
  return readPage(requester, call, ({ hasMore, nextCursor }) =>
    hasMore && nextCursor !== null ? { from_serial: nextCursor } : null,
  );
}
