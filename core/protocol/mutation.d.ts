export type MutationKind = 'update' | 'delete' | 'append';
/** A visible part of a message that can be taken away. */
export type ClearableField = 'name' | 'data' | 'extras';
/** What every mutation may say about itself. */
interface MutationRequest {
    /** Whom the change is attributed to. */
    readonly clientId?: string;
    /** The connection on whose behalf the backend acts; absent: the backend itself. */
    readonly socketId?: string;
    readonly description?: string;
    /** JSON text. */
    readonly metadata?: string;
    /** Makes a repetition of the request a duplicate. */
    readonly opId?: string;
    /** Text of the whole new `extras`, without the headers that are the server's own. */
    readonly extras?: string;
}
export interface UpdateRequest extends MutationRequest {
    readonly kind: 'update';
    readonly name?: string;
    /** JSON text of the string that replaces the data. */
    readonly data?: string;
    readonly clear: ReadonlySet<ClearableField>;
}
export interface DeleteRequest extends MutationRequest {
    readonly kind: 'delete';
    readonly data?: string;
    readonly clear: ReadonlySet<ClearableField>;
}
export interface AppendRequest extends MutationRequest {
    readonly kind: 'append';
    /** JSON text of the fragment, a string. */
    readonly data: string;
}
export type AnyMutationRequest = UpdateRequest | DeleteRequest | AppendRequest;
/** @throws ProtocolError 422 for a wrong shape, 400 `invalid_input` when nothing would change or fields contradict each other */
export declare function parseUpdate(body: unknown): UpdateRequest;
/** An empty body is a valid one: the message stays as it is and is marked as deleted. @throws ProtocolError as parseUpdate */
export declare function parseDelete(body: unknown): DeleteRequest;
/** @throws ProtocolError 422 unless `data` is a string, 400 for an empty one that ends no stream */
export declare function parseAppend(body: unknown): AppendRequest;
/** The serials of an applied mutation. */
export interface MutationAck {
    readonly channel: string;
    readonly messageSerial: string;
    readonly action: MutationKind;
    readonly versionSerial: string;
    readonly historySerial: number;
    readonly deliverySerial: number;
}
/** Body of the answer; a duplicate gets the serials of the first request. */
export declare const mutationAnswer: (ack: MutationAck, status: 'applied' | 'duplicate') => string;
export {};
