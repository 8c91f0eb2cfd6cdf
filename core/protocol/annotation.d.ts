import type { QueryParameters } from './signing.ts';
/** How annotations of one type add up to a summary. */
export declare const SUMMARIZERS: readonly ['total', 'flag', 'distinct', 'unique', 'multiple'];
export type Summarizer = (typeof SUMMARIZERS)[number];
/**
 * The summarizer of a type `NAMESPACE:SUMMARIZER.v1`.
 * @throws ProtocolError 400 `invalid_input`
 */
export declare function summarizerOf(type: string): Summarizer;
/** A new annotation as it was asked for. */
export interface AnnotationRequest {
    readonly type: string;
    readonly name?: string;
    readonly clientId?: string;
    readonly socketId?: string;
    /** At least 1. */
    readonly count?: number;
    /** JSON text. */
    readonly data?: string;
    readonly encoding?: string;
}
/**
 * Reads the body of a create. `clientId` and `socketId` are known in both spellings, of which camelCase wins (divergence D59).
 * Whether the type exists and has what it needs is looked at later, in the documented order.
 * @throws ProtocolError 422 for a wrong shape, 400 `invalid_input` for a count of 0
 */
export declare function parseAnnotation(body: unknown): AnnotationRequest;
/** @throws ProtocolError 400 `invalid_input` where a type's summary needs what was not given */
export declare function requireAnnotationParts(summarizer: Summarizer, { name, clientId }: Pick<AnnotationRequest, 'name' | 'clientId'>): void;
/** A page of a message's annotations as it was asked for. */
export interface AnnotationsQuery {
    readonly limit: number;
    readonly type?: string;
    /** Strictly after this annotation. */
    readonly from?: string;
    readonly socketId?: string;
}
/** @throws ProtocolError 400 `invalid_input` */
export declare function parseAnnotationsQuery(query: QueryParameters, maxLimit: number): AnnotationsQuery;
/**
 * `limit` of a page of versions or annotations, cut to the maximum, which is also the default.
 * @throws ProtocolError 400 `invalid_input` for 0 and for anything that is no whole number
 */
export declare function pageLimit(query: QueryParameters, maxLimit: number, noun: string): number;
/** One annotation event as everybody sees it; absent members are left out. */
export interface AnnotationItem {
    readonly action: 'annotation.create' | 'annotation.delete';
    /** Creates only. */
    readonly id?: string;
    readonly annotationSerial: string;
    readonly messageSerial: string;
    readonly type: string;
    readonly name?: string;
    readonly clientId?: string;
    readonly count?: number;
    /** JSON text; creates only. */
    readonly data?: string;
    /** Creates only. */
    readonly encoding?: string;
    readonly timestampMs: number;
}
/** JSON text of one event, in lists and in frames. */
export declare function encodeAnnotation(item: AnnotationItem): string;
/** JSON text of a summary frame's data; `summary` is the JSON text of one type's summary. */
export declare const summaryData: (messageSerial: string, type: string, summary: string) => string;
/** Event of a summary frame. */
export declare const SUMMARY_EVENT = "sockudo_internal:message";
/** Event of a raw annotation, for those who asked for them. */
export declare const ANNOTATION_EVENT = "sockudo_internal:annotation";
/** The entry of a subscribe's `modes` that asks for raw annotations. */
export declare const ANNOTATION_MODE = "ANNOTATION_SUBSCRIBE";
/** UTF-8 bytes of a summary's whole frame, as its limit counts them. */
export declare const summaryFrameBytes: (channel: string, data: string) => number;
