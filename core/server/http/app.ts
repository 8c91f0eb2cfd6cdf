// The ordinary way: mounts the routes on fastify. Fastify finds the route; limits, signatures, answers and errors are the
// Exchange's, and the answer is written with exactly the headers it names. Nothing of a route is decided here.
import { type IncomingMessage, METHODS, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { readBody } from './body-reader.ts';
import { UNKNOWN_ADDRESS } from './client-address.ts';
import type { Exchange } from './exchange.ts';
import type { HttpAnswer, RequestHead, Route } from './exchange-types.ts';
import type { OpenStreams } from './open-streams.ts';
import { limitUpload } from './request-timeout.ts';
import { serveStream } from './serve-stream.ts';
import { REQUEST_TIMEOUT_MS } from './timeouts.ts';

export interface HttpAppOptions {
  readonly exchange: Exchange;
  readonly logger: Logger;
  readonly routes: readonly Route[];
  readonly maxBodyBytes: number;
  readonly streams: OpenStreams;
  /** Once true, answers close their connection. */
  isDraining(): boolean;
  /** Makes the server that will call `onRequest`; the app neither opens nor closes it. */
  createServer(onRequest: (request: IncomingMessage, response: ServerResponse) => void): Server;
}

const NOT_FOUND: HttpAnswer = { status: 404, contentType: 'text/plain', body: '404 NOT FOUND' };
const MALFORMED: HttpAnswer = {
  status: 400,
  contentType: 'application/json',
  body: '{"error":"Malformed request","code":"invalid_input","status":400}',
};

/** Path parameters may be as long as a request line; fastify's own default would hide long names behind a 404. */
const MAX_PARAMETER_LENGTH = 16 * 1024;

export async function createHttpApp(options: HttpAppOptions): Promise<{ server: Server }> {
  const app = fastify({
    logger: false,
    serverFactory: options.createServer,
    rewriteUrl: (request) => routedUrl(request.url ?? '/'),
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (_error, _request, reply) => send(reply, MALFORMED, options),
  });
  knowAllMethods(app);
  app.setNotFoundHandler((_request, reply) => send(reply, NOT_FOUND, options));
  for (const route of options.routes) {
    // Answered in the first hook, which never says that it is done: limits and signature come before fastify would look at the
    // body and its content type.
    app.all(
      route.path,
      { onRequest: (request, reply, _done) => serveSafely(route, request, reply, options) },
      notReached,
    );
  }
  await app.ready();
  return { server: app.server };
}

function serveSafely(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpAppOptions,
): void {
  serve(route, request, reply, options).catch((error: unknown) => {
    // Nothing of an exchange rejects; what does is a bug, and costs this connection and no other.
    options.logger.error({ err: error }, 'request could not be answered');
    request.raw.destroy();
  });
}

async function serve(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpAppOptions,
): Promise<void> {
  const { exchange, maxBodyBytes } = options;
  const head = headOf(request);
  const admission = await exchange.admit(route, head);
  if (!admission.admitted) {
    send(reply, admission.answer, options);
    return;
  }
  if (route.kind === 'stream' || route.kind === 'open-stream') {
    const opened = await exchange.open(route, head, admission.headers);
    if ('run' in opened) {
      reply.hijack();
      await serveStream(opened, request.raw, reply.raw, options.streams);
      return;
    }
    limitUpload(request.raw, reply.raw, REQUEST_TIMEOUT_MS);
    request.raw.resume();
    send(reply, opened, options);
    return;
  }
  limitUpload(request.raw, reply.raw, REQUEST_TIMEOUT_MS);
  const body = await readBody(request.raw, maxBodyBytes).catch(() => undefined);
  // The peer went away in the middle: nobody is left to answer.
  if (body === undefined) {
    reply.hijack();
    return;
  }
  const answer =
    body === null
      ? exchange.bodyTooLarge(admission.headers)
      : await exchange.answer(route, { ...head, body }, admission.headers);
  send(reply, answer, options);
}

function headOf(request: FastifyRequest): RequestHead {
  const url = request.raw.url ?? '/';
  const queryStart = url.indexOf('?');
  return {
    method: request.method,
    path: queryStart === -1 ? url : url.slice(0, queryStart),
    query: queryStart === -1 ? '' : url.slice(queryStart + 1),
    // CAST: fastify types the parameters of a route without schema as unknown; they are strings by name
    params: request.params as Record<string, string | undefined>,
    peerAddress: request.socket.remoteAddress ?? UNKNOWN_ADDRESS,
    header(name) {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.[0];
    },
    isGone: () => request.socket.destroyed,
  };
}

/** Answers past fastify, so that both ways of a request send the same bytes. */
function send(reply: FastifyReply, answer: HttpAnswer, { isDraining }: HttpAppOptions): void {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return;
  const fields: string[] = [];
  if (answer.contentType !== null) fields.push('content-type', answer.contentType);
  fields.push('content-length', String(Buffer.byteLength(answer.body)));
  for (const [name, value] of answer.headers ?? []) fields.push(name, value);
  if (isDraining()) fields.push('connection', 'close');
  raw.writeHead(answer.status, fields);
  raw.end(answer.body);
}

/** The path that is routed and signed: without scheme and host, and without one trailing slash. */
export function routedUrl(url: string): string {
  const local = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  const queryStart = local.indexOf('?');
  const path = queryStart === -1 ? local : local.slice(0, queryStart);
  if (path.length < 2 || !path.endsWith('/')) return local === '' ? '/' : local;
  return path.slice(0, -1) + local.slice(path.length);
}

/** So that a known path answers 405, not 404, to every method there is. */
function knowAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
}

/** Fastify wants a handler for every route. */
function notReached(): never {
  throw new Error('answered in onRequest');
}

const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What Node's parser cannot read gets a bare status line, as by Node's default. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${STATUS_LINES[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
}
