// The JSON body of a request: content type (415), encoding and syntax (400). Its shape is the business of core/protocol.
// Texts are ours; statuses as Sockudo 5.0.1, in the usual envelope (divergence D48).
import { isUtf8 } from 'node:buffer';
import { httpError } from '@sockudo/protocol';
import type { HttpRequest } from './exchange-types.ts';

/** Media types with a JSON body, parameters allowed: `application/json` and `application/*+json`. */
const JSON_MEDIA_TYPE = /^\s*application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;.*)?$/i;

/**
 * The parsed body.
 * @throws ProtocolError 415 or 400 `invalid_input`
 */
export function parseJsonBody(request: HttpRequest): unknown {
  const contentType = request.header('content-type');
  if (contentType !== 'application/json' && !JSON_MEDIA_TYPE.test(contentType ?? '')) {
    throw httpError('invalid_input', 'Content-Type must be application/json', { httpStatus: 415 });
  }
  if (!isUtf8(request.body)) throw httpError('invalid_input', 'Request body is not valid UTF-8');
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    // The parser's own text quotes the body; the sender needs to know no more than this.
    throw httpError('invalid_input', 'Request body is not valid JSON');
  }
}
