// Which errors end a turn at once, and what people are told of them. What may pass is tried again by the next attempt.
import { AgentError, FatalRunError } from '@sockudo/ai-transport/agent';
import { ModelError, type ModelErrorCode } from '@sockudo/ai-transport/model';

const WORDS: Readonly<Record<ModelErrorCode, string>> = {
  rate_limited: 'The model is asked too much at the moment.',
  overloaded: 'The model is overloaded.',
  authentication: 'The model’s provider does not accept the key.',
  invalid_request: 'The model’s provider refused the request.',
  context_length: 'The conversation has become too long for the model.',
  content_filter: 'The model’s provider does not let this pass.',
  stalled: 'The model has fallen silent.',
  connection: 'The model cannot be reached.',
  provider_error: 'The model’s provider reports an error.',
  budget_exceeded: 'What may be spent is spent.',
};

function modelErrorIn(error: unknown): ModelError | null {
  if (error instanceof ModelError) return error;
  return error instanceof AgentError && error.code === 'source_failed' ? modelErrorIn(error.cause) : null;
}

/** The error to throw from a handler. */
export function failureOf(error: unknown): unknown {
  const found = modelErrorIn(error);
  if (found === null || found.isRetryable) return error;
  return new FatalRunError(found.code, WORDS[found.code], { cause: error });
}

/** What everybody in the conversation may know. */
export function describeError(error: unknown): { code: string; message?: string } {
  const found = modelErrorIn(error);
  if (found === null) return { code: 'agent_error' };
  return { code: found.code, message: WORDS[found.code] };
}
