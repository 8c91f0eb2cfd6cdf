// From a request to its answer, whatever it came over: limits, method, signature, handler, errors, headers that every answer
// carries. Both transports end here, which is why they cannot differ.
import { httpError } from '@sockudo/protocol';
import type { AppCounters } from '../metrics/counters.ts';
import { type Cors, createCors } from './cors.ts';
import { errorAnswer } from './error-answer.ts';
import type {
  AppCall,
  AppHandler,
  AppRoute,
  HeaderList,
  HttpAnswer,
  HttpRequest,
  OpenHandler,
  OpenRoute,
  OpenStreamRoute,
  RequestHead,
  Route,
  StreamAnswer,
  StreamRoute,
} from './exchange-types.ts';
import type { HttpDeps } from './http-deps.ts';
import { createApiRateLimiter, type RateLimiter } from './rate-limit.ts';
import { verifySignature } from './signature.ts';

/** What is known before the body: either the answer already, or the headers that the answer will carry besides its own. */
export type Admission =
  | { readonly admitted: true; readonly headers: HeaderList }
  | { readonly admitted: false; readonly answer: HttpAnswer };

export interface Exchange {
  /** Preflights, rate limits and methods. Call it before reading the body. Never rejects. */
  admit(route: Route, head: RequestHead): Promise<Admission>;
  /** Answers an admitted request. Never rejects. `headers` are those of the admission. */
  answer(route: AppRoute | OpenRoute, request: HttpRequest, headers: HeaderList): Promise<HttpAnswer>;
  /** Opens an admitted stream, or answers why not. Never rejects. */
  open(
    route: StreamRoute | OpenStreamRoute,
    head: RequestHead,
    headers: HeaderList,
  ): Promise<HttpAnswer | StreamAnswer>;
  /** 413 for a body beyond `http_api.request_limit_in_mb`, signed or not (divergence D47). */
  bodyTooLarge(headers: HeaderList): HttpAnswer;
  /** The headers of `admit` for a request that needs no admission: no limiter is on and the method is known to fit. */
  readonly freePass: HeaderList | null;
}

export function createExchange(deps: HttpDeps): Exchange {
  const cors = createCors(deps.settings.cors);
  const limiter = createApiRateLimiter(deps);
  const maxBodyBytes = deps.settings.http.maxBodyBytes;

  return {
    admit: (route, head) => admit(route, head, cors, limiter),
    async answer(route, request, headers) {
      try {
        if (route.kind === 'open') return withHeaders(await callOpen(route, request, deps), headers);
        const { app, query } = verifySignature(request, request.params.appId ?? '', deps.apps);
        const answer = await callApp(route, { app, request, query }, deps);
        countCall(deps.counters.of(app.id), request, answer);
        return withHeaders(answer, headers);
      } catch (error) {
        return withHeaders(errorAnswer(error, deps.logger), headers);
      }
    },
    async open(route, head, headers) {
      try {
        if (deps.isDraining()) throw httpError('service_unavailable', 'DRAINING');
        const answer = await callStream(route, { ...head, body: NO_BODY }, deps);
        if (!('run' in answer)) return withHeaders(answer, headers);
        return { ...answer, headers: [...headers, ...(answer.headers ?? [])] };
      } catch (error) {
        return withHeaders(errorAnswer(error, deps.logger), headers);
      }
    },
    bodyTooLarge(headers) {
      const refusal = httpError(
        'payload_too_large',
        `Request body exceeds the limit of ${maxBodyBytes} bytes`,
      );
      return withHeaders(errorAnswer(refusal, deps.logger), headers);
    },
    freePass: limiter === null ? cors.headersFor(undefined) : null,
  };
}

const NO_BODY = Buffer.alloc(0);

async function callStream(
  route: StreamRoute | OpenStreamRoute,
  request: HttpRequest,
  deps: HttpDeps,
): Promise<HttpAnswer | StreamAnswer> {
  if (route.kind === 'open-stream') return route.methods.GET(request, deps);
  const { app, query } = verifySignature(request, request.params.appId ?? '', deps.apps);
  const handler = route.methods[request.method === 'POST' ? 'POST' : 'GET'];
  if (handler === undefined) return methodNotAllowed(route);
  const answer = await handler({ app, request, query }, deps);
  deps.counters.of(app.id).httpCallsReceived += 1;
  return answer;
}

async function admit(
  route: Route,
  head: RequestHead,
  cors: Cors,
  limiter: RateLimiter | null,
): Promise<Admission> {
  const origin = head.header('origin');
  if (head.method === 'OPTIONS') return { admitted: false, answer: cors.preflight(origin) };
  let headers = cors.headersFor(origin);
  if (limiter !== null && (route.kind === 'app' || route.kind === 'stream')) {
    const verdict = await limiter.check(head);
    if (!verdict.allowed) return { admitted: false, answer: withHeaders(verdict.answer, headers) };
    headers = [...headers, ...verdict.headers];
  }
  if (hasMethod(route, head.method)) return { admitted: true, headers };
  return { admitted: false, answer: withHeaders(methodNotAllowed(route), headers) };
}

// Not async: a handler's promise need not be wrapped once more on the hottest way through the HTTP side.
function callApp(route: AppRoute, call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const handler = appHandler(route, call.request.method);
  return handler === undefined ? Promise.resolve(methodNotAllowed(route)) : handler(call, deps);
}

function callOpen(route: OpenRoute, request: HttpRequest, deps: HttpDeps): Promise<HttpAnswer> {
  const handler = openHandler(route, request.method);
  return handler === undefined ? Promise.resolve(methodNotAllowed(route)) : handler(request, deps);
}

/** Only successful calls are counted. */
function countCall(counters: AppCounters, request: HttpRequest, answer: HttpAnswer): void {
  counters.httpCallsReceived += 1;
  counters.httpReceivedBytes += request.body.length;
  counters.httpTransmittedBytes += Buffer.byteLength(answer.body);
}

/** HEAD is answered like GET; the transport leaves the body out. */
function appHandler({ methods }: AppRoute, method: string): AppHandler | undefined {
  return method === 'DELETE' ? methods.DELETE : readOrPost(methods, method);
}

function openHandler({ methods }: OpenRoute, method: string): OpenHandler | undefined {
  return method === 'DELETE' ? methods.DELETE : readOrPost(methods, method);
}

function readOrPost<Handler>(
  { GET, POST }: { readonly GET?: Handler; readonly POST?: Handler },
  method: string,
): Handler | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return GET;
    case 'POST':
      return POST;
    default:
      return undefined;
  }
}

function hasMethod(route: Route, method: string): boolean {
  switch (route.kind) {
    case 'app':
      return appHandler(route, method) !== undefined;
    case 'open':
      return openHandler(route, method) !== undefined;
    case 'stream':
    case 'open-stream':
      // Not HEAD: there is nothing to say of a stream that is not read.
      return method === 'GET' || method === 'POST' ? route.methods[method] !== undefined : false;
  }
}

function methodNotAllowed(route: Route): HttpAnswer {
  const allowed = Object.keys(route.methods).flatMap((name) =>
    name === 'GET' && !isStream(route) ? ['GET', 'HEAD'] : [name],
  );
  return { status: 405, contentType: null, body: '', headers: [['allow', allowed.join(',')]] };
}

const isStream = ({ kind }: Route): boolean => kind === 'stream' || kind === 'open-stream';

function withHeaders(answer: HttpAnswer, headers: HeaderList): HttpAnswer {
  if (headers.length === 0) return answer;
  return { ...answer, headers: answer.headers === undefined ? headers : [...headers, ...answer.headers] };
}
