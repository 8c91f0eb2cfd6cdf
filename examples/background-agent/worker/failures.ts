// Which errors end a run at once, and what people are told of them. What is none of these is tried again by the next attempt.
import { AgentError, FatalRunError } from '@sockudo/ai-transport/agent';
import { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { DocumentsError } from './documents.ts';
import { ModelError } from './model.ts';

/** The error to throw from a handler. */
export function failureOf(error: unknown): unknown {
  if (error instanceof AgentError && error.code === 'source_failed') return failureOf(error.cause);
  if (error instanceof DocumentsError) return new FatalRunError(error.code, error.message);
  if (error instanceof ModelError) return new FatalRunError('model_unfit', error.message);
  // The run was stopped, and its request with it.
  if (error instanceof APIUserAbortError) return error;
  if (error instanceof APIConnectionError) {
    return new FatalRunError('model_unavailable', 'The model’s server does not answer.', { cause: error });
  }
  if (error instanceof APIError) {
    const status = error.status === undefined ? '' : ` (${error.status})`;
    return new FatalRunError('model_refused', `The model’s server refused the request${status}.`, {
      cause: error,
    });
  }
  return error;
}
