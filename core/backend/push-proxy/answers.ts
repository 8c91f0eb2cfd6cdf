// What the proxy answers, and how it reads what a browser sends. Errors have the shape of the server's push API.
import { SockudoRequestError } from '../errors.ts';

/** Ends a request with an answer that is no success. `message` is shown to the browser. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const invalid = (message: string): ProxyRefusal => new ProxyRefusal(400, 'invalid_input', message);
export const forbidden = (message: string): ProxyRefusal => new ProxyRefusal(403, 'forbidden', message);
export const notFound = (message = 'device not found'): ProxyRefusal =>
  new ProxyRefusal(404, 'not_found', message);

/** Answers depend on who asks, and one of them holds a token: nobody keeps them. */
const PRIVATE = { 'cache-control': 'no-store' };

export const jsonAnswer = (status: number, body: unknown): Response =>
  Response.json(body, { status, headers: PRIVATE });

export const emptyAnswer = (): Response => new Response(null, { status: 204, headers: PRIVATE });

/** The answer for whatever a request ended with; null: a mistake of the application or of this code, which is not for browsers. */
export function refusalAnswer(error: unknown): Response | null {
  const refusal = error instanceof SockudoRequestError ? refusalOf(error) : error;
  if (!(refusal instanceof ProxyRefusal)) return null;
  const { status, code, message, headers } = refusal;
  return Response.json({ error: message, code, status }, { status, headers: { ...PRIVATE, ...headers } });
}

/** What the server refused is told; that it could not be reached, or refused this backend, is told without details. */
function refusalOf({ status, body, retryAfterMs }: SockudoRequestError): ProxyRefusal {
  const pause = retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1000));
  const headers = pause === undefined ? {} : { 'retry-after': pause };
  const { code, error } = readRefusal(body);
  if (status === 429) return new ProxyRefusal(429, 'rate_limited', 'too many requests', headers);
  const isOurs =
    code === 'app_not_found' || (status === 401 && error?.includes('deviceIdentityToken') !== true);
  if (status !== undefined && status >= 400 && status < 500 && error !== undefined && !isOurs) {
    return new ProxyRefusal(status, code ?? 'invalid_input', error);
  }
  return new ProxyRefusal(503, 'service_unavailable', 'push is not available', headers);
}

function readRefusal(body: string | undefined): {
  readonly code?: string | undefined;
  readonly error?: string | undefined;
} {
  try {
    const value = objectOf(JSON.parse(body ?? ''));
    return { code: textOf(value?.code), error: textOf(value?.error) };
  } catch {
    return {};
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): JsonObject | undefined {
  // CAST: a non-null object that is no array has members by name.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Longest body of a registration or subscription. */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * The object that a request carries. Only JSON by that name is read: a page of another site cannot send it without being asked for
 * (CORS), so that cookies alone are enough to know the user by.
 */
export async function bodyOf(request: Request): Promise<JsonObject> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) throw invalid('content-type must be application/json');
  const body = parsed(await boundedText(request));
  if (body === undefined) throw invalid('the body must be a JSON object');
  return body;
}

async function boundedText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new ProxyRefusal(413, 'payload_too_large', 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
