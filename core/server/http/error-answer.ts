// The one place where a failure becomes an HTTP answer. A refusal says what core/protocol says; anything else is a bug or a
// broken dependency and says nothing but an id under which the log has the rest.
import { randomBytes } from 'node:crypto';
import { httpErrorBody, ProtocolError } from '@sockudo/protocol';
import type { Logger } from 'pino';
import { type HttpAnswer, JSON_TYPE } from './exchange-types.ts';

/** Seconds after which a request that met `backpressure` should come again, when the refusal does not say (divergence D54). */
const DEFAULT_RETRY_SECONDS = 1;

export function errorAnswer(error: unknown, logger: Logger): HttpAnswer {
  if (ProtocolError.is(error) && error.httpStatus < 500) return refusalAnswer(error);
  if (ProtocolError.is(error)) {
    if (error.cause !== undefined) logger.error({ err: error.cause, kind: error.kind }, 'request failed');
    return refusalAnswer(error);
  }
  const errorId = randomBytes(6).toString('hex');
  logger.error({ err: error, errorId }, 'request failed');
  const body = { error: `Internal server error (${errorId})`, code: 'internal_error', status: 500 };
  return { status: 500, contentType: JSON_TYPE, body: JSON.stringify(body) };
}

function refusalAnswer(error: ProtocolError): HttpAnswer {
  const answer: HttpAnswer = {
    status: error.httpStatus,
    contentType: JSON_TYPE,
    body: JSON.stringify(httpErrorBody(error)),
  };
  const seconds =
    error.retryAfterSeconds ?? (error.code === 'backpressure' ? DEFAULT_RETRY_SECONDS : undefined);
  return seconds === undefined ? answer : { ...answer, headers: [['retry-after', String(seconds)]] };
}
