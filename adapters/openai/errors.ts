/**
 * What the client throws, and what streams report, as one kind of error. By what the errors hold and not by their classes: a program may
 * have another copy of the package. Must not know: requests.
 */
import { httpError, ModelError, type ModelErrorCode } from '@sockudo/ai-transport/model';
import { numberOf, objectOf, textOf } from './json.ts';

/** By the provider's own word, where that says more than the status. */
const CODES: Readonly<Record<string, ModelErrorCode>> = {
  context_length_exceeded: 'context_length',
  content_filter: 'content_filter',
  content_policy_violation: 'content_filter',
  rate_limit_exceeded: 'rate_limited',
  server_error: 'provider_error',
  overloaded_error: 'overloaded',
  server_overloaded: 'overloaded',
  invalid_api_key: 'authentication',
  invalid_prompt: 'invalid_request',
  invalid_request_error: 'invalid_request',
};

/** Words after which the same request may succeed, though no status says so. */
const PASSING: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'server_error',
  'overloaded_error',
  'server_overloaded',
]);

/** What was thrown by the client, or while its stream was read. */
export function toModelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  const { status, headers, name, message, code, type } = objectOf(error);
  const text = textOf(message) ?? (error instanceof Error ? error.message : String(error));
  const { code: bodyCode, type: bodyType } = objectOf(objectOf(error).error);
  const words = [code, bodyCode, type, bodyType];
  // Some put a status where others have a word.
  const found = numberOf(status) ?? words.map((word) => statusIn(word)).find((each) => each !== undefined);
  if (found !== undefined) {
    // A quota that is used up does not come back by waiting.
    const isUsedUp = words.includes('insufficient_quota');
    const known = isUsedUp ? 'rate_limited' : found < 500 ? specific(words) : undefined;
    return httpError({
      status: found,
      message: text,
      headers: headersOf(headers),
      code: known,
      cause: error,
    });
  }
  const reported = reportedError(words, text, error);
  if (reported !== null) return reported;
  if (isConnection(error, String(name ?? ''))) return new ModelError('connection', text, { cause: error });
  return new ModelError('provider_error', text, { cause: error });
}

/** What a stream, or a response that failed, says of itself. */
export function reportedError(words: readonly unknown[], message: string, cause: unknown): ModelError | null {
  const word = words.find((each) => typeof each === 'string' && CODES[each] !== undefined);
  if (typeof word !== 'string') return null;
  return new ModelError(CODES[word] ?? 'provider_error', message, {
    cause,
    isRetryable: PASSING.has(word),
  });
}

/** Only what the status does not say by itself. */
function specific(words: readonly unknown[]): ModelErrorCode | undefined {
  const codes = words.map((word) => (typeof word === 'string' ? CODES[word] : undefined));
  return codes.find((code) => code === 'context_length' || code === 'content_filter');
}

function statusIn(word: unknown): number | undefined {
  const status = typeof word === 'string' && /^[45]\d\d$/.test(word) ? Number(word) : numberOf(word);
  return status !== undefined && status >= 400 && status < 600 ? status : undefined;
}

const headersOf = (headers: unknown): { get(name: string): string | null } | undefined =>
  typeof headers === 'object' && headers !== null && 'get' in headers && typeof headers.get === 'function'
    ? // CAST: what has such a method is read by it.
      (headers as { get(name: string): string | null })
    : undefined;

/** Not an answer of the provider's: the connection, or what is left of one. */
const isConnection = (error: unknown, name: string): boolean =>
  name.startsWith('APIConnection') ||
  error instanceof SyntaxError ||
  (error instanceof Error && !('error' in error));
