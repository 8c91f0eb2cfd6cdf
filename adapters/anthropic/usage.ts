/** What a message cost, and why it ended, in the words of every provider. Must not know: streams. */
import type Anthropic from '@anthropic-ai/sdk';
import type { FinishReason, ModelUsage } from '@sockudo/ai-transport/model';

type RawUsage = Partial<Anthropic.Usage> | Partial<Anthropic.MessageDeltaUsage>;

/** Counters of a message: each report replaces the counters that it names, and leaves the others. */
export class UsageCounter {
  #raw: Record<string, unknown> = {};

  add(usage: RawUsage): void {
    const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
    this.#raw = { ...this.#raw, ...Object.fromEntries(told) };
  }

  /** Null: nothing was counted. Input that came from a cache, or went into one, is input. */
  get usage(): ModelUsage | null {
    const raw = this.#raw;
    if (Object.keys(raw).length === 0) return null;
    const read = count(raw.cache_read_input_tokens);
    const parts = [count(raw.input_tokens), count(raw.cache_creation_input_tokens), read];
    const input = parts.some((part) => part !== undefined) ? sum(parts) : undefined;
    const output = count(raw.output_tokens);
    const isWhole = input !== undefined && output !== undefined;
    return {
      inputTokens: input,
      outputTokens: output,
      reasoningTokens: reasoningOf(raw.output_tokens_details),
      cachedInputTokens: read,
      totalTokens: isWhole ? input + output : undefined,
      raw: { ...raw },
    };
  }
}

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

const sum = (parts: readonly (number | undefined)[]): number =>
  parts.reduce<number>((total, part) => total + (part ?? 0), 0);

function reasoningOf(details: unknown): number | undefined {
  if (typeof details !== 'object' || details === null || !('thinking_tokens' in details)) return undefined;
  return count(details.thinking_tokens);
}

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
  pause_turn: 'pause',
};

export const finishReasonOf = (stopReason: string): FinishReason => REASONS[stopReason] ?? 'other';
