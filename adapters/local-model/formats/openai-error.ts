// Errors as OpenAI's API words them.
import type { RequestError } from './format.ts';

export function openaiError({ status, message, code, param }: RequestError): object {
  return { error: { message, type: typeOf(status), param, code: code ?? CODES[status] ?? null } };
}

const CODES: Readonly<Record<number, string>> = {
  401: 'invalid_api_key',
  429: 'rate_limit_exceeded',
  503: 'server_overloaded',
};

function typeOf(status: number): string {
  if (status === 429) return 'requests';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
