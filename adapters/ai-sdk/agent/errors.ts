/** What goes wrong in the AI SDK, in the words that all adapters share. */
import { httpError, ModelError } from '@sockudo/ai-transport/model';
import { APICallError, RetryError } from 'ai';

export function modelErrorOf(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  if (RetryError.isInstance(error)) return modelErrorOf(error.lastError);
  const message = error instanceof Error ? error.message : String(error);
  if (!APICallError.isInstance(error)) return new ModelError('provider_error', message, { cause: error });
  const { statusCode: status, responseHeaders = {}, isRetryable } = error;
  if (status === undefined) return new ModelError('connection', message, { cause: error, isRetryable });
  return httpError({ status, message, headers: new Headers(responseHeaders), cause: error });
}
