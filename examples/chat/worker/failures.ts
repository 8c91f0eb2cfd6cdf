// What people are told when a turn fails. Texts of providers may hold what is not for them.
import type { DescribeError } from '@sockudo/ai-transport/agent';
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

export const describeError: DescribeError = (error) =>
  error instanceof ModelError ? { code: error.code, message: WORDS[error.code] } : { code: 'agent_error' };
