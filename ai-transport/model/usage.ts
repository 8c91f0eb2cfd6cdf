/** Counting tokens. Must not know: prices. */
import type { ModelUsage } from './events.ts';

const COUNTS = [
  'inputTokens',
  'outputTokens',
  'reasoningTokens',
  'cachedInputTokens',
  'totalTokens',
] as const;

/** Of several calls of a model; undefined where none told. What was told of some is the sum of those. */
export function sumOfUsage(usages: readonly (ModelUsage | undefined)[]): ModelUsage | undefined {
  const told = usages.filter((usage) => usage !== undefined);
  if (told.length === 0) return undefined;
  const sums = COUNTS.flatMap((name) => {
    const counts = told.flatMap((usage) => usage[name] ?? []);
    return counts.length === 0 ? [] : [[name, counts.reduce((sum, count) => sum + count, 0)]];
  });
  return Object.fromEntries(sums);
}
