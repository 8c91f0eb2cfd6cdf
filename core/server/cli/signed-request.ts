// One signed HTTP request to a server's API (http.md section 1.1), and its failures in words.
import { createHash, createHmac } from 'node:crypto';
import { httpSignatureInput } from '@sockudo/protocol';
import { CliFailure } from './io.ts';
import type { Target } from './target.ts';

const TIMEOUT_MS = 10_000;

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/apps/{id}`, with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function hmacHex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The HMAC-SHA256 of `text` under the app's secret, as Pusher writes it: `KEY:hex`. */
export function authOf(target: Target, text: string): string {
  return `${target.key}:${hmacHex(target.secret, text)}`;
}

/** The path and query of a request, signature included. */
export function signedPath(
  target: Target,
  request: ApiRequest,
  body: string | null,
  nowSeconds: number,
): string {
  const base = new URL(target.url).pathname.replace(/\/$/, '');
  const path = `${base}/apps/${encodeURIComponent(target.appId)}${request.path}`;
  const parameters = {
    ...request.query,
    auth_key: target.key,
    auth_timestamp: String(nowSeconds),
    auth_version: '1.0',
    ...(body === null ? {} : { body_md5: createHash('md5').update(body).digest('hex') }),
  };
  const query = new URLSearchParams(parameters).toString();
  const signature = hmacHex(target.secret, httpSignatureInput(request.method, path, query));
  return `${path}?${query}&auth_signature=${signature}`;
}

/** Why a request got no answer, in words: the code of the innermost cause. */
export function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (!(current instanceof Error)) return String(current);
  if (current.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  return 'code' in current && typeof current.code === 'string' ? current.code : current.message;
}

async function send(target: Target, request: ApiRequest): Promise<{ status: number; text: string }> {
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  const path = signedPath(target, request, body, Math.floor(Date.now() / 1000));
  try {
    const response = await fetch(new URL(path, target.url), {
      method: request.method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === null ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new CliFailure(
      `Cannot reach ${target.url}: ${reasonOf(error)}. Is the server running? \`sockudo serve\` starts one.`,
    );
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorText(status: number, text: string): string {
  const answer = jsonOf(text);
  if (typeof answer !== 'object' || answer === null) return `HTTP ${status}: ${text.slice(0, 200)}`;
  const code = 'code' in answer ? ` ${String(answer.code)}` : '';
  const error = 'error' in answer ? String(answer.error) : text.slice(0, 200);
  return `HTTP ${status}${code}: ${error}`;
}

/** Sends a request and resolves to the JSON of its answer. @throws CliFailure on any other outcome than a 2xx with JSON */
export async function callApi(target: Target, request: ApiRequest): Promise<unknown> {
  const { status, text } = await send(target, request);
  if (status < 200 || status > 299)
    throw new CliFailure(`The server refused the request: ${errorText(status, text)}`);
  const answer = jsonOf(text);
  if (answer === undefined) throw new CliFailure(`${target.url} answered with something that is not JSON`);
  return answer;
}
