// Errors as Anthropic's API words them.
import { newId } from '../stream/play.ts';
import type { RequestError } from './format.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export function anthropicError({ status, message, param }: RequestError): object {
  const text = param === null ? message : `${param}: ${message}`;
  return {
    type: 'error',
    error: { type: TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error'), message: text },
    request_id: newId('req'),
  };
}
