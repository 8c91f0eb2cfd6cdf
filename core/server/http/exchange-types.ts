// The shapes that pass between the two transports (fastify and the fast lane) and the routes: a request without a socket, an
// answer without a reply object. Nothing here knows how bytes arrive or leave.
import type { Readable, Writable } from 'node:stream';
import type { QueryParameters } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { HttpDeps } from './http-deps.ts';

/** A request as far as it is known before its body is read. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  /** Raw path, not percent-decoded, without the one trailing slash that is ignored. */
  readonly path: string;
  /** Raw query string without `?`; empty when there is none. */
  readonly query: string;
  /** Path parameters, percent-decoded, by name. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Address of the socket's other end; `unknown_ip` when there is none. */
  readonly peerAddress: string;
  /** First value of a header by lower-case name. */
  header(name: string): string | undefined;
  /** The connection has ended: nobody is left to answer. Absent where requests are answered at once. */
  isGone?(): boolean;
}

export interface HttpRequest extends RequestHead {
  /** Empty when the request has no body. */
  readonly body: Buffer;
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface HttpAnswer {
  readonly status: number;
  /** Null: no `content-type` header is sent. */
  readonly contentType: string | null;
  /** A Buffer is sent as it is and never written into. */
  readonly body: string | Buffer;
  readonly headers?: HeaderList;
}

/** A signed request of an app: signature checked, app enabled. */
export interface AppCall {
  readonly app: App;
  readonly request: HttpRequest;
  /** The parameters that the signature covers, names in lower case. */
  readonly query: QueryParameters;
}

/** Answers a signed request. Throws ProtocolError for every refusal. */
export type AppHandler = (call: AppCall, deps: HttpDeps) => Promise<HttpAnswer>;

/** Answers a request that needs no signature. */
export type OpenHandler = (request: HttpRequest, deps: HttpDeps) => Promise<HttpAnswer>;

/** A path below `/apps/:appId`: rate-limited and signed. A GET handler also serves HEAD. */
export interface AppRoute {
  readonly kind: 'app';
  /** Pattern of the path, with `:name` for parameters; always begins `/apps/:appId/`. */
  readonly path: string;
  readonly methods: { readonly GET?: AppHandler; readonly POST?: AppHandler; readonly DELETE?: AppHandler };
}

/** A path anyone may ask: health, inspection, and what a program that embeds the server adds. */
export interface OpenRoute {
  readonly kind: 'open';
  /** With `:name` for parameters; a last segment `*` takes the rest of the path. */
  readonly path: string;
  readonly methods: {
    readonly GET?: OpenHandler;
    readonly POST?: OpenHandler;
    readonly DELETE?: OpenHandler;
  };
}

/** Both sides of a request that goes on for long. */
export interface StreamIo {
  readonly input: Readable;
  readonly output: Writable;
  /** Fires when the server wants the stream to end: it says so to its peer and ends. */
  readonly ending: AbortSignal;
}

/** A 200 whose body is written while time passes. */
export interface StreamAnswer {
  readonly contentType: string;
  readonly headers?: HeaderList;
  /** Text that is sent from time to time and that the other end ignores. */
  readonly beat: string;
  /** Owns both sides from here on, and ends the output. */
  run(io: StreamIo): Promise<void>;
}

/** Opens a stream. Throws ProtocolError for every refusal; the body of the call is empty. */
export type StreamHandler = (call: AppCall, deps: HttpDeps) => Promise<StreamAnswer>;

/** A path below `/apps/:appId`, rate-limited and signed at its start, whose body is not read before it is opened. */
export interface StreamRoute {
  readonly kind: 'stream';
  readonly path: string;
  readonly methods: { readonly GET?: StreamHandler; readonly POST?: StreamHandler };
}

/** Opens a stream for anyone, or answers why not. Throws ProtocolError for refusals. */
export type OpenStreamHandler = (request: HttpRequest, deps: HttpDeps) => Promise<StreamAnswer | HttpAnswer>;

/** The same on a path that needs no signature. */
export interface OpenStreamRoute {
  readonly kind: 'open-stream';
  readonly path: string;
  readonly methods: { readonly GET: OpenStreamHandler; readonly POST?: never };
}

export type Route = AppRoute | OpenRoute | StreamRoute | OpenStreamRoute;

export const JSON_TYPE = 'application/json';

/** 200 with JSON that is already encoded. */
export function jsonAnswer(body: string | Buffer): HttpAnswer {
  return { status: 200, contentType: JSON_TYPE, body };
}
