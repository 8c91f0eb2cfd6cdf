// A response as the API shows it.
import { LOCAL_MODEL } from '../settings.ts';
import type { Usage } from '../stream/play.ts';
import type { ResponsesRequest } from './request.ts';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

export const FAILURE = { code: 'server_error', message: 'The stand-in was told to fail here.' };

export interface ResponseFacts {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly status: ResponseStatus;
  readonly output: readonly object[];
  /** Of the whole of it. */
  readonly usage: Usage;
}

export function responseValue(
  { id, createdAt, status, output, usage }: ResponseFacts,
  request: ResponsesRequest,
): object {
  const hasUsage = status === 'completed' || status === 'incomplete';
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status,
    background: request.background ?? false,
    error: status === 'failed' ? FAILURE : null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: LOCAL_MODEL,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    store: request.store ?? true,
    temperature: 1,
    text: request.text ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: hasUsage ? usageOf(usage) : null,
    user: null,
  };
}

const usageOf = ({ input, output, reasoning }: Usage): object => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
});
