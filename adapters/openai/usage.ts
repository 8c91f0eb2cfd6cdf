/** Tokens as Chat Completions and Responses count them. */
import type { ModelUsage } from '@sockudo/ai-transport/model';
import { numberOf, objectOf, present } from './json.ts';

/** Undefined where the provider says nothing. */
export function usageOf(value: unknown): ModelUsage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const usage = objectOf(value);
  const input = objectOf(usage.input_tokens_details ?? usage.prompt_tokens_details);
  const output = objectOf(usage.output_tokens_details ?? usage.completion_tokens_details);
  return {
    ...present({
      inputTokens: numberOf(usage.input_tokens ?? usage.prompt_tokens),
      outputTokens: numberOf(usage.output_tokens ?? usage.completion_tokens),
      reasoningTokens: numberOf(output.reasoning_tokens),
      cachedInputTokens: numberOf(input.cached_tokens),
      totalTokens: numberOf(usage.total_tokens),
    }),
    raw: value,
  };
}
