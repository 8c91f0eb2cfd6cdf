// Bodies in and out: what every route of push does alike.
import { httpError, isTooDeep, ProtocolError } from '@sockudo/protocol';
import { type AppCall, type AppHandler, type HttpAnswer, parseJsonBody } from '@sockudo/server/plugins';
import { StoreFull } from '@sockudo/server/ports';
import { invalid, MAX_CHANNEL_BYTES, requireId } from '../refusal.ts';

export function answer(status: number, body: unknown, headers?: HttpAnswer['headers']): HttpAnswer {
  const content = { status, contentType: 'application/json', body: JSON.stringify(body) };
  return headers === undefined ? content : { ...content, headers };
}

/** 204. */
export const NOTHING: HttpAnswer = { status: 204, contentType: null, body: '' };

/** @throws ProtocolError 400, also for another content type (push.md section 2.5) */
export function jsonBody({ request }: AppCall): unknown {
  let body: unknown;
  try {
    body = parseJsonBody(request);
  } catch (error) {
    if (ProtocolError.is(error) && error.httpStatus === 415) throw invalid(error.detail);
    throw error;
  }
  if (isTooDeep(body)) throw invalid('Request body is nested too deeply');
  return body;
}

/** A parameter of the query; empty counts as absent. */
export function queryText({ query }: AppCall, name: string): string | undefined {
  const value = query.get(name.toLowerCase());
  return value === undefined || value === '' ? undefined : value;
}

/** @throws ProtocolError 400 unless it is a whole number */
export function queryNumber(call: AppCall, name: string): number | undefined {
  const text = queryText(call, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw invalid(`${name} must be a whole number`);
  return value;
}

/** A parameter of the query that names something. @throws ProtocolError 400 for what no name can be */
export function queryId(call: AppCall, name: string): string | undefined {
  const value = queryText(call, name);
  if (value !== undefined) requireId(name, value, MAX_CHANNEL_BYTES);
  return value;
}

/** A segment of the path, decoded. @throws ProtocolError 400 for what no name can be */
export function pathId({ request }: AppCall, name: string): string {
  const value = request.params[name] ?? '';
  requireId(name, value, MAX_CHANNEL_BYTES);
  return value;
}

/** A handler whose store may be full: 503. */
export const guarded =
  (handler: AppHandler): AppHandler =>
  async (call, deps) => {
    try {
      return await handler(call, deps);
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      throw httpError('service_unavailable', 'the push store is full', { cause: error });
    }
  };
